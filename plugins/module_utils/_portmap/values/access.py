# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container may reach on its host.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from . import ports
from .errors import InvalidRequest
from .ports import Ranges

_CLOSED = "host=closed"


class Access(NamedTuple):
    """`host_services`: it may use the servers of the host; if not, those on `host_ports` all the same."""

    host_services: bool = True
    host_ports: Ranges = ()

    @property
    def host(self) -> str:
        """In words: which servers of the host are open to it."""
        return (
            "open"
            if self.host_services
            else f"closed but for {ports.text(self.host_ports) or 'none'}"
        )


OPEN = Access()


def said(access: Access) -> list[str]:
    """What differs from a container of which nothing is asked, in words."""
    return [] if access.host_services else [f"host services {access.host}"]


# --- in the alias of a veth: the kernel has no other place for what shall be ---------------------


def words(access: Access) -> list[str]:
    if access.host_services:
        return []
    return [",".join((_CLOSED, *map(str, access.host_ports)))]


def read_words(listed: Sequence[str]) -> Access:
    """What cannot be read opens nothing."""
    for word in listed:
        first, *items = word.split(",")
        if first == _CLOSED:
            return Access(False, _readable(items))
    return OPEN


def _readable(items: Sequence[str]) -> Ranges:
    try:
        return ports.parse_all(items, _CLOSED)
    except InvalidRequest:
        return ()
