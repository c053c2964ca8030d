# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits as qdiscs and classes of the kernel.  Pure.

HTB keeps the rate.  What waits is in a leaf: fq_codel, where the kernel has it; else TBF, which cuts large
packets into those that the link sends, and drops what would wait longer than _WAIT.  TBF is set faster
than its class, so that it only queues.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..linux.queueing import FQ_CODEL, TBF, Leaf, Shape, ticks
from ..objects.kind import Object
from ..objects.shaper import End, Shaper
from ..objects.shaping import Shaping
from ..objects.traffic_class import TOP, TrafficClass
from ..values.limits import ALL, Limit
from ..values.marks import SHAPERS
from ..values.places import HOST, SHARED, Place
from ..values.tenants import Container, Host
from .limits import read_rate

_HEADER = 14  # of Ethernet: HTB counts it
_MILLISECOND = 1000  # of a second: what may go at once without a burst that somebody asked for
_WAIT = 50  # of a second: 20 ms
_FEWEST = 16  # packets that can wait, however slow: the first window of a connection is ten
_SMALLEST_QUANTUM, _LARGEST_QUANTUM = 1514, 60000
_MOST = 4096  # containers: each has 16 ports or more
PAIRS = tuple(
    (Place(HOST, first, SHARED), Place(HOST, second, SHARED)) for first, second in SHAPERS
)
# Of the class above those of containers: they borrow what it has, and have a rate of their own.
NOTHING_TO_LEND = Shape(1, 1, 1, 1, _SMALLEST_QUANTUM)


def received(veth: Place, limit: Limit, mtu: int, leaf: str) -> Iterator[Object]:
    """On the root of a container's veth: what goes into it."""
    yield Shaping(veth, TOP)
    yield TrafficClass(veth, TOP, shape(limit, mtu), queue(leaf, limit, mtu))


def pairs_of(host: Host) -> tuple[tuple[Place, Place], ...]:
    """The pairs through which goes what is limited."""
    return PAIRS if host.limit_scope == ALL else PAIRS[:1]


def common(host: Host, speed: int) -> Iterator[Object]:
    """What all share who are limited in what they send.

    Where the link's `speed` is known, those who may send at a higher `ceil` borrow what is left of it.
    """
    end = End(host.mac, host.mtu)
    lent = shape(Limit(speed), host.mtu) if speed else NOTHING_TO_LEND
    for first, second in pairs_of(host):
        yield Shaper(first, second.link, (end, end))
        yield Shaping(first, 0)
        yield TrafficClass(first, TOP, lent._replace(quantum=_SMALLEST_QUANTUM), None)


def sent(host: Host, container: Container, leaf: str) -> Iterator[Object]:
    """The class of a container that has a limit, or its fair share."""
    limit = container.limits.send or fair_share(host)
    for first, _second in pairs_of(host):
        own = shape(limit, host.mtu), queue(leaf, limit, host.mtu)
        yield TrafficClass(first, container.number, *own)


def fair_share(host: Host) -> Limit:
    """What each of the most containers that there can be would have, and what the others leave."""
    speed = read_rate(host.link_speed, "link_speed").bytes
    return Limit(max(speed // _MOST, 1), speed)


def shape(limit: Limit, mtu: int) -> Shape:
    rate, highest = limit.rate, limit.highest
    burst = limit.burst or rate // _MILLISECOND
    quantum = min(max(rate // _MILLISECOND, mtu + _HEADER, _SMALLEST_QUANTUM), _LARGEST_QUANTUM)
    frame = mtu + _HEADER
    return Shape(
        rate,
        highest,
        ticks(burst + frame, rate),
        ticks(highest // _MILLISECOND + frame, highest),
        quantum,
    )


def queue(kind: str, limit: Limit, mtu: int) -> Leaf:
    if kind != TBF:
        return Leaf(FQ_CODEL)
    frame, rate = mtu + _HEADER, 2 * limit.highest
    whole = max(limit.highest // _MILLISECOND, 2 * frame)  # what is longer is cut
    longest = max(limit.highest // _WAIT, _FEWEST * frame)
    return Leaf(TBF, rate, ticks(whole, rate), min(longest, 0xFFFFFFFF))
