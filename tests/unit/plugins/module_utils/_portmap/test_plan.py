# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which changes a plan has."""

from __future__ import annotations

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.engine import plan
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import (
    state,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    order,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Priority,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.model import (
    ETH0,
    LO,
    Kernel,
    assert_reached,
    damaged,
    hosts,
    placed,
    prepared,
    slots_of,
    without_settings,
)
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=15)
@given(damaged())
def test_equal_states_differ_in_nothing(found):
    assert plan.diff(found, dict(found)) == []


@settings(max_examples=15)
@given(damaged(), hosts())
def test_the_changes_lead_to_what_is_wanted_and_the_kernel_refuses_none(before, after):
    changes = plan.diff(before, after)
    now = Kernel(before).run(changes)
    assert_reached(now, after)
    assert plan.diff(now, after) == []


@settings(max_examples=15)
@given(damaged(), hosts())
def test_fewer_deletions_lead_to_the_same(before, after):
    changes = plan.diff(before, after)
    fewer = order.shorten(changes, slots_of(after), set(), complete=True)
    assert len(fewer) <= len(changes)
    assert_reached(Kernel(before).run(fewer), after)


slots = st.sampled_from(
    [
        (ETH0, 0x0800, 770),
        (ETH0, 0x0800, 10),
        (LO, 0x0800, 513),
        (Place("", "pm-web"), 0x0806, 258),
    ]
)


@settings(max_examples=15)
@given(damaged(), hosts(), st.frozensets(slots))
def test_strangers_keep_their_filters_and_what_those_hang_on(before, after, strangers):
    changes = plan.diff(before, after)
    fewer = order.shorten(changes, slots_of(after), set(strangers), complete=True)
    now = Kernel(before, strangers).run(fewer)
    left = {name: item for name, item in without_settings(now).items() if name not in after}
    assert {item.place for item in left.values()} <= {place for place, *rest in strangers}
    assert all(isinstance(item, Qdisc) for item in left.values())


@settings(max_examples=15)
@given(hosts(present=True))
def test_a_host_that_is_not_known_in_full_loses_only_what_is_named(before):
    """Other containers' filters at the same priority are in no state of this run."""
    after = state([*prepared(), *placed()])
    changes = order.shorten(plan.diff(before, after), slots_of(after), set(), complete=False)
    flushed = [change.subject for change in changes if isinstance(change.subject, Priority)]
    slots = [(item.protocol, item.priority) for item in flushed if item.place in (ETH0, LO)]
    assert set(slots) <= {(0x0806, 258)}  # ARP: one chain of mirrors, always known as a whole
