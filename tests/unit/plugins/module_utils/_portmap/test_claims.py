# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Container,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import claims
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import (
    Ask,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.wishes import (
    POOLS,
    complaint,
    have,
    ranges,
    resolve,
    wish,
)
from hypothesis import given
from hypothesis import strategies as st

# --- who gets what ------------------------------------------------------------------------------


def test_a_container_gets_what_it_asks_for_and_the_lowest_free_ephemeral_range():
    (web,) = resolve(wish("web", "31000-31007", "31010"))
    assert web == Container(
        "web", "web", "created", 0, ranges("31000-31007", "31010"), Range(30016, 30031)
    )


def test_ephemeral_ranges_are_handed_out_from_the_low_end_in_the_order_of_the_list():
    placed = resolve(wish("b"), wish("a"), wish("c"))
    assert [(item.name, str(item.ephemeral)) for item in placed] == [
        ("b", "30016-30031"),
        ("a", "30032-30047"),
        ("c", "30048-30063"),
    ]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({"others": {"db": ranges("30016-30031")}}, "30032-30047"),
        ({"others": {"db": ranges("30040")}}, "30016-30031"),
        ({"others": {"db": ranges("30016", "30047")}}, "30048-30063"),
        ({"listening": {30020}}, "30032-30047"),
        ({"connected": [30020]}, "30032-30047"),
        ({"connected": [30020, 30020, 30047]}, "30048-30063"),
        (
            {"listening": {30020, 30033, 22}, "others": {"db": ranges("30048-30063")}},
            "30064-30079",
        ),
    ],
)
def test_ports_of_others_and_ports_in_use_on_the_host_are_not_handed_out(taken, expected):
    (web,) = resolve(wish("web"), **taken)
    assert str(web.ephemeral) == expected


def test_a_range_that_a_later_request_names_is_not_handed_out():
    first, second = resolve(wish("first"), wish("second", ephemeral="30016-30031"))
    assert (str(first.ephemeral), str(second.ephemeral)) == ("30032-30047", "30016-30031")


def test_ports_left_out_stay_as_they_are_and_an_empty_list_takes_them_away():
    web = have("web", "31000-31007", ephemeral="30512-30527")
    (kept,) = resolve(Ask("web"), current=[web])
    assert (kept.service, kept.ephemeral) == (ranges("31000-31007"), Range(30512, 30527))
    (bare,) = resolve(wish("web"), current=[web])
    assert (bare.service, bare.ephemeral) == ((), Range(30512, 30527))


def test_who_is_to_go_needs_no_ports():
    assert resolve(Ask("web", present=False)) == []


def test_ports_may_move_from_one_container_of_a_list_to_another():
    web = have("web", "31000-31007", ephemeral="30016-30031")
    db = have("db", "31008-31015", ephemeral="30032-30047")
    now = resolve(wish("web", "31008-31015"), wish("db", "31000-31007"), current=[web, db])
    assert [str(item.service[0]) for item in now] == ["31008-31015", "31000-31007"]


def test_its_own_listeners_do_not_stop_a_container_from_keeping_its_ports():
    web = have("web", "31000-31007", ephemeral="30016-30031")
    (kept,) = resolve(Ask("web"), current=[web], listening={31000, 30020})
    assert kept.owned == web.owned


def test_ports_that_a_container_owns_are_not_judged_again():
    web = have("web", "31000-31007", ephemeral="30016-30031")
    (kept,) = resolve(wish("web", "31000-31007"), current=[web], connected=[31000, 30020])
    assert kept.owned == web.owned


def test_who_insists_gets_ports_with_connections_but_none_with_listeners():
    asked = wish("web", "31000-31007", ephemeral="30016-30031", force=True)
    (got,) = resolve(asked, connected=[31000, 30020])
    assert got.owned == ranges("30016-30031", "31000-31007")
    assert "a process of the host uses them" in complaint(resolve, asked, listening=[31000])


