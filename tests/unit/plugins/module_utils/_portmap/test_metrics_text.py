# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics as text, from values."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import metrics
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.exposition import (
    Family,
    Sample,
    wants_openmetrics,
    written,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs.metrics import KINDS
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    CREATED,
    Container,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap import (
    test_problem_kinds,
)

WEB = Container("web", "web", CREATED, 0, (Range(31000, 31007),), Range(32768, 33791))
LOST = {"rx": {"link": 1, "unassembled": 2}, "tx": {"link": 3, "filtered": 4}}


def test_a_counter_is_named_as_its_format_wants():
    counter = Family("bytes_total", "Bytes.", (Sample({"container": "web"}, 12),))
    assert written([counter]) == (
        "# HELP portmap_bytes_total Bytes.\n"
        "# TYPE portmap_bytes_total counter\n"
        'portmap_bytes_total{container="web"} 12\n'
    )
    assert written([counter], openmetrics=True) == (
        "# HELP portmap_bytes Bytes.\n"
        "# TYPE portmap_bytes counter\n"
        'portmap_bytes_total{container="web"} 12\n'
        "# EOF\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('a"b', r"a\"b"),
        ("a\\b", r"a\\b"),
        ("a\nb", r"a\nb"),
        ('\\n"\n', r"\\n\"\n"),
        ("schön", "schön"),
    ],
)
def test_labels_are_escaped(value: str, text: str):
    one = Family("info", "Said.", (Sample({"name": value}, 1),))
    assert written([one]).splitlines()[-1] == f'portmap_info{{name="{text}"}} 1'


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1 << 63, "9223372036854775808"), (0.00025, "0.00025"), (2.0, "2"), (-1, "-1")],
)
def test_numbers_lose_nothing(value: float, text: str):
    line = written([Family("x", "X.", (Sample({}, value),))]).splitlines()[-1]
    assert line == f"portmap_x {text}"


def test_without_samples_there_is_no_family():
    assert written([Family("x", "X.", ())]) == ""


def found(families) -> dict[str, list[tuple[dict[str, str], float]]]:
    return {one.name: [tuple(sample) for sample in one.samples] for one in families}


def test_free_ports_of_a_pool_are_those_that_nobody_owns():
    pools = Pools((Range(31000, 31099), Range(31200, 31209)), Range(32768, 40959), 1024)
    told = metrics.of_pools(pools, [WEB.owned])
    assert [(*sample.labels.values(), sample.value) for sample in told.samples] == [
        ("service", "given", 8),
        ("service", "free", 102),
        ("ephemeral", "given", 1024),
        ("ephemeral", "free", 7168),
    ]


def test_drops_have_a_reason_and_a_direction():
    told = found(metrics.of_containers([metrics.Measured(WEB, {"drops": LOST})]))
    assert told["container_receive_dropped_packets_total"] == [
        ({"container": "web", "reason": "link"}, 1),
        ({"container": "web", "reason": "unassembled"}, 2),
    ]
    assert told["container_transmit_dropped_packets_total"] == [
        ({"container": "web", "reason": "link"}, 3),
        ({"container": "web", "reason": "filtered"}, 4),
    ]


def queue(kind: str, direction: str, number: int) -> dict[str, object]:
    counted = {"backlog": number, "drops": number + 1, "overlimits": number + 2}
    return {"id": kind, "direction": direction, **counted}


def test_a_limit_has_what_waits_for_it():
    queues = [queue("htb", "rx", 10), queue("tbf", "rx", 20), queue("ingress", "tx", 30)]
    used = {"net_rx_rate_limit": 1000, "net_traffic_control_statistics": queues}
    told = found(metrics.of_containers([metrics.Measured(WEB, used)]))
    labels = {"container": "web", "direction": "receive"}
    assert told["container_rate_limit_bytes_per_second"] == [(labels, 1000)]
    assert told["container_shaper_backlog_bytes"] == [(labels, 10)]
    assert told["container_shaper_dropped_packets_total"] == [(labels, 11)]
    assert told["container_shaper_overlimits_total"] == [(labels, 12)]


def test_two_classes_of_what_is_sent_are_added_up():
    queues = [queue("htb", "tx", 10), queue("htb", "tx", 20), queue("ingress", "tx", 30)]
    told = found(
        metrics.of_containers([metrics.Measured(WEB, {"net_traffic_control_statistics": queues})])
    )
    labels = {"container": "web", "direction": "transmit"}
    assert told["container_shaper_backlog_bytes"] == [(labels, 30)]
    assert told["container_shaper_dropped_packets_total"] == [(labels, 32)]


def test_a_queue_of_somebody_else_is_no_limit():
    used = {"net_tx_rate_limit": 7, "net_traffic_control_statistics": [queue("htb", "rx", 10)]}
    told = found(metrics.of_containers([metrics.Measured(WEB, used)]))
    assert told["container_rate_limit_bytes_per_second"] == [
        ({"container": "web", "direction": "transmit"}, 7)
    ]
    assert told["container_shaper_backlog_bytes"] == []


def test_times_are_seconds():
    told = found(
        metrics.of_containers([metrics.Measured(WEB, {"net_tcp_rtt_microsecs_p95": 2500})])
    )
    assert told["container_tcp_rtt_seconds"] == [
        ({"container": "web", "percentile": "95"}, 0.0025)
    ]


def test_what_is_not_told_is_left_out_and_zero_is_not():
    told = found(metrics.of_containers([metrics.Measured(WEB, {"net_rx_bytes": 0})]))
    assert told["container_receive_bytes_total"] == [({"container": "web"}, 0)]
    assert told["container_transmit_bytes_total"] == []
    assert told["container_tcp_listen_overflows_total"] == []
    assert told["container_ports"][1] == ({"container": "web", "kind": "ephemeral"}, 1024)


def test_every_kind_of_problem_is_told():
    assert set(KINDS) == test_problem_kinds.KINDS
    told = metrics.of_problems(["route", "drift"], ["drift", "drift"])
    assert [tuple(one) for one in told.samples] == [({"kind": "drift"}, 2), ({"kind": "route"}, 0)]


OPEN = "application/openmetrics-text"


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain", False),
        (OPEN, True),
        (f"{OPEN};version=1.0.0, text/plain;q=0.5, */*;q=0.1", True),
        (f"{OPEN.upper()} ; VERSION=1.0.0 ; Q=0.6 , text/plain;q=0.5", True),
        (f"{OPEN};q=0.5, text/plain;q=0.5", False),
        (f"{OPEN};q=0.4, text/plain;q=0.5", False),
        (f"{OPEN};q=0.4, text/*;q=0.5", False),
        (f"{OPEN};q=0.4, */*;q=0.5", False),
        (f"{OPEN};q=0.4, text/plain;q=0.3, */*", True),
        (f"{OPEN};version=0.0.1", False),
        (f"{OPEN};q=0", False),
        (f"{OPEN};q=nan, text/plain;q=0", False),
        (f"{OPEN};q=9, text/plain", False),
        (f";;=,{OPEN};q", False),
    ],
)
def test_the_format_is_the_one_that_is_preferred(accept: str, preferred: bool):
    assert wants_openmetrics(accept) is preferred
