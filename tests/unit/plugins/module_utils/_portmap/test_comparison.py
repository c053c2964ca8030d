# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.engine.comparison import (
    Comparison,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import state
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import Link
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering import choose
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place

LO = Place("web", "lo")
SAME = Filter(LO, 0x0800, 770, 0, 0, 1, ())
GONE = SAME._replace(node=2)
SYSCTL = Sysctl("web", "net/core/somaxconn", "7")
LINK = Link(LO, "02:00:00:00:00:01", 1500, True)


def compared(in_full: bool) -> Comparison:
    comparison = Comparison(choose.plane("u32").shorten, in_full)
    comparison.handles = {SAME.identity: 1, GONE.identity: 2}
    comparison.add_container(state([SAME, GONE, SYSCTL, LINK]), {}, state([SAME, SYSCTL, LINK]))
    return comparison


@pytest.mark.parametrize("in_full", [True, False])
def test_the_changes_are_the_same_whether_what_matches_is_kept_or_not(in_full):
    assert [str(change) for change in compared(in_full).changes()] == [f"delete {GONE}"]


def test_what_matches_is_dropped_but_its_slot_stays_known():
    comparison = compared(in_full=False)
    assert list(comparison.before.values()) == [GONE, LINK]  # a change of others looks at links
    assert comparison.settled == {SAME.slot}
    assert comparison.handles == {GONE.identity: 2}


def test_of_a_namespace_that_is_still_to_be_made_what_it_will_have_is_no_change():
    comparison = Comparison(choose.plane("u32").shorten)
    other = SYSCTL._replace(name="net/core/rmem_max")
    comparison.add_container(
        {}, state([SYSCTL, other]), state([SYSCTL, other._replace(value="9")])
    )
    assert [str(change) for change in comparison.changes()] == [
        "replace web: sysctl net.core.rmem_max = 9"
    ]


def test_undoing_needs_what_was_and_no_more():
    comparison = compared(in_full=True)
    comparison.forget_wanted()
    assert (comparison.before, comparison.after) == ({GONE.identity: GONE}, {})
