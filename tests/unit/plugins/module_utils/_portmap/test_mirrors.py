# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    mirrors,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    HOST,
)
from hypothesis import given
from hypothesis import strategies as st

veths = st.sampled_from([f"pm-{number}" for number in range(100)])
chains = st.dictionaries(
    st.integers(1, 6), st.lists(st.one_of(st.just(""), veths), max_size=32).map(tuple), max_size=5
)


def everybody(chain: dict[int, tuple[str, ...]]) -> list[str]:
    return [veth for node in sorted(chain) for veth in chain[node]]


def test_seventy_containers_need_three_mirror_filters():
    wanted = [f"pm-{number:02}" for number in range(70)]
    chain = mirrors.place_mirrors({}, wanted, [])
    assert {node: len(veths) for node, veths in chain.items()} == {1: 32, 2: 32, 3: 6}
    arp, icmp = (mirrors.mirrors(HOST, chain, name) for name in ("arp", "icmp"))
    assert [str(item).split(" mirror ", maxsplit=1)[0] for item in (*arp, *icmp)] == [
        "filter dev eth0 ingress protocol arp prio 258 0:0:1 match arp reply",
        "filter dev eth0 ingress protocol arp prio 258 0:0:2 match arp reply",
        "filter dev eth0 ingress protocol arp prio 258 0:0:3 match arp reply",
        "filter dev eth0 ingress protocol ip prio 514 202:0:1",
        "filter dev eth0 ingress protocol ip prio 514 202:0:2",
        "filter dev eth0 ingress protocol ip prio 514 202:0:3",
    ]


@pytest.mark.parametrize(
    ("observed", "wanted", "unwanted", "expected"),
    [
        ({}, [], [], {}),
        ({}, ["b", "a"], [], {1: ("a", "b")}),
        ({1: ("a",)}, ["b"], [], {1: ("a", "b")}),
        ({1: ("a", "b")}, [], ["a"], {1: ("b",)}),
        ({1: ("a",)}, [], ["a"], {}),
        ({1: ("a", "")}, [], [], {1: ("a",)}),  # a link that is gone
        ({1: ("a", "a"), 2: ("a", "b")}, [], [], {1: ("a",), 2: ("b",)}),  # told twice
        ({2: ("b",)}, ["c"], [], {1: ("c",), 2: ("b",)}),  # the first gap
    ],
)
def test_newcomers_fill_the_first_gap_and_nobody_moves(observed, wanted, unwanted, expected):
    assert mirrors.place_mirrors(observed, wanted, unwanted) == expected


@given(chains, st.sets(veths), st.sets(veths))
def test_the_chain_holds_who_shall_be_there_and_nobody_moves(observed, wanted, unwanted):
    wanted -= unwanted
    chain = mirrors.place_mirrors(observed, wanted, unwanted)
    members = everybody(chain)
    assert len(members) == len(set(members))
    assert set(members) == (set(everybody(observed)) | wanted) - unwanted - {""}
    assert all(1 <= len(veths) <= 32 for veths in chain.values())
    first = {veth: node for node in sorted(observed, reverse=True) for veth in observed[node]}
    now = {veth: node for node, veths in chain.items() for veth in veths}
    assert all(now[veth] == node for veth, node in first.items() if veth in now)
    # Asking again changes nothing.
    assert mirrors.place_mirrors(chain, wanted, unwanted) == chain
    assert mirrors.place_mirrors(chain, [], []) == chain


def test_one_more_container_changes_one_filter():
    full = mirrors.place_mirrors({}, [f"pm-{number:04}" for number in range(1000)], [])
    more = mirrors.place_mirrors(full, ["pm-new"], [])
    assert [node for node in more if more[node] != full.get(node)] == [32]
