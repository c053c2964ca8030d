# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Block,
    Range,
)
from hypothesis import given
from hypothesis import strategies as st

SMALL = 96  # a universe small enough to try every way of cutting it

small_sets = st.sets(st.integers(0, SMALL - 1), max_size=SMALL)
any_range = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(
    lambda ends: Range(min(ends), max(ends))
)


def as_ranges(numbers: set[int]) -> list[Range]:
    return [Range(number, number) for number in numbers]


def fewest_blocks(wanted: set[int]) -> int:
    """The optimum, by trying every aligned block at every port."""
    best = {SMALL: 0}
    for first in reversed(range(SMALL)):
        if first not in wanted:
            best[first] = best[first + 1]
            continue
        best[first] = 1 + min(
            best[first + size]
            for size in (1, 2, 4, 8, 16, 32, 64)
            if first % size == 0 and wanted.issuperset(range(first, first + size))
        )
    return best[0]


@pytest.mark.parametrize(
    ("first", "last", "mask"),
    [
        (4, 7, 0xFFFC),
        (10, 10, 0xFFFF),
        (20, 20, 0xFFFF),
        (1024, 1031, 0xFFF8),
        (32768, 65535, 0x8000),
    ],
)
def test_an_aligned_range_is_one_block_with_one_mask(first, last, mask):
    (block,) = ports.cut([Range(first, last)])
    assert (block.first, block.last, block.mask) == (first, last, mask)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        # The original refuses to mask these as they are: not aligned, not a power of two.
        (4, 11, [(4, 7), (8, 11)]),
        (31001, 31004, [(31001, 31001), (31002, 31003), (31004, 31004)]),
        # The original's own test vectors.
        (
            31000,
            31499,
            [
                (31000, 31007),
                (31008, 31039),
                (31040, 31103),
                (31104, 31231),
                (31232, 31487),
                (31488, 31495),
                (31496, 31499),
            ],
        ),
        (
            31500,
            32000,
            [
                (31500, 31503),
                (31504, 31519),
                (31520, 31551),
                (31552, 31615),
                (31616, 31743),
                (31744, 31999),
                (32000, 32000),
            ],
        ),
        (
            31000,
            32000,
            [
                (31000, 31007),
                (31008, 31039),
                (31040, 31103),
                (31104, 31231),
                (31232, 31743),
                (31744, 31999),
                (32000, 32000),
            ],
        ),
        # Where the original crashes or loses the last port.
        (65535, 65535, [(65535, 65535)]),
        (65534, 65535, [(65534, 65535)]),
        (1, 3, [(1, 1), (2, 3)]),
        (0, 65535, [(0, 65535)]),
    ],
)
def test_a_range_is_cut_from_the_low_end(first, last, expected):
    assert [(block.first, block.last) for block in ports.cut([Range(first, last)])] == expected


def test_the_widest_range_costs_sixteen_blocks():
    assert len(list(ports.cut([Range(1, 65535)]))) == 16


def test_ten_thousand_ports_cost_ten_blocks():
    assert len(list(ports.cut([Range(20000, 29999)]))) == 10


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (30720, 31743, [(30720, 256), (30976, 256), (31232, 256), (31488, 256)]),
        (256, 511, [(256, 256)]),
        (255, 257, [(255, 1), (256, 2)]),
    ],
)
def test_blocks_can_be_kept_within_256_ports(first, last, expected):
    assert list(ports.cut([Range(first, last)], 256)) == expected


@given(small_sets)
def test_the_cut_covers_exactly_with_the_fewest_blocks(numbers):
    blocks = list(ports.cut(ports.join(as_ranges(numbers))))
    covered = [port for block in blocks for port in range(block.first, block.last + 1)]
    assert covered == sorted(numbers)
    assert len(blocks) == fewest_blocks(numbers)


@given(st.lists(any_range, max_size=8), st.sampled_from([256, 65536]))
def test_blocks_are_aligned_powers_of_two_and_make_up_the_ranges(items, largest):
    joined = ports.join(items)
    blocks = list(ports.cut(joined, largest))
    for block in blocks:
        assert bin(block.size).count("1") == 1
        assert block.first % block.size == 0
        assert block.size <= largest
    assert blocks == sorted(blocks)
    assert sum(block.size for block in blocks) == sum(item.size for item in joined)
    assert ports.cover(blocks) == joined


def test_a_block_ends_where_its_size_says():
    assert Block(31008, 32).last == 31039
