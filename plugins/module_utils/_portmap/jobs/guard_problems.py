# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the guards of a host, and who listens on ports that are not his."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from ..decide import guards as decide
from ..decide import violations
from ..decide.problems import guard_detached, taken_port
from ..decide.problems.problem import Problem
from ..linux import cgroups, listeners, processes
from ..memory import engine_copy, guard_units
from ..memory import guards as memory
from ..sight import guards as sight
from ..values import ports
from ..values.errors import InvalidRequest, PortmapError
from ..values.guards import POOLS, Guard
from ..values.ports import Range, Ranges
from ..values.sockets import Listener
from .guarded import group_of, groups_of, host_now, rules_of


def problems(owned: Iterable[Range]) -> list[Problem]:
    """`owned` are the ports of containers: who of the host uses those is told otherwise."""
    try:
        found = memory.load()
        return [] if found is None else list(_problems(list(found.guards.values()), owned))
    except PortmapError as error:
        return [guard_detached.damaged(str(error))]


def _problems(guards: list[Guard], owned: Iterable[Range]) -> Iterator[Problem]:
    host, groups = host_now(guard.container for guard in guards), groups_of(guards)
    for guard in guards:
        told = _differences(guard, group_of(guard, groups), host)
        yield from guard_detached.problem(guard.name, told)
    pools: Ranges = ()
    if any(POOLS in guard.policed for guard in guards):
        pools = ports.subtract(host.pools or (), owned)
    yield from _foreign(guards, groups, pools)


def _differences(guard: Guard, path: str, host: decide.Host) -> Iterator[str]:
    file = guard_units.path(guard)
    link = engine_copy.EngineCopy().path
    text = guard_units.text(guard, sys.executable, link)
    if file and guard_units.look(file).text != text:
        yield f"{file} is missing, or is not what it was"
    found = sight.see(path) if path else None
    if found is not None and not found.whole:
        yield f"it is not attached to {path}"
    elif found is not None and rules_of(guard) not in (None, found.rules):
        yield f"at {path} it judges other ports than it shall"
    yield from _outdated(guard, host)


def _outdated(guard: Guard, host: decide.Host) -> Iterator[str]:
    owner = f"the container {guard.container} has other ports" if guard.container else ""
    if guard.container and guard.container not in host.containers:
        yield f"its container {guard.container} is not placed; place it, or remove the guard"
    try:
        if decide.up_to_date(guard, host) != guard:
            yield f"{owner or 'the host has other pools'} than when the guard was told of them"
    except InvalidRequest as error:
        yield str(error)


def _foreign(guards: list[Guard], groups: dict[str, str], pools: Ranges) -> Iterator[Problem]:
    """Sockets by the group in which they were made; all open files are looked at if there are some.

    Of the host's own network: those in containers are the problem `foreign_port`.
    """
    inside: dict[int, Guard] = {}
    for guard in guards:
        path = "" if guard.container else group_of(guard, groups)
        if path:
            inside.update(dict.fromkeys(cgroups.below(path), guard))
    told: list[tuple[Guard | None, Listener]] = []
    for one in listeners.listeners():
        owner = inside.get(one.group)
        if owner is not None and violations.forbidden(owner, one):
            told.append((owner, one))
        elif owner is None and ports.intersect([Range(one.port, one.port)], pools):
            told.append((None, one))
    holders = processes.with_sockets(one.inode for _owner, one in told) if told else {}
    for owner, one in told:
        process = holders.get(one.inode, "a process that cannot be seen")
        yield (
            taken_port.unguarded(one, process)
            if owner is None
            else taken_port.guarded(owner, one, process)
        )
