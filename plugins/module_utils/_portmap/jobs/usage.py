# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container uses, at the levels that somebody asks for: each costs more than the one before."""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from typing import Any

from ..decide import usage as told
from ..decide.rates import Rate, rates
from ..linux import netns
from ..linux.messages import LinkSeen, Queue
from ..linux.view import View
from ..sight import statistics
from ..sight import usage as sight
from ..sight.survey import all_counted
from ..steering.plane import Plane
from ..values.errors import InvalidRequest
from ..values.tenants import Container

_LONGEST = 3600  # seconds


def check_seconds(seconds: float) -> None:
    """Raise InvalidRequest for a time that nobody can mean."""
    if not 0 < seconds <= _LONGEST:
        raise InvalidRequest(f"cannot measure for {seconds:g} seconds: expected 0.1 to {_LONGEST}")


def rates_of(view: View, plane: Plane, seconds: float) -> tuple[list[Rate], float]:
    """What each container receives and sends a second, measured for so long; and how long it was."""
    before, start = _counters(view, plane), time.monotonic()
    time.sleep(seconds)
    after, end = _counters(view, plane), time.monotonic()
    return rates(before, after, end - start), round(end - start, 3)


def _counters(view: View, plane: Plane) -> dict[str, dict[str, int]]:
    placed = all_counted(view, plane)
    return {name: statistics.of_link(one.veth.statistics) for name, one in placed.items()}


def used(
    container: Container,
    veth: LinkSeen,
    queues: Sequence[Queue],
    sent: Sequence[Queue],
    levels: Set[str],
) -> dict[str, Any]:
    """`queues` are the qdiscs of the veth, `sent` the classes in which waits what the container sends.

    What nobody asked for is left out, and what is inside of a namespace that has gone.
    """
    found: dict[str, Any] = {}
    counters = statistics.of_link(veth.statistics)
    if sight.COUNTERS in levels:
        found.update(told.of_link(counters))
        found.update(told.of_ports(container.ephemeral))
        found.update(told.of_limits(container.limits))
        found.update(told.of_queues(queues, sent))
    inside = None
    if not levels <= {sight.COUNTERS}:
        inside = sight.inside(netns.handle_path(container.handle), levels)
    if inside is not None and sight.SOCKETS in levels:
        found.update(told.of_sockets(inside.sockstat, inside.round_trips))
    if inside is not None and sight.SNMP in levels:
        found.update(told.of_counters(inside.snmp, inside.netstat))
    return {**found, "drops": told.drops(counters, queues, found)}
