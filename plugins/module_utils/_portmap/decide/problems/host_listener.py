# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of the host use ports of containers, and hear nothing there.  Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from ...values import ports
from ...values.sockets import HostSocket
from .problem import Problem, few

KIND = "host_listener"
UNSEEN = "a process that cannot be seen"


def heard_in_vain(
    owners: Mapping[str, ports.Ranges], sockets: Iterable[HostSocket]
) -> list[tuple[str, HostSocket]]:
    """Sockets of the host on ports of containers, with the container: listening, or of UDP."""
    owned = sorted((item, name) for name, items in owners.items() for item in items)
    firsts = [item.first for item, _name in owned]
    found = set()
    for one in sockets:
        at = bisect_right(firsts, one.port) - 1
        if at >= 0 and one.port <= owned[at][0].last and (one.protocol == "UDP" or not one.peer):
            found.add((owned[at][1], one))
    return sorted(found)


def problems(
    found: Iterable[tuple[str, HostSocket]], processes: Mapping[int, str]
) -> list[Problem]:
    """One for each process; `processes` has names by the inode of a socket."""
    by_process: dict[str, list[tuple[str, HostSocket]]] = {}
    for container, one in found:
        by_process.setdefault(processes.get(one.inode, UNSEEN), []).append((container, one))
    return [_problem(who, held) for who, held in sorted(by_process.items())]


def _problem(who: str, held: list[tuple[str, HostSocket]]) -> Problem:
    names = tuple(sorted({name for name, _one in held}))
    sockets = sorted({one for _name, one in held})
    datagrams = any(one.protocol == "UDP" for one in sockets)
    verb = "uses" if datagrams else "listens on"
    owner = f"{few(names)} {'owns' if len(names) == 1 else 'own'}"
    said = f"{who} of the host {verb} {few(sockets)}, which {owner}: it hears nothing there"
    if datagrams:
        said += f", and what it sends looks as if {few(names)} had sent it"
    lines = tuple(f"{one} of {who}, port of {name}" for name, one in held)
    return Problem(KIND, f"{said}; give it another port, or stop it", names, "", lines)
