# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What limits come to: the original's computation, rates and sizes as tc writes them, the alias."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import queueing
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.queueing import Shape
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import codec
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.limits import (
    Limit,
    Limits,
    rate_text,
    read_words,
    words,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import (
    limits as wanted,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.limits import Link

KBIT = "16kbit"  # 2000 bytes a second, the rate of the original's tests


def receive(link: Link = wanted.UNKNOWN, **given: object) -> Limit | None:
    return wanted.computed(wanted.read(given, "web"), "web", link).receive


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("8bit", 1),
        ("15bit", 1),
        ("1000", 125),
        ("1kbit", 125),
        ("1kibit", 128),
        ("10mbit", 1_250_000),
        ("10Mbit", 1_250_000),
        ("2.5gbit", 312_500_000),
        ("1tbit", 125_000_000_000),
        ("0.1mbit", 12_500),
    ],
)
def test_rates_are_those_of_tc(text: str, rate: int) -> None:
    assert wanted.read_rate(text, "send").bytes == rate


@pytest.mark.parametrize(
    "text", ["", "7bit", "0", "-1mbit", "1mbps", "1 m bit", "101%", "0%", "x"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot use send"):
        wanted.read_rate(text, "send")


@pytest.mark.parametrize(
    ("text", "size"),
    [("1500", 1500), ("1500b", 1500), ("256k", 262_144), ("1kb", 1024), ("1m", 1_048_576)],
)
def test_sizes_are_those_of_tc(text: str, size: int) -> None:
    assert wanted.read_size(text, "send_burst") == size


@pytest.mark.parametrize("rate", [1, 125, 1_250_000, 12_500_000_000, 20_480])
def test_a_rate_reads_as_it_is_written(rate: int) -> None:
    assert wanted.read_rate(rate_text(rate), "send").bytes == rate


# As in the original's ScaleIngressWithCPU: 2000 bytes a second for each CPU, at least 3000, at most 4000.
SCALED = [(0.1, 3000), (1, 3000), (1.9, 3000), (2, 4000), (2.5, 4000), (100, 4000)]


@pytest.mark.parametrize(("cpus", "rate"), SCALED)
def test_a_rate_follows_whole_cpus_between_minimum_and_maximum(cpus: float, rate: int) -> None:
    given = {"per_cpu": KBIT, "cpus": cpus, "minimum": "24kbit", "maximum": "32kbit"}
    assert receive(**given) == Limit(rate)


# As in ...Large: rates above 32 bits.
@pytest.mark.parametrize(("cpus", "gbit"), [(1, 40), (2, 80), (3, 120), (9, 160)])
def test_large_rates_follow_cpus_too(cpus: int, gbit: int) -> None:
    found = receive(per_cpu="40gbit", cpus=cpus, maximum="160gbit")
    assert found == Limit(gbit * 125_000_000)


# As in ...AutoConfig: the link's speed by the CPUs of the host, rounded down.
@pytest.mark.parametrize(("cpus", "rate"), [(0.5, 125_000), (1, 416_666_666), (2.9, 833_333_332)])
def test_auto_is_the_links_speed_by_the_cpus(cpus: float, rate: int) -> None:
    assert receive(Link(1_250_000_000, 3), per_cpu="auto", cpus=cpus) == Limit(rate)


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ({"receive": KBIT}, Limit(2000)),
        ({"receive": KBIT, "minimum": "1mbit"}, Limit(125_000)),
        ({"receive": "1gbit", "maximum": "1mbit"}, Limit(125_000)),
        ({"receive": "1mbit", "receive_ceil": "1mbit"}, Limit(125_000)),
        ({"receive": "1mbit", "receive_ceil": "2mbit"}, Limit(125_000, 250_000)),
        (
            {"receive": "1mbit", "receive_ceil": "2mbit", "receive_burst": "5k"},
            Limit(125_000, 250_000, 5120),
        ),
        (
            {"receive": "2mbit", "receive_ceil": "1mbit", "receive_burst": "5k"},
            Limit(250_000),
        ),
        ({"receive": "12.5%"}, Limit(156_250_000)),
        ({}, None),
    ],
    ids=str,
)
def test_what_a_task_says_comes_to(given: dict[str, object], limit: Limit | None) -> None:
    assert receive(Link(1_250_000_000), **given) == limit


def test_more_than_the_link_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="cannot limit web: 2gbit is more than the link's"):
        receive(Link(125_000_000), receive="2gbit")


@pytest.mark.parametrize(
    "limits",
    [Limits(), Limits(Limit(1)), Limits(None, Limit(2, 3, 4)), Limits(Limit(5), Limit(6, 7))],
    ids=str,
)
def test_limits_are_read_as_they_were_written(limits: Limits) -> None:
    assert read_words(["netns=x", *words(limits), "ports=a:1-2"]) == limits
    assert codec.read_limits(codec.limits_json(limits)) == limits


@pytest.mark.parametrize("word", ["send=", "send=1", "send=0/0/0", "send=2/1/0", "send=1/0/5"])
def test_words_that_no_request_can_have_led_to_limit_nothing(word: str) -> None:
    assert read_words([word]) == Limits()


@pytest.mark.parametrize(
    "value", [{"up": [1, 0, 0]}, {"send": [1]}, {"send": ["1", 0, 0]}, [], {"send": [0, 0, 0]}]
)
def test_a_saved_limit_that_no_request_can_have_led_to_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        codec.read_limits(value)


@pytest.mark.parametrize("rate", [125_000, 2**32 - 1, 2**32, 125_000_000_000])
def test_a_class_is_read_as_it_is_sent(rate: int) -> None:
    shape = Shape(rate, 2 * rate, 1000, 500, 1514)
    read = queueing.read_class(queueing.htb_class(7, 0x706D0001, 0x706D0040, shape))
    assert read == queueing.ClassSeen(0x706D0001, 0x706D0040, shape)


def test_a_leaf_is_read_as_it_was_written_and_another_by_its_kind():
    made = queueing.Leaf("tbf", 1_250_000, 5000, 60_000)
    written = queueing.leaf(7, 0x706D0040, made)
    assert queueing.read_leaf(written) == made
    assert queueing.read_leaf(written.replace(b"tbf\0", b"red\0")) == queueing.Leaf("red")
    head = queueing.leaf(7, 0x706D0040, queueing.Leaf("bfifo"))
    assert queueing.read_leaf(head.replace(b"bfifo\0", b"tbf\0\0\0")).kind == "tbf"


@pytest.mark.parametrize(
    ("size", "rate", "ticks"), [(1600, 1_250_000, 20_000), (1, 10**9, 1), (10**6, 1, 0xFFFFFFFF)]
)
def test_a_burst_is_the_time_that_it_takes(size: int, rate: int, ticks: int) -> None:
    assert queueing.ticks(size, rate) == ticks
