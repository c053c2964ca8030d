# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which order a plan changes a host."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.engine import plan
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.address import (
    Address,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import (
    Change,
    Object,
    State,
    state,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import (
    LinkUp,
    Veth,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    order,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.model import (
    DB,
    ETH0,
    LO,
    NEW,
    WEB,
    Kernel,
    from_outside,
    hosts,
    placed,
    prepared,
    ranges,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    AF_INET,
)
from hypothesis import given, settings

BRIDGES_GONE = [
    f'delete link portmap-sink{number} type bridge down group 28783 alias "drops what containers must'
    ' not send"'
    for number in range(8)
]


def told(before: list[Object], after: list[Object]) -> list[str]:
    return [change.describe() for change in plan.diff(state(before), state(after))]


def positions(lines: list[str], *beginnings: str) -> list[tuple[int, int]]:
    """First and last line of each kind."""
    found = []
    for beginning in beginnings:
        at = [number for number, line in enumerate(lines) if line.startswith(beginning)]
        assert at, beginning
        found.append((at[0], at[-1]))
    return found


def assert_one_after_the_other(spans: list[tuple[int, int]]) -> None:
    for (_first, last), (first, _last) in zip(spans, spans[1:]):
        assert last < first


def test_placing_goes_from_the_veth_to_what_leads_to_it_up_and_the_name_comes_last():
    lines = told(prepared(), [*prepared(), *placed(NEW)])
    assert_one_after_the_other(
        positions(
            lines,
            "add link pm-new type veth",
            "add qdisc ingress dev pm-new",
            "add filter dev pm-new ingress protocol all prio 65535 bpf drop",
            "add filter dev pm-new ingress protocol ip prio",
            "add link new:eth0",
            "add address 10.0.0.1/24 dev new:eth0",
            "add route default",
            "add qdisc ingress dev new:",
            "add filter dev new:",
            "add filter dev eth0 ingress protocol ip prio 770 302:",
            "add filter dev eth0 ingress protocol ip prio 514 202:0:1 mirror",
            "add link pm-new up",
            "add netns handle /run/netns/new",
        )
    )
    assert lines[-1] == "add netns handle /run/netns/new"


def test_a_filter_that_leads_into_a_table_comes_after_the_table_and_its_filters():
    lines = told(prepared(), [*prepared(), *placed(NEW)])
    veth = "add filter dev pm-new ingress protocol ip prio 770"
    assert_one_after_the_other(
        positions(lines, f"{veth} 302: divisor", f"{veth} 302: match", f"{veth} 0:0:")
    )


def test_the_host_is_made_ready_before_its_containers():
    lines = told([], [*prepared(), *placed(NEW)])
    assert_one_after_the_other(
        positions(
            lines,
            "add mount /run/netns shared",
            "add sysctl net.ipv4.conf.lo",
            "add sysctl net.ipv4.conf.all.send_redirects",
            "add link lo",
            "add qdisc clsact dev eth0",
            "add filter dev eth0 ingress protocol ip prio 770 302: divisor 256",
            "add filter dev eth0 ingress protocol ip prio 770 0:0:6",
            "add link pm-new type veth",
        )
    )


def test_removing_stops_packets_first_and_forgets_the_veth_last():
    lines = told([*prepared(), *from_outside(WEB, DB)], [*prepared(), *from_outside(DB)])
    assert lines == [
        "replace filter dev eth0 ingress protocol ip prio 514 202:0:1 mirror dev pm-db",
        "replace filter dev eth0 ingress protocol arp prio 258 0:0:1 match arp reply mirror dev pm-db",
        "delete filter dev eth0 ingress protocol ip prio 513 201:75:540 match quoted sport 30016-30031 redirect dev pm-web",
        "delete filter dev eth0 ingress protocol ip prio 513 201:79:418 match quoted sport 31000-31007 redirect dev pm-web",
        "delete filter dev eth0 ingress protocol ip prio 770 302:75:540 match ip dport 30016-30031 redirect dev pm-web",
        "delete filter dev eth0 ingress protocol ip prio 770 302:79:418 match ip dport 31000-31007 redirect dev pm-web",
        "delete filter dev lo ingress protocol ip prio 513 201:75:540 match quoted sport 30016-30031 redirect dev pm-web",
        "delete filter dev lo ingress protocol ip prio 513 201:79:418 match quoted sport 31000-31007 redirect dev pm-web",
        "delete filter dev lo ingress protocol ip prio 770 302:75:540 match ip dport 30016-30031 redirect dev pm-web",
        "delete filter dev lo ingress protocol ip prio 770 302:79:418 match ip dport 31000-31007 redirect dev pm-web",
        "delete netns handle /run/netns/web",
        'delete link pm-web type veth peer web:eth0 address 02:00:00:00:00:01 mtu 1500 group 28781 alias "portmap:web"',
    ]  # fmt: skip


def test_what_hangs_on_a_veth_goes_with_it():
    changes = plan.diff(state([*prepared(), *placed(WEB)]), state(prepared()))
    ends = (Place("", "pm-web"), Place("web", "eth0"))
    gone = [change.subject for change in changes]
    assert [type(item) for item in gone if getattr(item, "place", None) in ends] == [Veth]


def test_taking_the_host_back_goes_the_other_way_round():
    lines = told(prepared(), [])
    assert_one_after_the_other(
        positions(
            lines,
            "delete filter dev eth0 ingress protocol ip prio 770 0:0:6",
            "delete filter dev eth0 ingress protocol ip prio 770 302: divisor 256",
            "delete qdisc clsact dev eth0",
            "delete mount /run/netns",
        )
    )


def test_the_host_s_filters_go_with_its_qdiscs():
    before = state(prepared())
    changes = order.shorten(plan.diff(before, {}), set(), set(), complete=True)
    assert [change.describe() for change in changes] == [
        "delete qdisc clsact dev eth0",
        "delete qdisc clsact dev lo",
        *BRIDGES_GONE,
        "delete mount /run/netns shared, in a peer group of its own",
    ]


MARTIANS = (
    "leave to the host what has options,"
    " or comes from 10.0.0.1 255.255.255.255 10.0.0.255 or from no host"
)


def test_beside_a_stranger_s_filter_ours_go_one_priority_at_a_time():
    before = state(prepared())
    stranger = {(ETH0, 0x0800, 10)}
    changes = order.shorten(plan.diff(before, {}), set(), stranger, complete=True)
    told = [change.describe() for change in changes]
    # 514 and 513 lead into tables of lower ones, which the kernel would keep unseen.
    assert [line.split()[-1] for line in told if "filters" in line] == ["770", "514", "513"]
    assert sorted(told) == [
        f"delete filter dev eth0 ingress protocol ip prio 256 bpf {MARTIANS}",
        "delete filters dev eth0 ingress protocol ip prio 513",
        "delete filters dev eth0 ingress protocol ip prio 514",
        "delete filters dev eth0 ingress protocol ip prio 770",
        *BRIDGES_GONE,
        "delete mount /run/netns shared, in a peer group of its own",
        "delete qdisc clsact dev lo",
    ]


def covered(found: State, place: Place, table: int) -> set[int]:
    """The ports of the filters in one table of a link."""
    ports = set()
    for item in found.values():
        if isinstance(item, Filter) and (item.place, item.table) == (place, table):
            (key,) = item.match
            shift = 0 if key.mask & 0xFFFF else 16
            first, mask = key.value >> shift, key.mask >> shift
            ports |= set(range(first, first + 0x10000 - mask))
    return ports


@settings(max_examples=15)
@given(ranges, ranges)
def test_a_port_that_stays_is_never_without_its_filters(have, wanted):
    before = state([*prepared(), *placed(WEB._replace(service=have))])
    after = state([*prepared(), *placed(WEB._replace(service=wanted))])
    tables = [(ETH0, 0x302), (ETH0, 0x201), (LO, 0x302), (LO, 0x201)]
    tables += [(Place("", "pm-web"), number) for number in (0x201, 0x202, 0x302, 0x303)]
    tables += [(Place("web", "lo"), 0x201), (Place("web", "lo"), 0x301)]
    tables += [(Place("web", "eth0"), 0x302)]
    stay = {where: covered(before, *where) & covered(after, *where) for where in tables}
    assert all(stay.values())
    kernel = Kernel(before)
    for change in plan.diff(before, after):
        kernel.apply(change)
        touched = getattr(change.subject, "place", None)
        for where in tables:
            if where[0] == touched:
                assert stay[where] <= covered(kernel.now, *where)


@settings(max_examples=15)
@given(hosts(present=True), hosts(present=True))
def test_nothing_ever_leads_to_a_container_that_could_send_anything(before, after):
    """Killed after any change: who gets packets has the programs before and behind its filters."""
    kernel = Kernel(before)
    for change in plan.diff(before, after):
        kernel.apply(change)
        item = change.after
        if isinstance(item, Filter) and item.place in (ETH0, LO):
            for action in item.actions:
                for priority in (256, 65535):
                    assert ("program", Place("", action.target), priority) in kernel.now


# --- single changes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, LinkUp(Place("", "pm-web")), "add link pm-web up"),
        (Sysctl("", "net/core/x", "0"), None, "delete sysctl net.core.x = 0"),
        (
            Sysctl("", "net/core/x", "0"),
            Sysctl("", "net/core/x", "1"),
            "replace sysctl net.core.x = 1",
        ),
    ],
)
def test_a_change_says_what_it_does(before, after, words):
    assert Change(before, after).describe() == words


def test_a_veth_that_leads_elsewhere_loses_its_place_before_the_new_one_is_made():
    old = Veth(Place("", "pm-old"), Place("web", "eth0"), "02:00:00:00:00:01", 1500, "portmap:web", paired=False)  # fmt: skip
    lines = told([*prepared(), old], [*prepared(), *placed(NEW._replace(name="web"))])
    assert lines[0].startswith("delete link pm-old type veth peer elsewhere")


def test_a_new_address_comes_when_the_old_one_is_gone():
    """Beside another of its network it would be a secondary one, and go with that."""
    eth0 = Place("web", "eth0")
    old, new = (Address(eth0, AF_INET, address, 24) for address in ("10.0.0.1", "10.0.0.2"))
    assert told(placed(WEB), [*without(placed(WEB), old), new])[:2] == [
        "delete address 10.0.0.1/24 dev web:eth0",
        "add address 10.0.0.2/24 dev web:eth0",
    ]


def without(objects: list[Object], item: Object) -> list[Object]:
    return [other for other in objects if other != item]


def test_the_general_reverse_path_filter_goes_off_last_and_on_first():
    names = ["all", "eth1", "lo"]
    strict = [Sysctl("", f"net/ipv4/conf/{name}/rp_filter", "1") for name in names]
    loose = [Sysctl("", f"net/ipv4/conf/{name}/rp_filter", "0") for name in names]
    off = [change.subject.name for change in plan.diff(state(strict), state(loose))]
    on = [change.subject.name for change in plan.diff(state(loose), state(strict))]
    assert off[-1] == on[0] == "net/ipv4/conf/all/rp_filter"
