# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics of a host and its containers, collected at once; changes nothing on the host but their file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Set

from ..decide import metrics
from ..decide.exposition import Family, written
from ..decide.problems import (
    addresses,
    bridge_mac,
    dead_process,
    drift,
    earlier_filter,
    foreign_port,
    guard_detached,
    host_listener,
    host_range,
    nat,
    neighbours,
    not_following,
    not_prepared,
    offloads,
    plain_ingress,
    replaced_namespace,
    route,
    taken_port,
    unmanaged,
    workload,
)
from ..linux import durable
from ..linux.view import View, viewed
from ..memory import guards as guards_kept
from ..memory import record
from ..memory.record import Record
from ..sight import guards as guards_seen
from ..sight import usage as sight
from ..sight.survey import steered
from ..steering import choose
from ..values.errors import InvalidRequest, Unsupported
from ..values.guards import Guard
from . import info, usage
from .guarded import group_of, groups_of
from .guards import NONE
from .uplink import look_anyway

PROBLEMS = "problems"
GROUPS = (*sight.LEVELS, PROBLEMS)
KINDS = tuple(
    one.KIND
    for one in (
        addresses, bridge_mac, dead_process, drift, earlier_filter, foreign_port, guard_detached,
        host_listener, host_range, nat, neighbours, not_following, not_prepared, offloads,
        plain_ingress, replaced_namespace, route, taken_port, unmanaged, workload,
    )
)  # fmt: skip


def collected(groups: Set[str], openmetrics: bool = False) -> str:
    """The text.  A host that is not prepared has nothing but problems."""
    if os.geteuid() != 0:
        raise Unsupported(
            "cannot collect metrics: not root, and nobody else can look into the namespaces of containers"
        )
    start = time.monotonic()
    families = list(_families(groups))
    families.append(metrics.of_collecting(time.monotonic() - start))
    return written(families, openmetrics)


def save(path: str, text: str) -> None:
    """Whoever reads the file reads all of it, or the one before.  Everybody may."""
    durable.replace(path, text.encode(), 0o644)


def _families(groups: Set[str]) -> Iterator[Family]:
    with viewed() as view:
        prepared, _why = record.read()
        if prepared is not None:
            yield from _of_containers(view, prepared, groups & set(sight.LEVELS))
    if sight.COUNTERS in groups:
        yield metrics.of_guards(_violations())
    if PROBLEMS in groups:
        yield metrics.of_problems(KINDS, [one.kind for one in info.found_problems()])


def _violations() -> Iterator[tuple[Guard, int]]:
    """Of guards whose group is there: the kernel counts from when it was made."""
    try:
        guards = (guards_kept.load() or NONE).guards
    except InvalidRequest:  # the file is damaged, which is a problem
        return
    groups = groups_of(guards.values())
    for guard in guards.values():
        path = group_of(guard, groups)
        found = guards_seen.see(path) if path else None
        count = guards_seen.violations(found) if found else None
        if count is not None:
            yield guard, count


def _of_containers(view: View, prepared: Record, levels: Set[str]) -> Iterator[Family]:
    """`levels`: without any, who there is, and whose ports are whose."""
    host, pools = look_anyway(view, prepared).host, prepared.options.pools
    placed = steered(
        view, choose.plane(prepared.options.steering), host, pools, statistics=bool(levels)
    )
    queues = sight.queues(view) if levels else {}
    sent = sight.sent(view, queues) if levels else {}
    measured = []
    for one in placed.values():
        told = {}
        if levels:
            waiting = queues.get(one.veth.ifindex, ()), sent.get(one.container.number, ())
            told = usage.used(one.container, one.veth, *waiting, levels)
        measured.append(metrics.Measured(one.container, told))
    yield metrics.of_pools(pools, [one.container.owned for one in measured])
    yield from metrics.of_containers(measured)
