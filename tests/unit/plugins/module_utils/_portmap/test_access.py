# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container may reach, and who may reach it: asked, told, written down and read back."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import summary
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.containers import (
    Decision,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import codec
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.plane import U32
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import tenants
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.access import (
    OPEN,
    Access,
    read_words,
    words,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.access import (
    Wish,
    check_room,
    computed,
    read_networks,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import Ask
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    HOST,
    WEB,
)

DNS, WEB_PORTS = Range(53, 53), Range(8000, 8099)
CLOSED = Access(False, ())
BUT = Access(False, (DNS, WEB_PORTS))
TEN, ONE = IPv4Network("10.0.0.0/8"), IPv4Network("192.0.2.1/32")
ALL, ALL_SIX = IPv4Network("0.0.0.0/0"), IPv6Network("::/0")
SIX = IPv6Network("2001:db8::/32")
SOME = Access(allow_from=(TEN, ONE))
NOBODY = Access(allow_from=())


@pytest.mark.parametrize(
    ("wish", "have", "expected"),
    [
        (Wish(), OPEN, OPEN),
        (Wish(), BUT, BUT),
        (Wish(False), OPEN, CLOSED),
        (Wish(False), BUT, BUT),
        (Wish(False, (DNS,)), OPEN, Access(False, (DNS,))),
        (Wish(None, (DNS,)), BUT, Access(False, (DNS,))),
        (Wish(None, ()), BUT, CLOSED),
        (Wish(True), BUT, OPEN),
        (Wish(True, ()), BUT, OPEN),
        (BUT, OPEN, BUT),
        (Wish(), SOME, SOME),
        (Wish(allow_from=(ONE, TEN, ONE)), OPEN, SOME),
        (Wish(allow_from=(TEN,)), BUT, BUT._replace(allow_from=(TEN,))),
        (Wish(allow_from=()), SOME, NOBODY),
        (Wish(allow_from=(ONE, ALL_SIX, ALL)), SOME, OPEN),
        (Wish(allow_from=(ONE, ALL)), SOME, Access(allow_from=(ALL,))),
        (Wish(allow_from=(SIX, TEN, SIX)), SOME, Access(allow_from=(TEN, SIX))),
    ],
)
def test_what_is_left_out_stays(wish, have, expected):
    assert computed(wish, "web", have) == expected


@pytest.mark.parametrize("wish", [Wish(True, (DNS,)), Wish(None, (DNS,))])
def test_ports_of_a_host_that_is_open_are_refused(wish):
    with pytest.raises(InvalidRequest, match="cannot open ports of the host to web: all of them"):
        computed(wish, "web", OPEN)


@pytest.mark.parametrize(
    ("access", "word"),
    [
        (OPEN, None),
        (CLOSED, "host=closed"),
        (BUT, "host=closed,53,8000-8099"),
        (SOME, "from=10.0.0.0/8,192.0.2.1/32"),
        (NOBODY, "from="),
    ],
)
def test_it_is_read_as_it_was_written(access, word):
    assert words(access) == ([word] if word else [])
    assert read_words(["netns=x", *words(access), "ports=a:1-2"]) == access
    assert codec.read_access(codec.access_json(access)) == access
    web = WEB._replace(access=access)
    assert tenants.read_told(tenants.alias(web)).access == access


@pytest.mark.parametrize(
    ("word", "networks"),
    [("from=x", ()), ("from=10.0.0.1/8", ()), ("from=10.0.0.0/8,x", (TEN,)), ("from=,", ())],
)
def test_networks_that_cannot_be_read_let_nobody_come(word, networks):
    assert read_words([word]) == Access(allow_from=networks)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "fe80::1/10", "10.0.0.0/33", "x", "10.0.0.0/8/8"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(InvalidRequest, match=f"cannot use allow_from '{text}': expected a net"):
        read_networks([text])


def test_networks_are_read_with_and_without_their_size():
    assert read_networks([" 10.0.0.0/8", "192.0.2.1", "10.0.0.0/255.0.0.0"]) == (TEN, ONE, TEN)


@pytest.mark.parametrize("word", ["host=closed,x", "host=closed,0-70000", "host=closed,"])
def test_words_that_cannot_be_read_open_nothing(word):
    assert read_words([word]) == CLOSED


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"host": False},
        {"host_services": 0, "host_ports": [], "allow_from": None},
        {"host_services": True, "host_ports": ["53"], "allow_from": None},
        {"host_services": True, "allow_from": None},
        {"host_services": False, "host_ports": "53", "allow_from": None},
        {"host_services": True, "host_ports": [], "allow_from": ["10.0.0.1/8"]},
        {"host_services": True, "host_ports": [], "allow_from": [1]},
        {"host_services": True, "host_ports": [], "allow_from": "10.0.0.0/8"},
    ],
)
def test_what_no_request_can_have_led_to_is_not_restored(value):
    with pytest.raises((ValueError, TypeError, KeyError)):
        codec.read_access(value)


def test_it_is_told_in_words():
    for had, now, line in (
        (OPEN, CLOSED, "web: host services open -> closed but for none"),
        (CLOSED, BUT, "web: host services closed but for none -> closed but for 53, 8000-8099"),
        (BUT, OPEN, "web: host services closed but for 53, 8000-8099 -> open"),
        (OPEN, SOME, "web: allow_from everybody -> 10.0.0.0/8, 192.0.2.1/32"),
        (SOME, NOBODY, "web: allow_from 10.0.0.0/8, 192.0.2.1/32 -> nobody"),
    ):
        before, after = WEB._replace(access=had), WEB._replace(access=now)
        assert summary.changes(Decision([Ask("web")], [after], {"web": before}), set()) == [line]
    assert summary.diff(Decision([Ask("web")], [WEB._replace(access=CLOSED)], {}))[1] == (
        "web: ports 31000-31007, ephemeral ports 30016-30031, host services closed but for none\n"
    )


def test_what_the_link_has_no_room_for_is_refused_with_what_it_has_room_for():
    fits = WEB._replace(access=Access(False, tuple(Range(n, n) for n in range(10001, 10077, 2))))
    assert len(tenants.alias(fits)) == 251
    check_room(fits)
    more = fits.access.host_ports + (Range(20000, 20000),)
    with pytest.raises(
        InvalidRequest, match=r"the 39 items of host_ports of web: the kernel has room.*38 of them"
    ):
        check_room(WEB._replace(access=Access(False, more)))


def test_of_networks_it_is_said_how_many_fit():
    networks = tuple(IPv4Network(f"192.168.{number}.128/25") for number in range(100, 200))
    with pytest.raises(
        InvalidRequest, match=r"the 100 items of allow_from of web: .*; 11 of them fit"
    ):
        check_room(WEB._replace(access=BUT._replace(allow_from=networks)))
    check_room(WEB._replace(access=BUT._replace(allow_from=networks[:11])))


@pytest.mark.parametrize("asked", [CLOSED, SOME, NOBODY])
def test_steering_by_filters_cannot_do_it(asked):
    with pytest.raises(InvalidRequest, match="cannot do for web what is asked"):
        U32().of_container(HOST, WEB._replace(access=asked), {})
