# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the namespaces of removed containers are gone, and who holds those that are not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from typing import NamedTuple

from ..linux import netns, nsids, processes
from ..linux.netlink import Socket
from ..values.errors import KernelRefused

_WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.01
_NAMED = 5  # processes in a message


class _Known(NamedTuple):
    number: int
    inode: int


class Leaving:
    """Namespaces noted before their handles go."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def note(self, names: Iterable[str]) -> None:
        """Those of the containers that have a handle."""
        there = [name for name in names if netns.is_there(netns.handle_path(name))]
        if not there:
            return
        with contextlib.closing(Socket()) as sock:
            for name in there:
                with (
                    netns.at(netns.handle_path(name)) as found,
                    contextlib.suppress(KernelRefused),
                ):
                    if found is not None:
                        number = nsids.number_of(sock, found)
                        self._known[name] = _Known(number, netns.inode(found))

    def left(self) -> list[str]:
        """A warning for each that is still there.  One that no process is in gets a while to end."""
        if not self._known:
            return []
        with contextlib.closing(Socket()) as sock:
            return [
                f"the namespace of {name} is not gone: {holders} it"
                for name, one in self._known.items()
                for holders in [_holders(sock, one)]
                if holders
            ]


def _holders(sock: Socket, one: _Known) -> str:
    """Who holds a namespace, with the verb; "" when it is gone."""
    give_up = time.monotonic() + _WAIT_SECONDS
    while nsids.is_alive(sock, one.number):
        inside = processes.in_namespace(one.inode)
        if inside:
            more = f" and {len(inside) - _NAMED} more" if len(inside) > _NAMED else ""
            return f"{', '.join(inside[:_NAMED])}{more} {'hold' if len(inside) > 1 else 'holds'}"
        if time.monotonic() > give_up:
            return "no process is in it, but an open file, a mount or packets under way hold"
        time.sleep(_POLL_SECONDS)
    return ""
