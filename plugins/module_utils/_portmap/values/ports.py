# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Port ranges as sets: parse, join, subtract, cut into blocks, find free ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from .errors import InvalidRequest

LOWEST = 1  # port 0 means "any" to the socket layer and cannot be owned
HIGHEST = 65535
_PATTERN = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")
_PROTOCOL = re.compile(r"([0-9]+(?:-[0-9]+)?) ?/ ?(?:tcp|udp|sctp)", re.IGNORECASE)


class Range(NamedTuple):
    """The ports `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.last > self.first else str(self.first)

    @property
    def size(self) -> int:
        return self.last - self.first + 1


class Block(NamedTuple):
    """`size` ports from `first`, a power of two and aligned: one u32 key matches exactly these."""

    first: int
    size: int

    @property
    def last(self) -> int:
        return self.first + self.size - 1

    @property
    def mask(self) -> int:
        return 0x10000 - self.size


Ranges = tuple[Range, ...]


def parse(text: object, option: str) -> Range:
    """`"31000-31007"` or `"31000"` (or an int) as a Range.

    Raises InvalidRequest naming `option` when it is anything else.
    """
    found = _PATTERN.fullmatch(str(text).strip(" "))  # Ansible leaves blanks around what it splits
    with_protocol = _PROTOCOL.fullmatch(str(text).strip(" "))
    if with_protocol:
        raise InvalidRequest(
            f"cannot use {option} {text}: a port is that of TCP, UDP and SCTP at once, and"
            f" belongs to one container; write {with_protocol[1]}"
        )
    if not found:
        raise InvalidRequest(f"cannot read {option} '{text}': expected FIRST-LAST or one port")
    first = int(found[1])
    last = int(found[2] or first)
    if first > last:
        raise InvalidRequest(f"cannot use {option} {text}: the range is reversed")
    if first < LOWEST or last > HIGHEST:
        hint = " (YAML reads 8080:53 and 31_000 as numbers: quote what you mean)"
        raise InvalidRequest(
            f"cannot use {option} {text}: ports go from {LOWEST} to {HIGHEST}"
            f"{hint if last > HIGHEST and not found[2] else ''}"
        )
    return Range(first, last)


class Item(NamedTuple):
    """One item of a list of ports, as users, results and files write it.

    Every such item is read by `read` and written by `str`.  What else an item may say one day, a
    protocol or other ports inside, is a field of it.
    """

    outside: Range

    @classmethod
    def read(cls, text: object, option: str) -> Item:
        """Raises InvalidRequest naming `option`."""
        return cls(parse(text, option))

    def __str__(self) -> str:
        return str(self.outside)


def written(ranges: Iterable[Range]) -> list[str]:
    """The items that make up these ports."""
    return [str(Item(item)) for item in ranges]


def parse_all(texts: Iterable[object], option: str) -> Ranges:
    """Every item read, neighbouring ranges joined.

    Raises InvalidRequest also for a port that the list has twice: one of both is a mistake.
    """
    ranges = sorted(Item.read(text, option).outside for text in texts)
    for one, other in zip(ranges, ranges[1:]):
        if other.first <= one.last:
            shared = Range(other.first, min(one.last, other.last))
            raise InvalidRequest(f"cannot use {option} {one} and {other}: {shared} is in both")
    return join(ranges)


def join(ranges: Iterable[Range]) -> Ranges:
    """The same ports as the fewest ranges, ascending."""
    joined: list[Range] = []
    for item in sorted(ranges):
        if joined and item.first <= joined[-1].last + 1:
            joined[-1] = Range(joined[-1].first, max(joined[-1].last, item.last))
        else:
            joined.append(item)
    return tuple(joined)


def holds(ranges: Iterable[Range], port: int) -> bool:
    return any(item.first <= port <= item.last for item in ranges)


def subtract(ranges: Iterable[Range], taken: Iterable[Range]) -> Ranges:
    """The ports of `ranges` that are not in `taken`."""
    left: list[Range] = []
    holes, at = join(taken), 0
    for item in join(ranges):
        first = item.first
        while at < len(holes) and holes[at].first <= item.last:
            hole = holes[at]
            if hole.first > first:
                left.append(Range(first, hole.first - 1))
            first = max(first, hole.last + 1)
            if first > item.last:
                break  # the hole may reach into the next range
            at += 1
        if first <= item.last:
            left.append(Range(first, item.last))
    return tuple(left)


def intersect(one: Iterable[Range], other: Iterable[Range]) -> Ranges:
    """The ports that are in both."""
    ranges = tuple(one)
    return subtract(ranges, subtract(ranges, other))


def cut(ranges: Iterable[Range], largest: int = 0x10000) -> Iterator[Block]:
    """The fewest blocks of at most `largest` ports that cover exactly `ranges`, ascending.

    Greedy from the low end: the largest power of two that is aligned and still fits.
    """
    for item in ranges:
        first = item.first
        while first <= item.last:
            size = min(first & -first or 0x10000, largest)
            while first + size - 1 > item.last:
                size >>= 1
            yield Block(first, size)
            first += size


def cover(blocks: Iterable[Block]) -> Ranges:
    """The ranges which the blocks make up."""
    return join(Range(block.first, block.last) for block in blocks)


def text(ranges: Iterable[Range]) -> str:
    """The ranges as a message says them; "" for none."""
    return ", ".join(str(item) for item in ranges)


def lowest_free(pool: Range, size: int, taken: Iterable[Range]) -> Range | None:
    """The first range of `size` ports in `pool`, starting at a multiple of `size`; None if full."""
    return FreePorts([pool], taken).take(size)


def overlaps(owned: Iterable[tuple[Range, str]]) -> Iterator[tuple[Range, str, str]]:
    """(ports, one owner, another) wherever two owners have the same ports."""
    reach: tuple[Range, str] | None = None
    for item, owner in sorted(owned):
        if reach is not None and item.first <= reach[0].last and owner != reach[1]:
            yield Range(item.first, min(item.last, reach[0].last)), reach[1], owner
        if reach is None or item.last > reach[0].last:
            reach = item, owner


class FreePorts:
    """What is left of a pool; ranges are taken from the low end."""

    def __init__(self, pool: Iterable[Range], taken: Iterable[Range]) -> None:
        self._free = list(subtract(pool, taken))

    def take(
        self, size: int, used: Callable[[Range], int] = lambda _range: 0, multiple: int = 0
    ) -> Range | None:
        """The lowest free range of `size` ports that starts at a multiple of `size`, or None.

        Of those the one that is `used` least.  Another `multiple` than the size may be given.
        """
        best: tuple[int, Range] | None = None
        for found in self._aligned(size, multiple or size):
            times = used(found)
            if best is None or times < best[0]:
                best = times, found
            if not times:
                break
        if best is None:
            return None
        self._free = list(subtract(self._free, [best[1]]))
        return best[1]

    def _aligned(self, size: int, multiple: int) -> Iterator[Range]:
        for free in self._free:
            first = -(-free.first // multiple) * multiple
            while first + size - 1 <= free.last:
                yield Range(first, first + size - 1)
                first += multiple
