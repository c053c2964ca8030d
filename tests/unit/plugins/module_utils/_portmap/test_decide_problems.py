# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import problems
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.next_boot import (
    Entry,
    Saved,
    SavedFile,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.handle import Handle
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import Change
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import LinkUp
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.plane import Foreign
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import mirrors
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.fields import (
    Action,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import (
    HostOptions,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Block,
    Range,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    DB,
    HOST,
    WEB,
    survey,
)

ETH0 = Place("", "eth0", "shared")
OPTIONS = HostOptions("", "", (), Range(30016, 30999), 16, None, "relax")


def entry(*targets: str) -> Filter:
    actions = tuple(Action("redirect", target) for target in targets)
    return Filter(ETH0, 0x0800, 770, 0x302, 0x79, 0x418, (), actions)


def told(*changes: Change) -> list[tuple[str | None, str]]:
    found = problems.drift(survey(WEB, DB), changes)
    return [(one["container"], one["kind"]) for one in found]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(None, Handle("web", "/run/netns/web", 7)), [("web", "missing")]),
        (Change(None, LinkUp(Place("", "pm-db"))), [("db", "missing")]),
        (Change(None, Sysctl("web", "net/core/somaxconn", "1")), [("web", "missing")]),
        (Change(None, Sysctl("", "net/ipv6/conf/pm-web/disable_ipv6", "1", "pm-web")), [("web", "missing")]),
        (Change(None, entry("pm-web")), [("web", "missing")]),
        (Change(entry("pm-web"), None), [("web", "foreign")]),
        (Change(entry("pm-web"), entry("pm-db")), [("db", "changed")]),
        (Change(entry(""), entry("pm-web")), [("web", "stale")]),
        (Change(entry(""), None), []),  # told as an orphan, once
        (Change(entry("pm-x"), None), []),
    ],
)  # fmt: skip
def test_a_change_is_told_of_the_container_that_it_is_about(change, expected):
    assert told(change) == expected


def test_of_a_mirror_those_are_told_who_are_not_in_it():
    has, shall = (
        mirrors.mirrors(HOST, {1: veths}, "arp")[0] for veths in (("pm-web",), ("pm-db", "pm-web"))
    )
    assert told(Change(has, shall)) == [("db", "changed")]
    gone = mirrors.mirrors(HOST, {1: ("", "pm-web")}, "arp")[0]
    assert told(Change(gone, has)) == []  # told as an orphan, once


def test_what_leads_to_no_container_is_told_once():
    seen = survey(
        WEB,
        blocks={"pm-web": [Block(31000, 8)], "": [Block(80, 1)], "pm-old": [Block(81, 1)]},
        copies={"arp": {1: ("pm-web", "", "pm-old")}},
    )
    assert [(one["kind"], one["description"]) for one in problems.orphans(seen)] == [
        ("stale", "ports 80 lead to a link that is gone"),
        ("orphan", "ports 81 lead to pm-old"),
        ("stale", "ARP and ICMP are mirrored to a link that is gone"),
        ("orphan", "ARP and ICMP are mirrored to pm-old"),
    ]


@pytest.mark.parametrize(
    ("place", "between", "expected"),
    [
        (ETH0, True, [None]),
        (ETH0, False, []),  # beside ours, on an interface that is not ours
        (Place("", "pm-web"), False, ["web"]),
        (Place("", "pm-gone"), False, ["pm-gone"]),
        (Place("web", "eth0"), False, ["web"]),
    ],
)
def test_filters_of_others_are_told_where_they_can_come_in_between(place, between, expected):
    found = problems.strangers(survey(WEB), [Foreign(place, "bpf", 3, 5, 1, between)])
    assert [one["container"] for one in found] == expected


def test_a_host_that_moved_is_told():
    assert problems.host_changed(HOST, HOST.applied) == []
    (found,) = problems.host_changed(HOST, HOST.applied[:-1])
    assert "an earlier version" in found["description"]
    (found,) = problems.host_changed(HOST, ("10.0.0.9", *HOST.applied[1:]))
    assert "10.0.0.1 24 02:00:00:00:00:01 1500 10.0.0.254" in found["description"]


def test_a_parameter_that_the_kernel_lacks_is_no_problem():
    wanted = {"net/a": "1", "net/b": "1", "net/c": "1"}
    (found,) = problems.sysctls_differ(wanted, {"net/a": "1", "net/b": "0"})
    assert found["description"] == "sysctl net.b is 0, not 1"


KEPT = Entry("web", "web", "created", WEB.service, WEB.ephemeral)


@pytest.mark.parametrize(
    ("saved", "now", "kinds"),
    [
        ({"web": KEPT}, {"web": KEPT}, []),
        ({"web": KEPT}, {}, ["missing"]),
        ({}, {"web": KEPT}, ["changed"]),
        ({"web": KEPT}, {"web": KEPT._replace(ephemeral=None)}, ["changed"]),
        ({"web": KEPT}, {"web": KEPT._replace(origin="attached")}, ["changed"]),
        ({"web": KEPT}, {"web": KEPT._replace(service=())}, ["changed"]),
        ({"web": KEPT._replace(netns="/a")}, {"web": KEPT._replace(netns="")}, []),  # no path is known
    ],
)  # fmt: skip
def test_what_would_not_come_back_after_a_boot_is_told(saved, now, kinds):
    found = problems.next_boot_differs(SavedFile(Saved(OPTIONS, saved), ""), now, None)
    assert [one["kind"] for one in found] == kinds


@pytest.mark.parametrize(("problem", "kind"), [("", "missing"), ("it is torn", "changed")])
def test_a_file_for_the_next_boot_that_cannot_be_used_is_told(problem, kind):
    (found,) = problems.next_boot_differs(SavedFile(None, problem), {}, None)
    assert found["kind"] == kind
    assert (problem or "missing") in found["description"]
