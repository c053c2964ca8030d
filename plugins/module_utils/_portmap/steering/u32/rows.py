# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters written down as rows of a table: root filters, and tables keyed by port.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from ...linux import uapi as k
from ...values import ports
from ...values.places import Place
from . import keys as u32
from .fields import Action
from .objects import Filter, Table


# One object for all filters of a container that say the same: a host has thousands.
@lru_cache(maxsize=64)
def _redirect(link: str) -> tuple[Action, ...]:
    return (Action("redirect", link),)


@lru_cache(maxsize=256)
def _alone(key: u32.Key) -> u32.Match:
    return (key,)


class Rows:
    """Filters of one link and protocol, written down like the table in ARCHITECTURE.md."""

    def __init__(self, place: Place, protocol: int = k.ETH_P_IP) -> None:
        self._place = place
        self._protocol = protocol

    def root(
        self,
        priority: int,
        node: int,
        *keys: u32.Key,
        to: str = "",
        goto: int = 0,
        hashed: tuple[int, int] = (0, 0),
    ) -> Filter:
        """A filter in the root table: redirect `to` a link, `goto` a table, or accept."""
        actions = _redirect(to) if to else ()
        match = u32.match(*keys)
        return Filter(
            self._place, self._protocol, priority, 0, 0, node, match, actions, goto, hashed
        )

    def table(self, priority: int, table: int, divisor: int = 1) -> Table:
        return Table(self._place, self._protocol, priority, table, divisor)

    def listed(self, priority: int, table: int, key: u32.Key, to: str = "") -> Filter:
        """A filter in a table of one bucket; the kernel numbers it."""
        actions = _redirect(to) if to else ()
        return Filter(self._place, self._protocol, priority, table, 0, 0, _alone(key), actions)

    def hashed(
        self, priority: int, table: int, block: ports.Block, key: u32.Key, to: str
    ) -> Filter:
        """A filter in a table of 256 buckets; its handle tells the block."""
        bucket, node = hashed_handle(block)
        match, actions = _alone(key), _redirect(to)
        return Filter(self._place, self._protocol, priority, table, bucket, node, match, actions)

    def classed(
        self, priority: int, table: int, block: ports.Block, key: u32.Key, name: str
    ) -> Filter:
        """The same, which leads to a class of what shapes the link."""
        bucket, node = hashed_handle(block)
        match, actions = _alone(key), (Action("class", name),)
        return Filter(self._place, self._protocol, priority, table, bucket, node, match, actions)


def hashed_handle(block: ports.Block) -> tuple[int, int]:
    """Bucket and node of a block of at most 256 ports."""
    return block.first >> 8, block.size.bit_length() << 8 | block.first & 0xFF


def hashed_block(bucket: int, node: int) -> ports.Block | None:
    """The block that a handle stands for; None when no block has it."""
    found = _node_ports(node)
    return ports.Block(bucket << 8 | found[0], found[1]) if found else None


@lru_cache(maxsize=4096)
def _node_ports(node: int) -> tuple[int, int] | None:
    """The low byte of the first port, and how many ports."""
    size, low = 1 << (node >> 8) - 1 if node >> 8 else 0, node & 0xFF
    return None if not 1 <= size <= 256 or low % size else (low, size)


def hashed_blocks(blocks: Iterable[ports.Block]) -> Iterator[ports.Block]:
    """The same ports in blocks for the hash tables: none spans two buckets."""
    for block in blocks:
        yield from ports.cut([ports.Range(block.first, block.last)], 256)
