# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs ask of the kernel, to the byte: netlink requests, dumps, and what is sent.

The price of one container does not depend on how many others there are; that of many is shared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lab import machines, steering, trace
from lab.modules import Modules
from lab.pools import LARGE

COUNTS = (1, 50, 100)


class Price(NamedTuple):
    """What a step asks of the kernel: requests, and bytes of all of them together."""

    writes: int
    reads: int
    dumps: int  # of the reads
    sent: int


class Prices(NamedTuple):
    """By the number of containers; those of one among others by its step.

    `one`: writes, reads, dumps, and bytes sent with 1, 50 and 100 others.  `received`: what a step may
    receive more for each other.
    """

    one: dict[str, tuple[int, int, int, tuple[int, int, int]]]
    at_once: dict[int, Price]
    second_run: dict[int, Price]
    received: int


# Exact, so that a change of the engine that changes them is seen: for the better, or explained.
# Where ports are given out, or told, the host's sockets are asked for four times, with the span of the pools.
# Every veth has a filter of 80 bytes for the program that judges offloads, where the kernel takes it.
# Where containers are placed, the first filters of eth0 and lo are read, to tell what of others comes before ours.
# Who removes takes down the links inside, and asks whether the namespace is gone.
# Bytes differ with the number of others where a filter is written that mirrors to up to 32 of them.
# Whose ports are whose is asked of the public interface, before a change and after it. What comes first there
# is read in one piece, which holds entries of few others, too: so it is counted from fifty on.
OF_U32 = Prices(
    {
        "place": (137, 104, 23, (24424, 26192, 24736)),
        "place again": (0, 55, 13, (2292, 2292, 2292)),
        "add ports": (88, 127, 28, (13876, 13876, 13876)),
        "take ports away": (44, 127, 24, (10628, 10628, 10628)),
        "remove": (42, 71, 12, (5036, 6804, 5348)),
    },
    {
        1: Price(82, 64, 23, 14532),
        50: Price(4004, 484, 315, 593484),
        100: Price(8008, 934, 615, 1185252),
    },
    {
        1: Price(0, 35, 13, 1412),
        50: Price(0, 469, 306, 16312),
        100: Price(0, 919, 606, 31712),
    },
    1850,
)
# Ports are in a map: whoever owns how many, they cost no request, and nothing is received for others.
# What the host calls the namespace of a container is asked when it is placed: by that the program finds its sockets.
# Where all are looked at, so is what leaves by eth0.
# Where nobody owns any, the links are listed: their filters may have the maps that the host's have lost.
OF_BPF = Prices(
    {
        "place": (19, 39, 19, (2964, 2964, 2964)),
        "place again": (0, 23, 11, (884, 884, 884)),
        "add ports": (0, 45, 24, (1932, 1932, 1932)),
        "take ports away": (0, 41, 20, (1564, 1564, 1564)),
        "remove": (4, 23, 8, (1076, 1076, 1076)),
    },
    {
        1: Price(19, 41, 21, 3044),
        50: Price(950, 540, 319, 80540),
        100: Price(1900, 1040, 619, 159140),
    },
    {
        1: Price(0, 23, 11, 884),
        50: Price(0, 472, 307, 16420),
        100: Price(0, 922, 607, 31820),
    },
    0,
)


# Bytes: who removes asks until the namespace is gone, once more or once less, whoever else is there.
ONE_QUESTION = 1500


def prices() -> Prices:
    return steering.by_way(OF_U32, OF_BPF)


def others(count: int) -> list[dict[str, Any]]:
    """Containers with two ports each, in the upper part of the pool."""
    return [{"name": f"o{n}", "ports": [f"{31500 + 4 * n}-{31501 + 4 * n}"]} for n in range(count)]


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "place": ("portmap_container", {"name": "one", "ports": ["31000-31099"]}),
    "place again": ("portmap_container", {"name": "one", "ports": ["31000-31099"]}),
    "add ports": ("portmap_ranges", {"container": "one", "ports": ["31100-31131"]}),
    "take ports away": (
        "portmap_ranges",
        {"container": "one", "ports": ["31000"], "state": "absent"},
    ),
    "remove": ("portmap_container", {"name": "one", "state": "absent"}),
}

