# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a port is, and what of the pools is nobody's.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..values import ports
from ..values.errors import InvalidRequest
from ..values.options import Pools
from ..values.ports import Range, Ranges

SERVICE, EPHEMERAL, HOST_EPHEMERAL = "service", "ephemeral", "host_ephemeral"
OUTSIDE, UNKNOWN = "outside", "unknown"


class Standing(NamedTuple):
    """Whose a port is: `owner` "" is nobody.

    `kind` says what the port is for, by the pools; `among` is the owner's range that has it, or the free one
    of a pool; None outside.
    """

    owner: str
    kind: str
    among: Range | None


class Stretch(NamedTuple):
    """Free ports side by side, with as many runs of the wanted size; `first` is the lowest run."""

    among: Range
    runs: int
    first: Range


class Part(NamedTuple):
    """Ports side by side of one owner, and one pool: `owner` "" is nobody."""

    among: Range
    owner: str
    kind: str


def whose(
    port: int,
    owners: Mapping[str, Ranges],
    pools: Pools | None,
    host_ephemeral: Range | None = None,
) -> Standing:
    """`owners` has the ports of each container; without the `pools` nobody knows what a port is for."""
    kind, pool = _purpose(port, pools, host_ephemeral)
    for name, owned in owners.items():
        mine = _around(port, owned)
        if mine:
            return Standing(name, kind, mine)
    taken = [item for owned in owners.values() for item in owned]
    return Standing("", kind, _around(port, ports.subtract(pool, taken)))


def _purpose(port: int, pools: Pools | None, host_ephemeral: Range | None) -> tuple[str, Ranges]:
    """The kind of a port, and all of that kind."""
    places = (
        (SERVICE, pools.service if pools else ()),
        (EPHEMERAL, (pools.ephemeral,) if pools else ()),
        (HOST_EPHEMERAL, (host_ephemeral,) if host_ephemeral else ()),
    )
    for kind, pool in places:
        if _around(port, pool):
            return kind, pool
    return (OUTSIDE if pools else UNKNOWN), ()


def _around(port: int, ranges: Iterable[Range]) -> Range | None:
    return next((one for one in ranges if one.first <= port <= one.last), None)


def alignment(size: int) -> int:
    """What the first port of a run of `size` is a multiple of, for the fewest blocks."""
    return 1 << (size - 1).bit_length()


def check_size(size: int) -> int:
    if not 1 <= size <= ports.HIGHEST:
        raise InvalidRequest(f"cannot look for {size} free ports: expected 1 to {ports.HIGHEST}")
    return size


def stretches(pool: Iterable[Range], taken: Iterable[Range], size: int) -> list[Stretch]:
    """Where runs of `size` ports are free in a pool, each at a multiple of its alignment."""
    step = alignment(check_size(size))
    found = []
    for free in ports.subtract(pool, taken):
        first = -(-free.first // step) * step
        room = free.last - first + 1
        if room >= size:
            count = 1 + (room - size) // step
            found.append(Stretch(free, count, Range(first, first + size - 1)))
    return found


def runs(pool: Iterable[Range], taken: Iterable[Range], size: int, most: int) -> list[Range]:
    """The lowest free runs of `size` ports, at most so many."""
    step = alignment(size)
    found: list[Range] = []
    for one in stretches(pool, taken, size):
        count = min(one.runs, most - len(found))
        firsts = (one.first.first + step * number for number in range(count))
        found += [Range(first, first + size - 1) for first in firsts]
    return found


def room(pools: Pools, taken: Iterable[Range]) -> int:
    """How many containers more can be given ephemeral ports."""
    return sum(one.runs for one in stretches([pools.ephemeral], taken, pools.per_container))


def parts(pools: Pools, owners: Mapping[str, Ranges]) -> list[Part]:
    """Both pools from their first port to their last: who owns what, and what is free."""
    found = []
    for kind, pool in ((SERVICE, pools.service), (EPHEMERAL, (pools.ephemeral,))):
        taken: list[Range] = []
        for name, owned in owners.items():
            mine = ports.intersect(owned, pool)
            taken += mine
            found += [Part(one, name, kind) for one in mine]
        found += [Part(one, "", kind) for one in ports.subtract(pool, taken)]
    return sorted(found)
