# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards as values: which ports are judged, what the program is told, what is written and read back."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    guards as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import violations
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.guards import (
    Ask,
    Host,
    Wish,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import attaching
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import cgroups, systemd
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import (
    guards as memory,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.guards import (
    Guard,
    Guards,
    Inside,
    Ports,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.sockets import (
    Listener,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import (
    guards as layout,
)

POOLS = (Range(31000, 32000),)
HOST = Host(POOLS, Range(57344, 60999), ())
NONE = Guards({})


def ports(*items: str) -> Ports:
    return Ports.read(items, "ports")


def wish(*asks: Ask, policed: str = "pools", purge: bool = False) -> Wish:
    return Wish(asks, purge, (policed,), "deny", False, None)


def web(*items: str) -> Ask:
    return Ask("web", True, "unit", "web.service", ports(*items))


@pytest.mark.parametrize(
    ("items", "written"),
    [
        (["31000-31007"], ["31000-31007"]),
        (["53/udp"], ["53/udp"]),
        (["53/udp", "53/tcp"], ["53"]),
        (["31000-31007", "31008/tcp"], ["31000-31007", "31008/tcp"]),
        (
            ["31000-31003/tcp", "31002-31005/udp"],
            ["31000-31001/tcp", "31002-31003", "31004-31005/udp"],
        ),
    ],
)
def test_ports_are_written_as_the_fewest_items(items, written):
    assert ports(*items).written() == written
    assert ports(*written) == ports(*items)


@pytest.mark.parametrize("item", ["53/sctp", "a", "", "0", "2-1", "53/udp/tcp"])
def test_what_is_no_port_is_refused_with_its_option(item):
    with pytest.raises(InvalidRequest, match="ports"):
        ports(item)


def allowed(rules: bytes, port: int) -> tuple[bool, bool]:
    """Of TCP and of UDP; the bits begin behind two numbers and the namespace."""
    tcp, udp = rules[16:8208], rules[8208:]
    return tuple(bool(bits[port >> 3] >> (port & 7) & 1) for bits in (tcp, udp))  # type: ignore[return-value]


def test_a_program_is_told_what_is_its_own_or_not_judged():
    guard = decide.wanted(NONE, wish(web("31000-31007", "31500/udp")), HOST).guards["web"]
    rules = layout.rules(guard, 77)
    assert len(rules) == 16400
    assert struct.unpack_from("=IIQ", rules) == (1, 0, 77)
    assert [allowed(rules, port) for port in (30999, 31000, 31007, 32001, 65535, 0)] == [
        (True,) * 2
    ] * 6
    assert [allowed(rules, port) for port in (31008, 32000)] == [(False, False)] * 2
    assert allowed(rules, 31500) == (False, True)


def test_reporting_is_a_program_that_denies_nothing():
    asked = web()._replace(action="report")
    guard = decide.wanted(NONE, wish(asked), HOST).guards["web"]
    assert struct.unpack_from("=I", layout.rules(guard, 0)) == (0,)


def test_other_guards_stay_unless_they_are_purged():
    before = decide.wanted(NONE, wish(web("31000")), HOST)
    db = Ask("db", True, "cgroup", "/db", ports("31001"))
    assert sorted(decide.wanted(before, wish(db), HOST).guards) == ["db", "web"]
    assert sorted(decide.wanted(before, wish(db, purge=True), HOST).guards) == ["db"]
    assert decide.wanted(before, wish(Ask("web", False)), HOST).guards == {}


def test_a_run_tells_all_guards_of_new_pools():
    before = decide.wanted(NONE, wish(web("31000")), HOST)
    moved = HOST._replace(pools=(Range(20000, 20999),))
    after = decide.wanted(before, wish(), moved)
    assert after.guards["web"].judged == ports("20000-20999")
    unknown = HOST._replace(pools=None)  # after a boot, say: what was told stands
    assert decide.wanted(before, wish(), unknown) == before


def test_what_the_host_takes_by_itself_cannot_be_policed():
    with pytest.raises(InvalidRequest, match="so 57344-57349 cannot be policed; move that range"):
        decide.wanted(NONE, wish(web(), policed="57000-57349"), HOST)
    spared = HOST._replace(reserved=(Range(57344, 57349),))
    assert decide.wanted(NONE, wish(web(), policed="57000-57349"), spared)
    everything = decide.wanted(NONE, wish(web(), policed="all"), HOST).guards["web"].judged
    assert everything == ports("1-57343", "61000-65535")


INSIDE = Inside(ports("31100-31107", "32000-32015"), "/run/netns/cache")


def of_container(**more: object) -> Ask:
    return Ask("cache", True, "unit", "cache.service", container="cache")._replace(**more)


def test_a_guard_of_a_container_has_its_ports_and_judges_all_others():
    host = HOST._replace(containers={"cache": INSIDE})
    before = decide.wanted(NONE, wish(of_container()), host)
    guard = before.guards["cache"]
    assert (guard.ports, guard.namespace) == INSIDE
    assert guard.forbidden.tcp == (Range(1, 31099), Range(31108, 31999), Range(32016, 65535))
    assert decide.headlines(NONE, before) == [
        "cache: guard unit cache.service on 31100-31107, 32000-32015 of the container cache, deny"
    ]
    other = host._replace(containers={"cache": INSIDE._replace(ports=ports("31200"))})
    assert decide.wanted(before, wish(), other).guards["cache"].ports == ports("31200")
    assert decide.wanted(before, wish(), HOST) == before  # it is not placed: what was told stands
    assert memory.decode(memory.encode(before)) == before


def test_a_guard_of_a_container_is_refused_without_it_and_with_ports_of_its_own():
    with pytest.raises(InvalidRequest, match="there is no container cache on this host"):
        decide.wanted(NONE, wish(of_container()), HOST)
    host = HOST._replace(containers={"cache": INSIDE})
    with pytest.raises(InvalidRequest, match="cannot guard cache on 31100: the ports of the"):
        decide.wanted(NONE, wish(of_container(ports=ports("31100"))), host)


def test_headlines_are_for_people():
    before = decide.wanted(NONE, wish(web("31000")), HOST)
    after = decide.wanted(before, wish(web("31001")), HOST)
    assert decide.headlines(NONE, before) == [
        "web: guard unit web.service on 31000 of pools (31000-32000), deny"
    ]
    (said,) = decide.headlines(before, after)
    assert said.startswith("web: guard unit web.service on 31000 of pools")
    assert "-> unit web.service on 31001 of pools" in said
    assert decide.headlines(before, NONE) == ["web: no guard any more"]
    assert decide.headlines(before, before) == []


def test_what_is_written_is_read_back():
    asks = [
        web("31000-31007", "53/udp"),
        Ask("b", True, "slice", "a-b.slice", ports(), "stop"),
        Ask("c", True, "cgroup", "/machine.slice/c", ports("31100/tcp")),
    ]
    guards = decide.wanted(NONE, wish(*asks), HOST)
    assert memory.decode(memory.encode(guards)) == guards


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2}', '{"version": 1, "scan_interval": 1, "guards": [{}]}'],
)
def test_a_damaged_file_is_named(text):
    with pytest.raises(InvalidRequest, match=r"cannot read /etc/netiso-portmap/guards\.json"):
        memory.decode(text)


@pytest.mark.parametrize(
    ("name", "top", "path"),
    [
        ("batch.slice", "", "/batch.slice"),
        ("a-b-c.slice", "", "/a.slice/a-b.slice/a-b-c.slice"),
        ("user.slice", "", "/user.slice"),
        ("user-1000.slice", "", "/user.slice/user-1000.slice"),
        ("-.slice", "", "/"),
        ("a-b.slice", "/machine", "/machine/a.slice/a-b.slice"),
        ("-.slice", "/machine", "/machine"),
    ],
)
def test_a_slice_is_where_its_name_says_in_what_systemd_has(name, top, path):
    assert cgroups.of_slice(name, top) == path


def test_the_groups_of_units_are_read_in_the_order_of_the_question():
    said = (
        "Id=web.service\nControlGroup=/system.slice/web.service\n\n"
        "Id=off.service\nControlGroup=\n\nId=a=b.service\nControlGroup=/system.slice/a=b.service\n"
    )
    assert systemd.groups_in(said) == [
        "/system.slice/web.service",
        "",
        "/system.slice/a=b.service",
    ]


GUARD = Guard(
    "web", "unit", "web.service", ports("31000"), ("pools",), ports("31000-32000"), "deny", False
)


def record(kind: int, port: int, protocol: int) -> bytes:
    return struct.pack("=QQQIHH16s", 1, 2, 15298 << 32 | 15299, kind, port, protocol, b"python3")


def test_an_event_names_guard_process_and_port():
    event = violations.event(record(1, 31020, 262))
    assert violations.said(GUARD, event) == (
        "web: python3[15298] was refused MPTCP port 31020, which is not one of its ports (31000)"
    )
    report = GUARD._replace(action="report")
    assert "python3[15298] has taken MPTCP port 31020" in violations.said(report, event)
    raw = violations.event(record(3, 0, 132))
    assert violations.said(GUARD, raw) == (
        "web: python3[15298] was refused a SCTP socket, and may have TCP and UDP only"
    )
    fields = violations.fields(GUARD, "/web", event, event.kind)
    assert fields["PORTMAP_PORT"] == 31020
    assert fields["PORTMAP_PID"] == 15298
    assert fields["OBJECT_SYSTEMD_UNIT"] == "web.service"


def test_the_journal_finds_what_was_done_to_a_unit_by_its_name():
    assert violations.done(GUARD)["OBJECT_SYSTEMD_UNIT"] == "web.service"
    of_slice = GUARD._replace(kind="slice", target="batch.slice")
    assert "OBJECT_SYSTEMD_UNIT" not in violations.done(of_slice)


@pytest.mark.parametrize(
    ("protocol", "port", "is_forbidden"),
    [(6, 31000, False), (6, 31001, True), (17, 31001, True), (136, 31001, True), (6, 80, False)],
)
def test_a_listener_is_forbidden_when_its_port_is_judged_and_not_own(protocol, port, is_forbidden):
    one = Listener(protocol, port, 1, 2, 2, b"")
    assert violations.forbidden(GUARD, one) is is_forbidden


def test_at_first_all_sockets_are_looked_at_as_often_as_the_documents_say():
    """portmap_guard: 60 seconds when nothing was said yet."""
    assert Guards({}).scan_interval == 60


def test_a_group_that_is_not_there_is_not_guarded():
    assert attaching.attach("/nowhere/at/all", b"") is False