# What there is and what is wrong, asked of all containers at once: as much again as a second run asks,
# and of each container its counters; for each of the few messages more, no dump. One dump tells how full
# the table of neighbours is, two which interfaces of the host have addresses. Seven messages are nft's, which tells the firewall of the host.
INFO = {
    1: Price(0, 49, 22, 2116),
    50: Price(0, 539, 316, 18972),
    100: Price(0, 1039, 616, 36172),
}

# With eBPF it also asks what else the host has: links, addresses, routes of IPv6, what is on the links, arriving and
# leaving; and, twice, by which of them it sends to anywhere.
SURROUNDINGS = (7, 5, 256)


def info(count: int) -> Price:
    writes, reads, dumps, sent = INFO[count]
    more = steering.by_way((0, 0, 0), SURROUNDINGS)
    return Price(writes, reads + more[0], dumps + more[1], sent + more[2])


# What they use. Where nobody has a TCP socket, nobody's connections are asked for: all levels cost the same.
# One dump, of all qdiscs.
USAGE = (1, 1, 36)


class Measured(NamedTuple):
    all_at_once: Price
    second_run: Price
    info: Price
    usage: Price
    one: dict[str, Price]
    received: dict[str, int]


def price(traced: trace.Traced) -> Price:
    return Price(len(traced.writes), len(traced.reads), traced.dumps, traced.sent)


def measure(count: int, folder: Path) -> Measured:
    """The prices of `count` containers, and of one more among them."""
    with machines.lab() as lab:
        modules = Modules(lab.host)
        modules.host(**LARGE)

        def run(name: str, module: str, parameters: dict[str, Any]) -> trace.Traced:
            log = folder / f"{count}-{name.replace(' ', '-')}"
            return trace.run(modules, module, log, **parameters)

        many = {"containers": others(count)}
        first = price(run("all at once", "portmap_container", many))
        second = price(run("second run", "portmap_container", many))
        # Each namespace in which a process sits is asked about once: those of this machine are not seen.
        alone = modules.under("unshare", "--pid", "--fork", "--mount-proc")
        info = price(trace.run(alone, "portmap_info", folder / f"{count}-info"))
        levels = ["counters", "sockets", "snmp"]
        usage = price(trace.run(alone, "portmap_info", folder / f"{count}-usage", usage=levels))
        one, received = {}, {}
        for step, (module, parameters) in STEPS.items():
            traced = run(step, module, parameters)
            one[step], received[step] = price(traced), traced.received
        return Measured(first, second, info, usage, one, received)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, steering: str) -> dict[int, Measured]:
    folder = tmp_path_factory.mktemp("prices")
    return {count: measure(count, folder) for count in COUNTS}


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("step", STEPS)
def test_the_requests_for_one_are_these_whatever_the_number_of_others(
    measured: dict[int, Measured], step: str, count: int
) -> None:
    *requests, sent = prices().one[step]
    assert measured[count].one[step] == Price(*requests, sent[COUNTS.index(count)])


@pytest.mark.parametrize("count", COUNTS)
def test_the_requests_for_all_at_once_are_these(measured: dict[int, Measured], count: int) -> None:
    assert measured[count].all_at_once == prices().at_once[count]


@pytest.mark.parametrize("count", COUNTS)
def test_a_second_run_only_asks(measured: dict[int, Measured], count: int) -> None:
    assert measured[count].second_run == prices().second_run[count]
    assert measured[count].second_run.writes == 0


@pytest.mark.parametrize("count", COUNTS)
def test_telling_costs_as_much_as_a_second_run_and_a_question_for_each(
    measured: dict[int, Measured], count: int
) -> None:
    assert measured[count].info == info(count)


@pytest.mark.parametrize("count", COUNTS)
def test_usage_costs_one_dump_more(measured: dict[int, Measured], count: int) -> None:
    writes, reads, dumps, sent = info(count)
    more = USAGE
    expected = Price(writes, reads + more[0], dumps + more[1], sent + more[2])
    assert measured[count].usage == expected


@pytest.mark.parametrize("step", STEPS)
def test_what_is_received_grows_by_little_for_each_other(
    measured: dict[int, Measured], step: str
) -> None:
    few, many = COUNTS[-2:]
    more = measured[many].received[step] - measured[few].received[step]
    if steering.used == steering.BPF and step == "remove":
        assert abs(more) <= ONE_QUESTION
    else:
        assert (more > 0) == steering.by_way(True, False)
        assert more / (many - few) <= prices().received
