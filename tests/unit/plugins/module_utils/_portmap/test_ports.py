# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
)
from hypothesis import given
from hypothesis import strategies as st

QUOTE = " (YAML reads 8080:53 and 31_000 as numbers: quote what you mean)"
BOTH = ": a port is that of TCP, UDP and SCTP at once, and belongs to one container; write "
SMALL = 96  # a universe small enough to try every way of cutting it

small_sets = st.sets(st.integers(0, SMALL - 1), max_size=SMALL)
any_range = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(
    lambda ends: Range(min(ends), max(ends))
)


def as_ranges(numbers: set[int]) -> list[Range]:
    return [Range(number, number) for number in numbers]


def as_set(ranges) -> set[int]:
    return {port for first, last in ranges for port in range(first, last + 1)}


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("31000-31007", 31000, 31007),
        ("31000", 31000, 31000),
        (31000, 31000, 31000),
        (" 31000-31007 ", 31000, 31007),
        ("1", 1, 1),
        ("65535", 65535, 65535),
        ("1-65535", 1, 65535),
        ("08080", 8080, 8080),
    ],
)
def test_a_range_or_a_port_is_read(text, first, last):
    assert ports.parse(text, "ports") == (first, last)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("31000 - 31007", "cannot read ports '31000 - 31007': expected FIRST-LAST or one port"),
        ("3100 0", "cannot read ports '3100 0': expected FIRST-LAST or one port"),
        ("31000\n", "cannot read ports '31000\n': expected FIRST-LAST or one port"),
        ("31000\u00a0", "cannot read ports '31000\u00a0': expected FIRST-LAST or one port"),
        (
            "\u0663\u0661\u0660\u0660\u0660",
            "cannot read ports '\u0663\u0661\u0660\u0660\u0660': expected FIRST-LAST or one port",
        ),
        (
            "\uff13\uff11\uff10\uff10\uff10",
            "cannot read ports '\uff13\uff11\uff10\uff10\uff10': expected FIRST-LAST or one port",
        ),
        (484853, "cannot use ports 484853: ports go from 1 to 65535" + QUOTE),
        ("1-0", "cannot use ports 1-0: the range is reversed"),
        ("31007-31000", "cannot use ports 31007-31000: the range is reversed"),
        ("0", "cannot use ports 0: ports go from 1 to 65535"),
        ("0-7", "cannot use ports 0-7: ports go from 1 to 65535"),
        ("65536", "cannot use ports 65536: ports go from 1 to 65535" + QUOTE),
        ("53/udp", "cannot use ports 53/udp" + BOTH + "53"),
        ("31000-31007/TCP", "cannot use ports 31000-31007/TCP" + BOTH + "31000-31007"),
        ("53/icmp", "cannot read ports '53/icmp': expected FIRST-LAST or one port"),
        ("31000-70000", "cannot use ports 31000-70000: ports go from 1 to 65535"),
        ("http", "cannot read ports 'http': expected FIRST-LAST or one port"),
        ("", "cannot read ports '': expected FIRST-LAST or one port"),
        ("-5", "cannot read ports '-5': expected FIRST-LAST or one port"),
        ("5-", "cannot read ports '5-': expected FIRST-LAST or one port"),
        ("1-2-3", "cannot read ports '1-2-3': expected FIRST-LAST or one port"),
        ("1,2", "cannot read ports '1,2': expected FIRST-LAST or one port"),
        ("100000", "cannot use ports 100000: ports go from 1 to 65535" + QUOTE),
        ("0x50", "cannot read ports '0x50': expected FIRST-LAST or one port"),
        (None, "cannot read ports 'None': expected FIRST-LAST or one port"),
        (True, "cannot read ports 'True': expected FIRST-LAST or one port"),
        (80.5, "cannot read ports '80.5': expected FIRST-LAST or one port"),
    ],
)
def test_everything_else_is_refused_with_its_value(text, complaint):
    with pytest.raises(InvalidRequest) as refused:
        ports.parse(text, "ports")
    assert str(refused.value) == complaint


@given(st.text("0123456789-- \t+x,\u0665"))
def test_no_text_raises_anything_but_a_refusal(text):
    try:
        found = ports.parse(text, "ports")
    except InvalidRequest:
        return
    assert 1 <= found.first <= found.last <= 65535


@given(any_range)
def test_what_is_written_is_read_as_the_same(item):
    assert ports.parse(str(item), "ports") == item


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], []),
        (["31008-31015", "31000-31007"], [(31000, 31015)]),
        (["1", "3"], [(1, 1), (3, 3)]),
        (["65535", "1"], [(1, 1), (65535, 65535)]),
    ],
)
def test_a_list_is_read_joined_and_ascending(texts, expected):
    assert list(ports.parse_all(texts, "ports")) == expected


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["31000-31010", "31005-31007"], "31000-31010 and 31005-31007: 31005-31007 is in both"),
        (["31010-31020", "31000-31010"], "31000-31010 and 31010-31020: 31010 is in both"),
        (["80", "443", "80"], "80 and 80: 80 is in both"),
        (["1-9", "20-29", "5", "40"], "1-9 and 5: 5 is in both"),
    ],
)
def test_a_port_that_a_list_has_twice_is_refused(texts, sentence):
    with pytest.raises(InvalidRequest) as refused:
        ports.parse_all(texts, "ports")
    assert str(refused.value) == f"cannot use ports {sentence}"


