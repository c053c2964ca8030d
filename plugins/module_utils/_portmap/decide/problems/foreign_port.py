# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes in containers wait for packets on ports that their container does not own.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...values import ports
from ...values.ports import Range, Ranges
from ...values.sockets import HostSocket
from .problem import Problem, few

KIND = "foreign_port"
_UNSEEN = "a process that cannot be seen"


def foreign(owned: Ranges, sockets: Iterable[HostSocket]) -> list[HostSocket]:
    """Those that are on no port of these; one of each port, whatever their family."""
    found = {
        (one.protocol, one.port): one
        for one in sockets
        if not ports.intersect(owned, [Range(one.port, one.port)])
    }
    return sorted(found.values())


def problems(
    container: str, found: Iterable[HostSocket], processes: Mapping[int, str], free: Ranges
) -> list[Problem]:
    """One for each process; `processes` has names by the inode of a socket, `free` is left of the pool."""
    by_process: dict[str, list[HostSocket]] = {}
    for one in found:
        by_process.setdefault(processes.get(one.inode, _UNSEEN), []).append(one)
    return [_problem(container, who, held, free) for who, held in sorted(by_process.items())]


def _problem(container: str, who: str, held: list[HostSocket], free: Ranges) -> Problem:
    verb = "uses" if any(one.protocol == "UDP" for one in held) else "listens on"
    said = f"{who} in {container} {verb} {few(held)}, and {container} does not own that: nobody reaches it"
    said += " there, and nothing that it sends from there leaves"
    wanted = ports.join(Range(one.port, one.port) for one in held)
    repair = ""
    if not ports.subtract(wanted, free):
        repair = (
            "ansible HOST -b -m netiso.portmap.portmap_ranges -a"
            f" 'container={container} ports={','.join(map(str, wanted))}'"
        )
    lines = tuple(f"{one} of {who}" for one in held)
    return Problem(KIND, said, (container,), repair, lines)