def test_who_insists_gets_the_range_with_the_fewest_connections():
    others = {"all": ranges("30001-30031", "30064-30999")}
    (got,) = resolve(wish("web", force=True), others=others, connected=[30032, 30033, 30050])
    assert str(got.ephemeral) == "30048-30063"


@pytest.mark.parametrize(
    ("requests", "more", "sentence"),
    [
        ([wish("web", "30999-31000")], {}, "cannot give ports 30999 to web: outside the host's pool 31000-32000"),
        ([wish("web", "80", "443")], {}, "cannot give ports 80, 443 to web: outside the host's pool 31000-32000"),
        ([wish("web", "31000")], {"pools": POOLS._replace(service=())}, "cannot give ports 31000 to web: outside the host's pool (empty)"),
        ([wish("web", ephemeral="31000-31015")], {}, "cannot give ephemeral_ports 31000-31015 to web: outside the host's pool 30001-30999"),
        ([wish("web", ephemeral="30016-30023")], {}, (
            "cannot give ephemeral_ports 30016-30023 to web: the size must be a power of two, 16 or more, "
            "and the first port a multiple of it"
        )),
        ([wish("web", ephemeral="30016-30063")], {}, (
            "cannot give ephemeral_ports 30016-30063 to web: the size must be a power of two, 16 or more, "
            "and the first port a multiple of it"
        )),
        ([wish("web", ephemeral="30024-30039")], {}, (
            "cannot give ephemeral_ports 30024-30039 to web: the size must be a power of two, 16 or more, "
            "and the first port a multiple of it"
        )),
        ([wish("web", "31000-31007")], {"others": {"db": ranges("31004-31009")}}, "cannot give ports 31004-31007 to web: container db owns them"),
        ([wish("web", ephemeral="30016-30031")], {"others": {"db": ranges("30031")}}, "cannot give ports 30031 to web: container db owns them"),
        ([wish("web", "31000-31007")], {"others": {"pm-db": ranges("31004-31009")}, "owner_name": {"pm-db": "db"}.get},
         "cannot give ports 31004-31007 to web: container db owns them"),
        ([wish("web", "31000-31007"), wish("db", "31007")], {}, "cannot give ports 31007 to db: container web owns them"),
        ([wish("web", ephemeral="30016-30031"), wish("db", ephemeral="30016-30047")], {}, "cannot give ports 30016-30031 to db: container web owns them"),
        ([wish("web", "31000-31007")], {"listening": {22, 31003, 31005}},
         "cannot give ports 31003, 31005 to web: a process of the host uses them, such as curl (pid 1) on UDP port 31003 (see ss -lntup)"),
        ([wish("web", "31000-31015")], {"listening": {31002, 31012}, "current": [have("web", "31000-31007", ephemeral="30016-30031")]},
         "cannot give ports 31012 to web: a process of the host uses them, such as curl (pid 1) on UDP port 31012 (see ss -lntup)"),
        ([wish("web", "31000-31007", "31010-31011", ephemeral="30016-30031")], {"connected": [31003, 31003, 31011, 31012, 22]}, (
            "cannot give ports 31000-31007, 31010-31011 to web: the host has 3 connections open from there, such as that of curl (pid 2)"
            " from TCP port 31003 to 192.0.2.1:443, and would hear no answer any more; end that, give other ports, or set force"
        )),
        ([wish("web")], {"others": {"all": ranges("30001-30031", "30064-30999")}, "connected": [30032, 30033, 30050]}, (
            "cannot give ports 30048-30063 to web: the host has a connection open from there, such as that of curl (pid 2)"
            " from TCP port 30050 to 192.0.2.1:443, and would hear no answer any more; end that, give other ports, or set force"
        )),
        ([wish("web")], {"others": {"all": ranges("30001-30999")}}, "cannot place web: no free range of 16 ephemeral ports is left in 30001-30999"),
        ([wish("a"), wish("b")], {"pools": POOLS._replace(per_container=512)}, "cannot place b: no free range of 512 ephemeral ports is left in 30001-30999"),
        ([wish("web/1")], {}, "cannot use name 'web/1': a container's name has 1 to 63 letters, digits, '.', '_' and '-', and starts with a letter or a digit"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_granted_is_refused_with_its_reason(requests, more, sentence):
    if "30016-30047" in sentence or requests[-1].ephemeral == Range(30016, 30047):
        more = {**more, "pools": POOLS._replace(ephemeral=Range(30016, 30999))}
    assert complaint(resolve, *requests, **more) == sentence


def test_two_others_that_share_a_port_are_not_this_task_s_affair():
    shared = {"db": ranges("31008"), "pm-old": ranges("31008")}
    assert [item.name for item in resolve(wish("web", "31000"), others=shared)] == ["web"]


service_ranges = st.lists(
    st.tuples(st.integers(31000, 32000), st.integers(0, 200)).map(
        lambda pair: Range(pair[0], min(pair[0] + pair[1], 32000))
    ),
    max_size=2,
).map(claims.ports.join)
requests = st.lists(
    st.builds(
        lambda name, ports, ephemeral: Ask(name, ports=ports, ephemeral=ephemeral),
        st.sampled_from("abcdef"),
        st.one_of(st.none(), service_ranges),
        st.one_of(st.none(), st.integers(1876, 1936).map(lambda at: Range(at * 16, at * 16 + 15))),
    ),
    unique_by=lambda item: item.name,
    max_size=5,
)
listeners = st.sets(st.integers(30001, 32000), max_size=5)


@given(requests, listeners)
def test_whatever_is_granted_is_nobody_else_s_and_stays_the_same_when_asked_again(wishes, busy):
    others = {"other": ranges("31100-31199", "30016-30031")}
    try:
        placed = resolve(*wishes, others=others, listening=busy)
    except InvalidRequest:
        return
    owned = [
        port
        for items in (*others.values(), *(item.owned for item in placed))
        for first, last in items
        for port in range(first, last + 1)
    ]
    assert len(owned) == len(set(owned))
    for item in placed:
        assert all(busy.isdisjoint(range(first, last + 1)) for first, last in item.owned)
    for item, asked in zip(placed, wishes):
        assert item.service == (asked.ports or ())
        assert asked.ephemeral in (None, item.ephemeral)
        assert item.ephemeral.first % 16 == 0
        assert item.ephemeral.size == 16
    assert resolve(*wishes, others=others, current=placed, listening=busy) == placed


# --- changing the ports of one container --------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "given_ports", "expected"),
    [
        ("present", ["31008-31015"], ["31000-31015"]),
        ("present", ["31000"], ["31000-31007"]),
        ("absent", ["31002-31003"], ["31000-31001", "31004-31007"]),
        ("absent", ["31100"], ["31000-31007"]),
        ("absent", ["31000-31007"], []),
        ("exact", ["31004"], ["31004"]),
        ("exact", [], []),
    ],
)
def test_ports_are_added_taken_away_or_set(state, given_ports, expected):
    now = claims.changed_ports(ranges("31000-31007"), ranges(*given_ports), state)
    assert [str(item) for item in now] == expected


# --- what is left of a range ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["30016-30031"], "30016-30031"),
        (["30080-30143"], "30080-30143"),
        (["30017-30031"], "30016-30031"),  # its first port leads elsewhere
        (["30016-30020", "30022-30031"], "30016-30031"),
        (["30016"], "30016-30031"),
        (["30016-30031", "30040"], "30016-30031"),  # one of somebody else leads to it
        (["30017-30040"], None),
        (["30016-30031", "30064-30079"], None),
        ([], None),
    ],
)
def test_a_container_has_the_range_of_which_it_has_ports(found, expected):
    (wanted,) = ranges(expected) if expected else [None]
    assert claims.whole_ephemeral(ranges(*found), 16) == wanted
