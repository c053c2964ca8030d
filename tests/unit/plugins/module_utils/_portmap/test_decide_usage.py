# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container uses, from values: files of procfs, qdiscs as the kernel tells them, samples."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import usage
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import (
    messages,
    round_trips,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range

SOCKSTAT = """\
sockets: used 5
TCP: inuse 3 orphan 0 tw 2 alloc 9 mem 1
UDP: inuse 1 mem 0
RAW: inuse 0
FRAG: inuse 0 memory 0
TCP6: inuse 4
UDP6: inuse 0
"""
SNMP = """\
Ip: Forwarding DefaultTTL ReasmFails
Ip: 2 64 7
Icmp: InMsgs
Icmp: 1
IcmpMsg: InType3
IcmpMsg: 1
Tcp: RtoAlgorithm MaxConn CurrEstab
Tcp: 1 -1 5
Udp: InDatagrams
Udp: 8
"""
NETSTAT = """\
TcpExt: SyncookiesSent ListenOverflows
TcpExt: 0 3
IpExt: InNoRoutes
IpExt: 4
"""


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([], {}),
        ([7], {50: 7, 90: 7, 95: 7, 99: 7}),
        ([30, 10, 20], {50: 20, 90: 30, 95: 30, 99: 30}),
        ([10, 20], {50: 20, 90: 20, 95: 20, 99: 20}),
        (list(range(100, 0, -1)), {50: 51, 90: 91, 95: 96, 99: 100}),
        (list(range(1000)), {50: 500, 90: 900, 95: 950, 99: 990}),
    ],
)
def test_percentiles_are_taken_as_mesos_takes_them(samples, expected):
    assert usage.percentiles(samples) == expected


def test_connections_of_both_families_count():
    assert usage.of_sockets(SOCKSTAT, [300]) == {
        "net_tcp_active_connections": 7,
        "net_tcp_time_wait_connections": 2,
        "net_tcp_rtt_microsecs_p50": 300,
        "net_tcp_rtt_microsecs_p90": 300,
        "net_tcp_rtt_microsecs_p95": 300,
        "net_tcp_rtt_microsecs_p99": 300,
    }
    without_ipv6 = usage.of_sockets(SOCKSTAT.split("TCP6", maxsplit=1)[0], [])
    assert without_ipv6 == {"net_tcp_active_connections": 3, "net_tcp_time_wait_connections": 2}


def test_counters_are_told_by_protocol_with_the_kernels_names():
    told = usage.of_counters(SNMP, NETSTAT)
    assert told == {
        "net_snmp_statistics": {
            "ip_stats": {"Forwarding": 2, "DefaultTTL": 64, "ReasmFails": 7},
            "icmp_stats": {"InMsgs": 1},
            "tcp_stats": {"RtoAlgorithm": 1, "MaxConn": -1, "CurrEstab": 5},
            "udp_stats": {"InDatagrams": 8},
        },
        "net_netstat_statistics": {"tcp_ext_stats": {"SyncookiesSent": 0, "ListenOverflows": 3}},
    }


def test_ephemeral_ports_have_an_end_that_is_theirs():
    assert usage.of_ports(Range(32768, 33791)) == {
        "net_ephemeral_ports": {"begin": 32768, "end": 33791}
    }
    assert usage.of_ports(None) == {"net_ephemeral_ports": None}


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def qdisc(kind: str, parent: int, *counters: tuple[int, bytes]) -> bytes:
    head = struct.pack("=BxxxiIII", 0, 21, 0xFFFF0000, parent, 0)
    inner = b"".join(attribute(*one) for one in counters)
    return head + attribute(1, kind.encode() + b"\0") + attribute(7, inner)


BASIC = (1, struct.pack("=QI4x", 1 << 33, 12))
RATE = (2, struct.pack("=II", 1000, 10))
QUEUE = (3, struct.pack("=IIIII", 1, 1500, 7, 2, 9))


def test_a_qdisc_is_read_with_its_counters():
    seen = messages.read_queue(qdisc("htb", 0xFFFFFFFF, BASIC, RATE, QUEUE))
    assert seen == messages.Queue(
        21, 0xFFFF0000, 0xFFFFFFFF, "htb", False, 1 << 33, 12, 1000, 10, 1, 1500, 7, requeues=2,
        overlimits=9,
    )  # fmt: skip


def test_more_packets_than_fit_into_32_bits_are_read():
    more = (8, struct.pack("=Q", (1 << 32) + 12))
    assert messages.read_queue(qdisc("htb", 0xFFFFFFFF, BASIC, more)).packets == (1 << 32) + 12


def test_a_qdisc_that_tells_nothing_has_counted_nothing():
    assert messages.read_queue(qdisc("clsact", 0xFFFFFFF1))[5:] == (0,) * 9


def test_qdiscs_are_told_from_inside():
    queues = [
        messages.read_queue(qdisc("noqueue", 0xFFFFFFFF)),
        messages.read_queue(qdisc("tbf", 0xFFFFFFFF, BASIC, RATE, QUEUE)),
        messages.read_queue(qdisc("clsact", 0xFFFFFFF1, BASIC)),
    ]
    sent = [messages.read_queue(qdisc("htb", 0x706D0001, BASIC))]
    told = usage.of_queues(queues, sent)["net_traffic_control_statistics"]
    said = [("tbf", "rx"), ("clsact", "tx"), ("htb", "tx")]
    assert [(one["id"], one["direction"]) for one in told] == said
    assert told[0] == {
        "id": "tbf",
        "direction": "rx",
        "backlog": 1500,
        "bytes": 1 << 33,
        "drops": 7,
        "overlimits": 9,
        "packets": 12,
        "qlen": 1,
        "ratebps": 1000,
        "ratepps": 10,
        "requeues": 2,
    }


def test_drops_are_told_by_direction_and_reason():
    counters = {"rx_dropped": 3, "tx_dropped": 4}
    queues = [
        messages.read_queue(qdisc("tbf", 0xFFFFFFFF, QUEUE)),
        messages.read_queue(qdisc("clsact", 0xFFFFFFF1, QUEUE)),
    ]
    assert usage.drops(counters, queues, {}) == {
        "rx": {"link": 3},
        "tx": {"link": 4, "filtered": 7},
    }
    with_snmp = usage.of_counters(SNMP, NETSTAT)
    assert usage.drops(counters, queues, with_snmp)["rx"] == {"link": 3, "unassembled": 7}


class Answering:
    """A socket that answers once, with connections of both families."""

    def __init__(self, *answers: list[bytes]) -> None:
        self.answers = list(answers)

    def dump(self, _request: object) -> list[bytes]:
        return self.answers.pop(0)


def connection(rtt: int | None) -> bytes:
    shutdown = attribute(8, b"\0")
    info = b"" if rtt is None else attribute(2, bytes(68) + struct.pack("=I", rtt) + bytes(100))
    return bytes(72) + shutdown + info


def test_connections_that_measured_nothing_have_no_round_trip():
    diag = Answering([connection(250), connection(0), connection(None), connection(90)])
    assert round_trips.round_trips(diag) == [250, 90]
    assert diag.answers == []
