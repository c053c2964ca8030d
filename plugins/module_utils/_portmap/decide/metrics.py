# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What metrics tell of a host and its containers.  Pure.

Names are for dashboards and alerts to look at: none is ever renamed.  Units are seconds and bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..values import ports
from ..values.guards import Guard
from ..values.options import Pools
from ..values.ports import Range, Ranges
from ..values.tenants import Container
from .exposition import Family, Sample

_WAYS = {"rx": "receive", "tx": "transmit"}
_COUNTED = {"packets": "Packets", "bytes": "Bytes", "errors": "Packets with errors"}
_DONE = {"rx": "received", "tx": "sent"}
_STATES = {"active": "net_tcp_active_connections", "time_wait": "net_tcp_time_wait_connections"}
_PERCENTILES = (50, 90, 95, 99)
_SHAPED = "htb"
_DIRECTIONS = {"receive": "net_rx_rate_limit", "transmit": "net_tx_rate_limit"}
# By name: what it says, and what the kernel's queue tells it as.
_SHAPER = {
    "container_shaper_backlog_bytes": ("Bytes that wait for a limit.", "backlog"),
    "container_shaper_dropped_packets_total": ("Packets lost to a limit.", "drops"),
    "container_shaper_overlimits_total": (
        "How often a packet had to wait for a limit.",
        "overlimits",
    ),
}
# By name: what it says, and where it is among the kernel's counters.
_KERNEL = {
    "container_tcp_retransmitted_segments_total": (
        "TCP segments that the container sent once more.",
        ("net_snmp_statistics", "tcp_stats", "RetransSegs"),
    ),
    "container_tcp_listen_overflows_total": (
        "Connections for which the queue of a server in the container had no room.",
        ("net_netstat_statistics", "tcp_ext_stats", "ListenOverflows"),
    ),
    "container_udp_receive_buffer_errors_total": (
        "UDP datagrams for which a process of the container had no room.",
        ("net_snmp_statistics", "udp_stats", "RcvbufErrors"),
    ),
}


class Measured(NamedTuple):
    """A container; `used` has what it uses, as portmap_info tells it."""

    container: Container
    used: Mapping[str, Any]


def of_pools(pools: Pools, owners: Iterable[Ranges]) -> Family:
    taken = [one for owned in owners for one in owned]
    samples = []
    for pool, among in (("service", pools.service), ("ephemeral", (pools.ephemeral,))):
        given = _count(ports.intersect(taken, among))
        for state, value in (("given", given), ("free", _count(among) - given)):
            samples.append(Sample({"pool": pool, "state": state}, value))
    return Family("pool_ports", "Ports that containers may own.", tuple(samples))


def _count(ranges: Iterable[Range]) -> int:
    return sum(one.last - one.first + 1 for one in ports.join(ranges))


def of_containers(measured: Sequence[Measured]) -> Iterator[Family]:
    """What nobody has asked for has no samples."""
    yield from _of_ports(measured)
    yield from _of_links(measured)
    yield from _of_limits(measured)
    yield from _of_connections(measured)
    for name, (said, path) in _KERNEL.items():
        found = [(_labels(one), _at(one.used, path)) for one in measured]
        yield _family(name, said, found)


def _family(
    name: str, said: str, found: Iterable[tuple[Mapping[str, str], float | None]]
) -> Family:
    samples = (Sample(labels, value) for labels, value in found if value is not None)
    return Family(name, said, tuple(samples))


def _labels(one: Measured, **more: str) -> dict[str, str]:
    return {"container": one.container.name, **more}


def _at(told: Mapping[str, Any], path: Iterable[str]) -> float | None:
    """None where it is not told: nobody asked, or the kernel does not count it."""
    found: Any = told
    for name in path:
        found = found.get(name, {})
    return None if found == {} else found


def _of_ports(measured: Sequence[Measured]) -> Iterator[Family]:
    links = [(_labels(one, interface=one.container.veth.link), 1) for one in measured]
    yield _family("container_info", "The host's end of the veth pair of the container.", links)
    owned = []
    for one in measured:
        ephemeral = one.container.ephemeral
        for kind, mine in (
            ("service", one.container.service),
            ("ephemeral", (ephemeral,) if ephemeral else ()),
        ):
            owned.append((_labels(one, kind=kind), _count(mine)))
    yield _family("container_ports", "Ports that the container owns.", owned)


def _of_links(measured: Sequence[Measured]) -> Iterator[Family]:
    for way, verb in _WAYS.items():
        for counter, what in _COUNTED.items():
            name = f"container_{verb}_{counter}_total"
            said = f"{what} that the container has {_DONE[way]}."
            path = (f"net_{way}_{counter}",)
            yield _family(name, said, [(_labels(one), _at(one.used, path)) for one in measured])
        lost = [
            (_labels(one, reason=reason), value)
            for one in measured
            for reason, value in one.used.get("drops", {}).get(way, {}).items()
        ]
        said = f"Packets lost that the container should have {_DONE[way]}, by reason."
        yield _family(f"container_{verb}_dropped_packets_total", said, lost)


def _of_limits(measured: Sequence[Measured]) -> Iterator[Family]:
    """To the host and siblings a container may have a second class for what it sends: both are added up."""
    rates = [
        (_labels(one, direction=way), _at(one.used, (field,)))
        for one in measured
        for way, field in _DIRECTIONS.items()
    ]
    yield _family("container_rate_limit_bytes_per_second", "What a container may use.", rates)
    shapers = [
        (_labels(one, direction=_WAYS[way]), queues)
        for one in measured
        for way in _WAYS
        if (queues := _shapers(one, way))
    ]
    for name, (said, field) in _SHAPER.items():
        counted = [(labels, sum(one[field] for one in queues)) for labels, queues in shapers]
        yield _family(name, said, counted)


def _shapers(one: Measured, way: str) -> list[Mapping[str, Any]]:
    """A root qdisc of somebody else may be there, where the container is not limited in what it receives."""
    if way == "rx" and "net_rx_rate_limit" not in one.used:
        return []
    told = one.used.get("net_traffic_control_statistics", ())
    return [queue for queue in told if (queue["id"], queue["direction"]) == (_SHAPED, way)]


def _of_connections(measured: Sequence[Measured]) -> Iterator[Family]:
    states = [
        (_labels(one, state=state), _at(one.used, (field,)))
        for one in measured
        for state, field in _STATES.items()
    ]
    yield _family("container_tcp_connections", "TCP sockets of the container.", states)
    times = [
        (_labels(one, percentile=str(percent)), value / 1e6)
        for one in measured
        for percent in _PERCENTILES
        if (value := _at(one.used, (f"net_tcp_rtt_microsecs_p{percent}",))) is not None
    ]
    said = "How long packets of TCP connections take there and back."
    yield _family("container_tcp_rtt_seconds", said, times)


def of_guards(counted: Iterable[tuple[Guard, int]]) -> Family:
    samples = (
        Sample({"owner": guard.name, "action": guard.action}, count) for guard, count in counted
    )
    said = "How often a process asked for a port or a socket that its guard does not give it."
    return Family("guard_violations_total", said, tuple(samples))


def of_problems(kinds: Iterable[str], found: Sequence[str]) -> Family:
    """How many there are of each kind, 0 too: whoever waits for one sees that somebody looks."""
    samples = tuple(Sample({"kind": kind}, found.count(kind)) for kind in sorted(kinds))
    return Family("problems", "What is wrong, as portmapctl check tells it.", samples)


def of_collecting(seconds: float) -> Family:
    samples = (Sample({}, seconds),)
    return Family("collect_duration_seconds", "How long it took to collect all this.", samples)
