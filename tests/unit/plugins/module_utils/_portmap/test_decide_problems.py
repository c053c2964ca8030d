# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.problems import (
    drift,
    earlier_filter,
    foreign_port,
    host_listener,
    leftovers,
    not_prepared,
    offloads,
    problem,
    replaced_namespace,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.queueing import Shape
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.address import (
    Address,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.bridge import (
    Bridge,
    BridgePort,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.handle import Handle
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import Change
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import (
    LinkUp,
    Veth,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.shaper import (
    End,
    Shaper,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.traffic_class import (
    TOP,
    TrafficClass,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.plane import Foreign
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import mirrors
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.fields import (
    Action,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Block,
    Range,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.process import (
    Process,
    unit_of,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.sockets import (
    HostSocket,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    DB,
    HOST,
    WEB,
    survey,
)

SITE = "ansible-playbook netiso.portmap.site -i inventory --limit HOST"
ETH0 = Place("", "eth0", "shared")


def entry(*targets: str) -> Filter:
    actions = tuple(Action("redirect", target) for target in targets)
    return Filter(ETH0, 0x0800, 770, 0x302, 0x79, 0x418, (), actions)


def told(*changes: Change) -> list[tuple[tuple[str, ...], str]]:
    found = drift.problems(survey(WEB, DB), changes, {}, set())
    return [(one.containers, one.description.split(":")[0]) for one in found]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(None, Handle("web", "/run/netns/web", 7)), [(("web",), "missing")]),
        (Change(None, LinkUp(Place("", "pm-db"))), [(("db",), "missing")]),
        (Change(None, Sysctl("web", "net/core/somaxconn", "1")), [(("web",), "missing")]),
        (Change(None, Sysctl("", "net/ipv6/conf/pm-web/disable_ipv6", "1", "pm-web")), [(("web",), "missing")]),
        (Change(None, entry("pm-web")), [(("web",), "missing")]),
        (Change(entry("pm-web"), None), [(("web",), "not wanted")]),
        (Change(entry("pm-web"), entry("pm-db")), [(("db",), "changed")]),
        (Change(entry(""), entry("pm-web")), [(("web",), "changed")]),
        (Change(entry(""), None), []),  # told as left behind, once
        (Change(entry("pm-x"), None), []),
        (Change(None, Bridge(Place("", "portmap-sink3", "shared"))), [((), "missing")]),
        (Change(Sysctl("", "net/a", "0"), Sysctl("", "net/a", "1")), [((), "changed")]),
    ],
)  # fmt: skip
def test_a_change_is_told_of_the_container_that_it_is_about(change, expected):
    assert told(change) == expected


def test_of_a_mirror_those_are_told_who_are_not_in_it():
    has, shall = (
        mirrors.mirrors(HOST, {1: veths}, "arp")[0] for veths in (("pm-web",), ("pm-db", "pm-web"))
    )
    assert told(Change(has, shall)) == [(("db",), "changed")]
    gone = mirrors.mirrors(HOST, {1: ("", "pm-web")}, "arp")[0]
    assert told(Change(gone, has)) == []  # told as left behind, once


def on_veth(name: str, node: int) -> Change:
    return Change(None, Filter(Place("", f"pm-{name}"), 0x0800, 771, 0x303, 0, node, (), ()))


def sysctl(name: str, file: str) -> Change:
    return Change(Sysctl(name, file, "1"), Sysctl(name, file, "2"))


def lost(name: str) -> list[Change]:
    """A pair that leads elsewhere, and what else has to be made anew with it."""
    place, peer = Place("", f"pm-{name}"), Place(name, "eth0")
    veth = Veth(place, peer, HOST.mac, 1500, f"portmap:{name}")
    inside = Address(peer, 2, "10.0.0.1", 24)
    entries = Change(entry(""), entry(f"pm-{name}"))
    return [Change(veth._replace(paired=False), veth), Change(None, inside), entries]


SEVERAL = {
    "all filters of a link": (
        [on_veth("web", 1), on_veth("web", 2), Change(None, Qdisc(Place("", "pm-web"), "clsact"))],
        [(("web",), "filters of pm-web")],
    ),
    "the filters of two": (
        [on_veth("web", 1), on_veth("db", 2)],
        [(("db", "web"), "missing")],
    ),
    "two parameters of one, one of the other": (
        [sysctl("web", "net/a"), sysctl("web", "net/b"), sysctl("db", "net/a")],
        [(("db",), "changed"), (("web",), "parameters of web")],
    ),
    "the same parameter of both": (
        [sysctl("web", "net/a"), sysctl("db", "net/a")],
        [(("db", "web"), "changed")],
    ),
    "the link of one, which takes much along": (lost("web"), [(("web",), "container of web")]),
    "a bridge and its port": (
        [
            Change(None, Bridge(Place("", "portmap-sink3", "shared"))),
            Change(None, BridgePort(Place("", "pm-web"), "portmap-sink3")),
        ],
        [(("web",), "link of portmap-sink3")],
    ),
}


@pytest.mark.parametrize("damage", SEVERAL)
def test_what_has_one_cause_is_told_once(damage):
    changes, expected = SEVERAL[damage]
    assert told(*changes) == expected


def test_what_takes_the_others_along_is_named_first():
    place, ends = Place("", "portmap-out0", "shared"), (End(HOST.mac, 1500), End(HOST.mac, 1500))
    pair = Shaper(place, "portmap-out1", ends)
    top = TrafficClass(place, TOP, Shape(1, 1, 1, 1, 1), None)
    (problem,) = drift.problems(survey(WEB), [Change(None, top), Change(None, pair)], {}, set())
    assert f"such as {pair}" in problem.description


def test_a_container_that_cannot_be_compared_is_told_with_the_reason():
    changes = [on_veth("web", 1), on_veth("db", 1)]
    found = drift.problems(survey(WEB, DB), changes, {"web": "its handle is gone"}, set())
    assert [(one.containers, one.description.split(",")[0]) for one in found] == [
        (("db",), f"missing: {changes[1].after}"),
        (("web",), "web: its handle is gone"),
    ]


def test_all_that_is_wrong_is_among_the_objects():
    changes = [on_veth("web", 1), on_veth("db", 2), on_veth("db", 3)]
    found = drift.problems(survey(WEB, DB), changes, {}, set())
    assert sorted(line for one in found for line in one.objects) == sorted(
        f"missing: {one.after}" for one in changes
    )


def test_a_problem_is_repaired_by_placing_again_or_by_preparing_again():
    def repair(*changes: Change) -> str:
        (found,) = drift.problems(survey(WEB, DB), changes, {}, set())
        return found.repair

    container = "ansible HOST -b -m netiso.portmap.portmap_container -a"
    assert repair(on_veth("web", 1)) == f"{container} name=web"
    both = '{"containers": [{"name": "db"}, {"name": "web"}]}'
    assert repair(on_veth("web", 1), on_veth("db", 1)) == f"{container} '{both}'"
    assert repair(Change(None, Bridge(Place("", "portmap-sink3", "shared")))) == SITE
    assert problem.place([f"c{number}" for number in range(21)]) == SITE


def test_what_leads_to_no_container_is_told_once():
    seen = survey(
        WEB,
        blocks={"pm-web": [Block(31000, 8)], "": [Block(80, 1)], "pm-old": [Block(81, 1)]},
        copies={"arp": {1: ("pm-web", "", "pm-old")}},
    )
    assert [(one.containers, one.objects) for one in leftovers.problems(seen, ["db"], True)] == [
        (
            (),
            (
                "ports 81 lead to pm-old, which is no container's",
                "ARP and ICMP are mirrored to pm-old, which is no container's",
            ),
        ),
        (
            ("db",),
            (
                "ports 80 lead to a link that is gone",
                "ARP and ICMP are mirrored to a link that is gone",
                "the namespace handle db was made for it, but there is no link",
            ),
        ),
    ]
    (only,) = leftovers.problems(seen, ["db"], False)
    assert len(only.objects) == 1


@pytest.mark.parametrize(
    ("place", "between", "expected"),
    [
        (ETH0, True, [()]),
        (ETH0, False, []),  # beside ours, on an interface that is not ours
        (Place("", "pm-web"), False, [("web",)]),
        (Place("", "pm-gone"), False, [("pm-gone",)]),
        (Place("web", "eth0"), False, [("web",)]),
    ],
)
def test_filters_of_others_are_told_where_they_can_come_in_between(place, between, expected):
    found = earlier_filter.problems(survey(WEB), [Foreign(place, "bpf", 3, 5, 1, between)], {})
    assert [one.containers for one in found] == expected


def test_filters_of_others_on_one_link_are_one_problem():
    alike = [Foreign(ETH0, "bpf", 3, prio, 1, False, True) for prio in range(5, 10)]
    first, second = earlier_filter.problems(survey(WEB), alike, {"eth0": [7], "lo": []})
    assert "prio 7 bpf handle 1 and 2 more of somebody else can keep" in first.description
    assert first.repair == ""
    assert "or do without it (tc filter delete dev eth0 ingress pref 5)" in first.description
    assert len(first.objects) == 5
    assert "eBPF program 7 at the ingress of eth0" in second.description


def test_a_process_is_told_once_with_all_its_ports():
    owners = {"web": WEB.owned, "db": DB.owned}
    sockets = [HostSocket("TCP", port, "", 5) for port in (31001, 31008)]
    others = [HostSocket("TCP", 31002, "10.0.0.9:80", 6), HostSocket("TCP", 80, "", 7)]
    found = host_listener.heard_in_vain(owners, [*sockets, *others])
    (one,) = host_listener.problems(found, {5: "nginx (pid 9)"})
    said = "nginx (pid 9) of the host listens on TCP port 31001, TCP port 31008, which db, web own"
    assert one.description.startswith(said)
    assert one.containers == ("db", "web")
    (unknown,) = host_listener.problems(found, {})
    assert unknown.description.startswith("a process that cannot be seen of the host")


def test_a_port_is_foreign_that_the_container_does_not_own():
    sockets = [
        HostSocket("TCP", 31001, "", 5),
        HostSocket("UDP", 30016, "", 5),
        HostSocket("TCP", 31200, "", 5),
        HostSocket("TCP", 31200, "", 6),  # of the other family
    ]
    found = foreign_port.foreign(WEB.owned, sockets)
    assert [one.port for one in found] == [31200]
    (told,) = foreign_port.problems("web", found, {}, (Range(31200, 31299),))
    assert "web listens on TCP port 31200, and web does not own that" in told.description
    command = "ansible HOST -b -m netiso.portmap.portmap_ranges -a"
    assert told.repair == f"{command} 'container=web ports=31200'"
    (told,) = foreign_port.problems("web", found, {}, (Range(31201, 31299),))
    assert told.repair == ""


def test_a_process_in_a_removed_namespace_is_started_again_as_a_service():
    """Its control group says which, in either version."""
    groups = {
        "0::/system.slice/web.service\n": "web.service",
        "0::/system.slice/system-web.slice/web@1.service\n": "web@1.service",
        "4:memory:/system.slice/web.service\n1:name=systemd:/system.slice/web.service\n": "web.service",
        "0::/user.slice/user-0.slice/session-1.scope\n": "",
        "0::/system.slice/docker-12ab.scope\n": "",
        "": "",
    }
    assert {text: unit_of(text, "") for text in groups} == groups
    inner = "0::/machine.slice/alpha/system.slice/web.service\n"
    assert unit_of(inner, "/machine.slice/alpha") == "web.service"
    assert unit_of(inner, "") == ""  # of the systemd of a container
    left = {
        "web": [
            Process("7", "nginx", "web.service"),
            Process("8", "nginx", "web.service"),
            Process("9", "sh", ""),
        ]
    }
    (told,) = replaced_namespace.of_processes(left)
    assert told.repair == "systemctl restart web.service && kill 9"
    assert told.description.startswith(
        "nginx (pid 7), nginx (pid 8), sh (pid 9) sit in a namespace"
    )
    (told,) = replaced_namespace.of_processes(
        left, told={"web.service"}
    )  # as a workload that is deaf
    assert told.repair == "kill 9"


def test_a_host_that_is_not_prepared_names_the_containers_that_are_there():
    found = not_prepared.problem("there is no record", ["web", "db"])
    assert found.description == "there is no record; containers are placed on it: db, web"
    assert found.result(detail=False) == {
        "kind": "not_prepared",
        "description": found.description,
        "containers": ["db", "web"],
        "repair": SITE,
    }
    assert found.result(detail=True)["objects"] == []


def test_a_kernel_that_cannot_judge_offloads_is_told_with_the_reason_and_what_bounds_it():
    assert offloads.problems("") == []
    (found,) = offloads.problems("there is no such file")
    assert found.kind == "offloads"
    assert "there is no such file" in found.description
    assert "CAP_NET_RAW" in found.description