@pytest.mark.parametrize(("item", "text"), [((4, 7), "4-7"), ((10, 10), "10")])
def test_a_range_is_written_as_it_is_read(item, text):
    assert str(Range(*item)) == text


# --- sets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], []),
        ([(1, 2), (3, 4)], [(1, 4)]),
        ([(3, 4), (1, 1)], [(1, 1), (3, 4)]),
        ([(1, 10), (2, 3), (5, 12)], [(1, 12)]),
    ],
)
def test_neighbours_and_overlaps_are_joined(items, expected):
    assert list(ports.join(Range(*item) for item in items)) == expected


@pytest.mark.parametrize(
    ("items", "taken", "expected"),
    [
        ([(1, 10)], [(4, 5)], [(1, 3), (6, 10)]),
        ([(1, 10)], [(1, 10)], []),
        ([(1, 10)], [(0, 1), (10, 20)], [(2, 9)]),
        ([(1, 10)], [], [(1, 10)]),
        ([(1, 4), (8, 10)], [(3, 8)], [(1, 2), (9, 10)]),
        ([(1, 65535)], [(2, 65534)], [(1, 1), (65535, 65535)]),
    ],
)
def test_taken_ports_leave_holes(items, taken, expected):
    left = ports.subtract([Range(*item) for item in items], [Range(*item) for item in taken])
    assert list(left) == expected


@given(small_sets, small_sets)
def test_ranges_behave_like_sets_of_ports(one, other):
    these, those = as_ranges(one), as_ranges(other)
    for result, expected in (
        (ports.join([*these, *those]), one | other),
        (ports.subtract(these, those), one - other),
        (ports.intersect(these, those), one & other),
    ):
        assert as_set(result) == expected
        assert result == ports.join(result)


# --- the allocator ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pool", "size", "taken", "expected"),
    [
        ((30001, 30999), 16, [], (30016, 30031)),
        ((30001, 30999), 16, [(30016, 30031)], (30032, 30047)),
        ((30001, 30999), 16, [(30020, 30020)], (30032, 30047)),
        ((30001, 30999), 512, [], (30208, 30719)),
        ((30001, 30999), 512, [(30208, 30719)], None),
        ((30001, 30999), 1024, [], None),
        ((30001, 30015), 16, [], None),
        ((30016, 30031), 16, [], (30016, 30031)),
        ((30016, 30063), 16, [(30032, 30047)], (30016, 30031)),
        ((30016, 30063), 16, [(30016, 30031), (30048, 30063)], (30032, 30047)),
        ((65520, 65535), 16, [], (65520, 65535)),
    ],
)
def test_the_lowest_free_aligned_range_is_found(pool, size, taken, expected):
    found = ports.lowest_free(Range(*pool), size, [Range(*item) for item in taken])
    assert found == expected


@given(small_sets, st.sampled_from([1, 2, 4, 8, 16, 32]))
def test_nothing_lower_is_free_than_what_was_found(taken, size):
    found = ports.lowest_free(Range(0, SMALL - 1), size, as_ranges(taken))
    free = [
        first
        for first in range(0, SMALL - size + 1, size)
        if not taken.intersection(range(first, first + size))
    ]
    assert found == (Range(free[0], free[0] + size - 1) if free else None)


def test_what_was_taken_is_not_found_again():
    free = ports.FreePorts([Range(30001, 30099)], [Range(30040, 30040)])
    taken = [
        free.take(16),
        free.take(32),
        free.take(16),
        free.take(1),
        free.take(16),
        free.take(16),
    ]
    assert [str(item) for item in taken] == [
        "30016-30031",
        "30048-30079",
        "30080-30095",
        "30001",
        "None",
        "None",
    ]


@pytest.mark.parametrize(
    ("owned", "expected"),
    [
        ([], []),
        ([((1, 5), "a"), ((6, 9), "b")], []),
        ([((1, 5), "a"), ((2, 3), "a")], []),
        ([((1, 5), "a"), ((4, 9), "b")], [((4, 5), "a", "b")]),
        ([((4, 9), "b"), ((1, 5), "a")], [((4, 5), "a", "b")]),
        ([((1, 9), "a"), ((2, 3), "b"), ((5, 6), "c")], [((2, 3), "a", "b"), ((5, 6), "a", "c")]),
    ],
)
def test_ports_of_two_owners_are_told(owned, expected):
    assert list(ports.overlaps((Range(*item), owner) for item, owner in owned)) == expected


owners = st.lists(
    st.tuples(
        st.tuples(st.integers(1, 40), st.integers(0, 10)).map(
            lambda pair: Range(pair[0], pair[0] + pair[1])
        ),
        st.sampled_from("abcd"),
    ),
    max_size=6,
)


@given(owners)
def test_an_overlap_is_told_exactly_when_there_is_one(owned):
    told = list(ports.overlaps(owned))
    for shared, one, other in told:
        assert one != other
        for owner in (one, other):
            own = as_set(item for item, name in owned if name == owner)
            assert own >= set(range(shared.first, shared.last + 1))
    sets = [as_set(item for item, name in owned if name == owner) for owner in "abcd"]
    clash = any(sets[a] & sets[b] for a in range(4) for b in range(a))
    assert bool(told) == clash
