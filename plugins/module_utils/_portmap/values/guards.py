# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards: who of the host's own may bind which ports.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from . import ports
from .errors import InvalidRequest
from .ports import Range, Ranges

# What a guard is on.
UNIT, SLICE, CGROUP = "unit", "slice", "cgroup"
KINDS = (UNIT, SLICE, CGROUP)
# What is done about a port that is not the group's own; each but the first denies it, and does more.
REPORT, DENY, CLOSE, STOP, KILL = "report", "deny", "close", "stop", "kill"
ACTIONS = (REPORT, DENY, CLOSE, STOP, KILL)
# Words for ports that are policed.
POOLS, ALL = "pools", "all"

EVERY = (Range(ports.LOWEST, ports.HIGHEST),)
_ITEM = re.compile(r"(?P<range>[^/]*)(/(?P<protocol>tcp|udp))?")


class Ports(NamedTuple):
    """Ports of TCP (and MPTCP), and of UDP (and UDP-Lite)."""

    tcp: Ranges = ()
    udp: Ranges = ()

    @classmethod
    def read(cls, texts: Iterable[object], option: str) -> Ports:
        """`31000-31007` is both protocols, `53/udp` one.  Raises InvalidRequest naming `option`."""
        tcp, udp = [], []
        for text in texts:
            found = _ITEM.fullmatch(str(text).strip())
            if not found:
                raise InvalidRequest(
                    f"cannot read {option} '{text}': expected ports, with /tcp or /udp or neither"
                )
            given = ports.parse(found["range"], option)
            tcp += [given] if found["protocol"] != "udp" else []
            udp += [given] if found["protocol"] != "tcp" else []
        return cls(ports.join(tcp), ports.join(udp))

    def written(self) -> list[str]:
        """The items that make up these ports."""
        both = ports.intersect(self.tcp, self.udp)
        items = [(one, "") for one in both]
        items += [(one, "/tcp") for one in ports.subtract(self.tcp, both)]
        items += [(one, "/udp") for one in ports.subtract(self.udp, both)]
        return [f"{one}{protocol}" for one, protocol in sorted(items)]

    def __str__(self) -> str:
        return ", ".join(self.written()) or "none"

    def without(self, other: Ports) -> Ports:
        return Ports(ports.subtract(self.tcp, other.tcp), ports.subtract(self.udp, other.udp))

    def and_also(self, other: Ports) -> Ports:
        return Ports(ports.join(self.tcp + other.tcp), ports.join(self.udp + other.udp))

    def shared_with(self, ranges: Ranges) -> Ranges:
        """Those ports of either protocol that are in the ranges."""
        return ports.intersect(ports.join(self.tcp + self.udp), ranges)


EVERYTHING = Ports(EVERY, EVERY)


class Inside(NamedTuple):
    """What a guard is told of a container: its ports, and the path of its network namespace."""

    ports: Ports
    namespace: str


class Guard(NamedTuple):
    """`policed` is as it was asked for, `judged` the ports that this is.  Others may be bound by all.

    `container`: whose ports these are, in its `namespace`; "" for ports of the host's own.
    """

    name: str
    kind: str
    target: str
    ports: Ports
    policed: tuple[str, ...]
    judged: Ports
    action: str
    only_tcp_udp: bool
    container: str = ""
    namespace: str = ""

    @property
    def forbidden(self) -> Ports:
        return self.judged.without(self.ports)

    def told(self) -> str:
        only = ", sockets of TCP and UDP only" if self.only_tcp_udp else ""
        of = f"{', '.join(self.policed)} ({self.judged})"
        if self.container:
            of = f"the container {self.container}"
        return f"{self.kind} {self.target} on {self.ports} of {of}, {self.action}{only}"


class Guards(NamedTuple):
    """All guards of a host, by name; seconds between two looks at all sockets, 0 for none."""

    guards: dict[str, Guard]
    scan_interval: int = 60
