# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import ownership
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from hypothesis import given
from hypothesis import strategies as st

POOLS = Pools((Range(31000, 31099),), Range(32768, 36863), 1024)
OWNERS = {
    "web": (Range(31000, 31007), Range(32768, 33791)),
    "db": (Range(31050, 31050), Range(33792, 34815)),
}
HOST = Range(57344, 60999)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (31000, ("web", "service", Range(31000, 31007))),
        (31050, ("db", "service", Range(31050, 31050))),
        (33000, ("web", "ephemeral", Range(32768, 33791))),
        (31008, ("", "service", Range(31008, 31049))),
        (31099, ("", "service", Range(31051, 31099))),
        (36863, ("", "ephemeral", Range(34816, 36863))),
        (60000, ("", "host_ephemeral", HOST)),
        (80, ("", "outside", None)),
    ],
)
def test_a_port_has_an_owner_or_a_purpose(port, expected):
    assert ownership.whose(port, OWNERS, POOLS, HOST) == expected


def test_without_the_pools_only_owners_are_known():
    assert ownership.whose(31000, OWNERS, None) == ("web", "unknown", Range(31000, 31007))
    assert ownership.whose(31008, OWNERS, None) == ("", "unknown", None)


@pytest.mark.parametrize(("size", "step"), [(1, 1), (2, 2), (3, 4), (8, 8), (9, 16), (1000, 1024)])
def test_a_run_starts_at_a_multiple_of_the_next_power_of_two(size, step):
    assert ownership.alignment(size) == step


def test_stretches_are_told_with_the_runs_that_fit():
    taken = [item for owned in OWNERS.values() for item in owned]
    assert ownership.stretches(POOLS.service, taken, 8) == [
        (Range(31008, 31049), 5, Range(31008, 31015)),
        (Range(31051, 31099), 5, Range(31056, 31063)),
    ]
    assert ownership.runs(POOLS.service, taken, 8, 6)[-2:] == [
        Range(31040, 31047),
        Range(31056, 31063),
    ]
    assert ownership.stretches(POOLS.service, taken, 64) == []


@pytest.mark.parametrize("size", [0, -1, 65536])
def test_nobody_looks_for_so_many_ports(size):
    with pytest.raises(InvalidRequest, match="expected 1 to 65535"):
        ownership.stretches(POOLS.service, [], size)


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 40)), max_size=8),
    st.integers(1, 40),
)
def test_every_run_is_free_aligned_and_in_the_pool(taken, size):
    pool = [Range(50, 180), Range(200, 380)]
    owned = [Range(first, first + more) for first, more in taken]
    found = ownership.runs(pool, owned, size, 1000)
    assert sum(one.runs for one in ownership.stretches(pool, owned, size)) == len(found)
    for one in found:
        assert one.size == size
        assert one.first % ownership.alignment(size) == 0
        assert any(part.first <= one.first and one.last <= part.last for part in pool)
        assert not any(one.first <= other.last and other.first <= one.last for other in owned)


def test_there_is_room_for_more_containers():
    assert ownership.room(POOLS, [item for owned in OWNERS.values() for item in owned]) == 2
    assert ownership.room(POOLS, []) == 4


def test_the_parts_of_both_pools_leave_nothing_out():
    parts = ownership.parts(POOLS, OWNERS)
    assert parts == [
        (Range(31000, 31007), "web", "service"),
        (Range(31008, 31049), "", "service"),
        (Range(31050, 31050), "db", "service"),
        (Range(31051, 31099), "", "service"),
        (Range(32768, 33791), "web", "ephemeral"),
        (Range(33792, 34815), "db", "ephemeral"),
        (Range(34816, 36863), "", "ephemeral"),
    ]
