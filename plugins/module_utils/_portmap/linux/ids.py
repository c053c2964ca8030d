# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel calls things: indexes of links, handles of the filters that it numbered."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

from ..values.errors import KernelRefused
from ..values.places import Place


class Ids:
    """Indexes in the namespace that the process is in, asked once; handles as they were seen.

    `handles` maps identities of objects to handles.
    """

    def __init__(self, handles: Mapping[tuple[object, ...], int]) -> None:
        self._handles = handles
        self._links: dict[Place, int] = {}

    def link(self, place: Place) -> int:
        """The index of a link.  Raises KernelRefused when it is gone."""
        if place not in self._links:
            try:
                self._links[place] = socket.if_nametoindex(place.link)
            except OSError as error:
                said = f"cannot find link {place}: no such link"
                raise KernelRefused(said, errno.ENODEV) from error
        return self._links[place]

    def handle(self, identity: tuple[object, ...]) -> int:
        """0 when the kernel did not number the object, or it was not seen."""
        return self._handles.get(identity, 0)

    def forget(self, place: Place) -> None:
        """The link is gone; one that is made in its place has another index."""
        self._links.pop(place, None)
