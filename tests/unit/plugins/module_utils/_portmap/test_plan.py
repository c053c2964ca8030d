# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.engine import plan
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.address import (
    Address,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.handle import Handle
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import (
    Change,
    Object,
    State,
    state,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import (
    Link,
    LinkUp,
    Veth,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    layout,
    mirrors,
    order,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.fields import (
    Action,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
    Priority,
    Program,
    Table,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Container,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import layout as base
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import sysctls
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    AF_INET,
    HOST,
)
from hypothesis import given, settings
from hypothesis import strategies as st

WEB = Container("web", "web", "created", 7, (Range(31000, 31007),), Range(30016, 30031))
DB = Container("db", "db", "created", 8, (Range(31008, 31015),), Range(30032, 30047))
NEW = Container("new", "new", "created", 0, (Range(31016, 31016),), Range(30048, 30063))
ETH0, LO = Place("", "eth0", "shared"), Place("", "lo", "shared")


@lru_cache(maxsize=1)
def prepared() -> list[Object]:
    values = sysctls.host_sysctls(HOST)
    return [
        *base.host_objects(HOST, "/run/netns", values),
        *layout.host_filters(HOST, {}),
    ]


@lru_cache(maxsize=64)
def alone(item: Container) -> tuple[Object, ...]:
    values = sysctls.inside_sysctls(HOST, item, ["net/ipv6/conf/all/disable_ipv6"], {})
    handle = f"/run/netns/{item.name}"
    objects = base.container_objects(HOST, item, handle, values)
    return (*objects, *layout.container_filters(HOST, item, {}))


def placed(*containers: Container) -> list[Object]:
    """The containers of a host and their mirrors."""
    objects = [one for item in containers for one in alone(item)]
    chain = mirrors.place_mirrors({}, [item.veth.link for item in containers], [])
    for name in ("arp", "icmp"):
        objects += mirrors.mirrors(HOST, chain, name)
    return objects


def from_outside(*containers: Container) -> list[Object]:
    """The same without what lies inside: a namespace that goes is not tidied up."""
    return [item for item in placed(*containers) if isinstance(item, Handle) or not item.netns]


# --- a model of the kernel: what it refuses, and what it does besides what it was asked ---------


class Kernel:
    """Holds a State.  `strangers` are slots (place, protocol, priority) with others' filters."""

    def __init__(self, before: State, strangers: frozenset[tuple[Place, int, int]] = frozenset()):
        self.now = dict(before)
        self.strangers = strangers

    def run(self, changes: list[Change]) -> State:
        for change in changes:
            self.apply(change)
        return self.now

    def apply(self, change: Change) -> None:
        item = change.subject
        if isinstance(item, Priority):
            self._flush(item)
            return
        assert self.now.get(item.identity) == change.before, change
        if change.after is None:
            self._delete(item)
        else:
            self._need(change.after)
            self.now[item.identity] = change.after

    def _need(self, item: Object) -> None:
        """What the kernel wants to be there first."""
        place = getattr(item, "place", None)
        if (
            isinstance(place, Place)
            and place.link.startswith("pm-")
            and not isinstance(item, Veth)
        ):
            assert ("veth", *place) in self.now, item
        if isinstance(place, Place) and place.netns and place.link != "lo":
            assert [veth for veth in self._all(Veth) if veth.peer == place], item
        if isinstance(item, (Filter, Table, Program)):
            assert ("qdisc", *item.place) in self.now, item
        if isinstance(item, Filter):
            for table in (item.table, item.goto):
                assert not table or ("table", item.place, table) in self.now, item
            for action in item.actions:
                if action.target.startswith("pm-"):
                    assert ("veth", "", action.target, "own") in self.now, item

    def _delete(self, item: Object) -> None:
        del self.now[item.identity]
        if isinstance(item, Table):  # EBUSY
            for other in self._all(Filter):
                if other.place == item.place:
                    assert item.table not in (other.table, other.goto), other
        if isinstance(item, Qdisc):
            assert item.place not in {place for place, _protocol, _priority in self.strangers}
            self._forget(lambda other: isinstance(other, (Filter, Table, Program)), item.place)
        if isinstance(item, Veth):
            for place in (item.place, item.peer):
                self._forget(lambda other: True, place)

    def _flush(self, item: Priority) -> None:
        slot = (item.place, item.protocol, item.priority)
        assert slot not in self.strangers
        self._forget(
            lambda other: (
                isinstance(other, (Filter, Table)) and (other.protocol, other.priority) == slot[1:]
            ),
            item.place,
        )

    def _forget(self, doomed, place: Place) -> None:
        for identity, item in list(self.now.items()):
            if getattr(item, "place", None) == place and doomed(item):
                del self.now[identity]

    def _all(self, kind: type) -> Iterator:
        return (item for item in self.now.values() if isinstance(item, kind))


def without_settings(objects: State) -> State:
    """Links and sysctls are only set: there is nothing to delete when nobody wants them."""
    return {
        name: item for name, item in objects.items() if not isinstance(item, (Link, Sysctl))
    }  # fmt: skip


def settings_of(objects: State) -> State:
    return {name: item for name, item in objects.items() if isinstance(item, (Link, Sysctl))}


def assert_reached(now: State, after: State) -> None:
    assert without_settings(now) == without_settings(after)
    assert settings_of(after).items() <= settings_of(now).items()


# --- states: hosts as we leave them, and what may have become of them ---------------------------

ranges = st.lists(
    st.tuples(st.integers(31000, 31040), st.integers(0, 20)).map(
        lambda pair: Range(pair[0], pair[0] + pair[1])
    ),
    max_size=2,
).map(ports.join)


@st.composite
def hosts(draw: st.DrawFn, present: bool = False) -> State:
    """A host, bare or prepared, with none to two containers of any ports."""
    if not present and draw(st.booleans()):
        return {}
    chosen = [
        item._replace(service=draw(ranges)) for item in draw(st.sets(st.sampled_from([WEB, DB])))
    ]
    return state([*prepared(), *placed(*sorted(chosen))])


@st.composite
def damaged(draw: st.DrawFn) -> State:
    """Some objects are gone (with all that hung on them), others are not what they were."""
    found = draw(hosts())
    kernel = Kernel(found)
    names = list(found)
    for name in draw(st.lists(st.sampled_from(names), max_size=6)) if names else ():
        item = kernel.now.get(name)
        if isinstance(item, Table):
            kernel.now = {
                key: other
                for key, other in kernel.now.items()
                if not isinstance(other, Filter)
                or other.place != item.place
                or item.table not in (other.table, other.goto)
            }
        if item is not None:
            kernel._delete(item)
    names = list(kernel.now)
    for name in draw(st.lists(st.sampled_from(names), max_size=6)) if names else ():
        kernel.now[name] = changed(kernel.now[name])
    return kernel.now


def changed(item: Object) -> Object:
    """The same object with another value."""
    if isinstance(item, Filter):
        return item._replace(actions=(Action("redirect", ""),), goto=0, hashkey=(0, 0))
    if isinstance(item, (Link, Veth)):
        return item._replace(mtu=9000)
    if isinstance(item, Sysctl):
        return item._replace(value="7")
    if isinstance(item, Program):
        return item._replace(bytecode=())
    return item


def slots_of(state: dict) -> set:
    return {slot for slot in (item.slot for item in state.values()) if slot}


# --- the difference -----------------------------------------------------------------------------


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


# --- the order ----------------------------------------------------------------------------------


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


def test_placing_goes_from_the_veth_to_what_leads_to_it_and_up_comes_last():
    lines = told(prepared(), [*prepared(), *placed(NEW)])
    assert_one_after_the_other(
        positions(
            lines,
            "add link pm-new type veth",
            "add netns handle /run/netns/new",
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
        )
    )
    assert lines[-1] == "add link pm-new up"


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
    assert sorted(change.describe() for change in changes) == [
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
