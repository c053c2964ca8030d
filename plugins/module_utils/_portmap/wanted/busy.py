# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports that processes of the host use: who may still be given them.  Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from ..values import ports
from ..values.errors import InvalidRequest
from ..values.ports import Range, Ranges
from ..values.sockets import HostSocket


def _unnamed(_socket: HostSocket) -> str:
    return "a process"


class Busy:
    """The host's sockets; `process` says in messages whose one is."""

    def __init__(
        self,
        sockets: Iterable[HostSocket] = (),
        process: Callable[[HostSocket], str] = _unnamed,
    ) -> None:
        found = sorted(sockets, key=lambda one: one.port)
        self._process = process
        self._heard = [one for one in found if not one.peer]
        self._connected = [one for one in found if one.peer]
        self._ports = [one.port for one in self._connected]

    @property
    def heard(self) -> Ranges:
        """Ports on which somebody listens, or that are bound."""
        return ports.join(Range(one.port, one.port) for one in self._heard)

    def example(self, among: Ranges) -> str:
        """One of those who use these ports, in words."""
        one = next(one for one in self._heard if ports.holds(among, one.port))
        return f"{self._process(one)} on {one}"

    def connections(self, among: Range) -> int:
        """How many connections start from these ports."""
        return bisect_right(self._ports, among.last) - bisect_left(self._ports, among.first)

    def check(self, name: str, fresh: Ranges, force: bool) -> None:
        """Raise InvalidRequest when ports that are new to a container are in use.

        `force`: connections may be cut.
        """
        heard = ports.intersect(self.heard, fresh)
        if heard:
            raise InvalidRequest(
                f"cannot give ports {ports.text(heard)} to {name}: a process of the host uses them,"
                f" such as {self.example(heard)} (see ss -lntup)"
            )
        count = 0 if force else sum(map(self.connections, fresh))
        if count:
            self._refuse_connected(name, fresh, count)

    def _refuse_connected(self, name: str, fresh: Ranges, count: int) -> None:
        used = [among for among in fresh if self.connections(among)]
        one = self._connected[bisect_left(self._ports, used[0].first)]
        open_ones = "a connection open" if count == 1 else f"{count} connections open"
        raise InvalidRequest(
            f"cannot give ports {ports.text(used)} to {name}: the host has {open_ones} from there, such"
            f" as that of {self._process(one)} from {one} to {one.peer}, and would hear no answer"
            " any more; end that, give other ports, or set force"
        )
