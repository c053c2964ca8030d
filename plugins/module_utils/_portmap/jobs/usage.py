# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container uses, at the levels that somebody asks for: each costs more than the one before."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from ..decide import usage as told
from ..linux import netns
from ..linux.messages import LinkSeen, Queue
from ..sight import statistics
from ..sight import usage as sight
from ..values.tenants import Container


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
