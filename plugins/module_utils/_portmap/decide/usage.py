# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container uses, under the names of Apache Mesos' ResourceStatistics.  Pure.

All of it is seen from inside: rx is what the container receives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..linux.messages import Queue
from ..linux.snmp import group, groups
from ..values.limits import Limits
from ..values.ports import Range

Counters = Mapping[str, int]

_PERCENTILES = (50, 90, 95, 99)
_SNMP = {"ip_stats": "Ip", "icmp_stats": "Icmp", "tcp_stats": "Tcp", "udp_stats": "Udp"}
_NETSTAT = "TcpExt"
_EMPTY = ("noqueue",)  # counts nothing


def of_link(counters: Counters) -> dict[str, int]:
    """net_rx_packets and the like."""
    return {f"net_{name}": value for name, value in counters.items()}


def of_ports(ephemeral: Range | None) -> dict[str, Any]:
    """None where no single range leads to the container."""
    told = {"begin": ephemeral.first, "end": ephemeral.last} if ephemeral else None
    return {"net_ephemeral_ports": told}


def of_limits(limits: Limits) -> dict[str, int]:
    """net_tx_rate_limit and the like, in bytes, where there is one."""
    told = {}
    for way, limit in (("tx", limits.send), ("rx", limits.receive)):
        if limit:
            told[f"net_{way}_rate_limit"] = limit.rate
        if limit and limit.ceil:
            told[f"net_{way}_burst_rate_limit"] = limit.ceil
        if limit and limit.burst:
            told[f"net_{way}_burst_size"] = limit.burst
    return told


def of_queues(queues: Iterable[Queue], sent: Iterable[Queue] = ()) -> dict[str, Any]:
    """The qdiscs of the veth: what is on the way to the container, and what comes from it.

    `sent`: where what it sends waits for its limit.
    """
    told = [_queue(one, "tx" if one.ingress else "rx") for one in queues if one.kind not in _EMPTY]
    return {"net_traffic_control_statistics": [*told, *(_queue(one, "tx") for one in sent)]}


def _queue(one: Queue, direction: str) -> dict[str, Any]:
    return {
        "id": one.kind,
        "direction": direction,
        "backlog": one.backlog,
        "bytes": one.bytes,
        "drops": one.drops,
        "overlimits": one.overlimits,
        "packets": one.packets,
        "qlen": one.qlen,
        "ratebps": one.ratebps,
        "ratepps": one.ratepps,
        "requeues": one.requeues,
    }


def of_sockets(sockstat: str, round_trips: Sequence[int]) -> dict[str, int]:
    """Times only where there are any; microseconds.

    `sockstat`: /proc/net/sockstat, and sockstat6, which has the sockets of IPv6 and of both.
    """
    counted = _named_numbers(sockstat)
    told = {
        "net_tcp_active_connections": counted.get("TCP:inuse", 0) + counted.get("TCP6:inuse", 0),
        "net_tcp_time_wait_connections": counted.get("TCP:tw", 0),
    }
    for percent, value in percentiles(round_trips).items():
        told[f"net_tcp_rtt_microsecs_p{percent}"] = value
    return told


def percentiles(samples: Sequence[int]) -> dict[int, int]:
    """By percent, as Mesos takes them: of n sorted samples, that with the number n * percent / 100."""
    ordered = sorted(samples)
    return {one: ordered[len(ordered) * one // 100] for one in _PERCENTILES} if ordered else {}


def _named_numbers(text: str) -> dict[str, int]:
    """{"TCP:inuse": 5} of lines such as `TCP: inuse 5 orphan 0`."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        group, *words = line.split()
        found.update((group + name, int(value)) for name, value in zip(words[::2], words[1::2]))
    return found


def of_counters(snmp: str, netstat: str) -> dict[str, Any]:
    """Everything in /proc/net/snmp about IP, ICMP, TCP and UDP, and in /proc/net/netstat about TCP."""
    counted = groups(snmp)
    return {
        "net_snmp_statistics": {name: counted.get(group, {}) for name, group in _SNMP.items()},
        "net_netstat_statistics": {"tcp_ext_stats": group(netstat, _NETSTAT)},
    }


def drops(
    counters: Counters, queues: Iterable[Queue], told: Mapping[str, Any]
) -> dict[str, dict[str, int]]:
    """Packets that were lost on the way, by direction and reason.

    `link`: by the veth pair itself.  `filtered`: none of the filters let them pass, so the last one
    dropped them.  `unassembled`: datagrams of which not all fragments came, where SNMP was asked for.
    """
    lost = {
        "rx": {"link": counters["rx_dropped"]},
        "tx": {
            "link": counters["tx_dropped"],
            "filtered": sum(one.drops for one in queues if one.ingress),
        },
    }
    if "net_snmp_statistics" in told:
        lost["rx"]["unassembled"] = told["net_snmp_statistics"]["ip_stats"]["ReasmFails"]
    return lost
