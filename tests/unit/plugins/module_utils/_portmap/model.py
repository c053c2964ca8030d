# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts as the engine leaves them, what may have become of them, and a model of the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.handle import Handle
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import (
    Change,
    Object,
    State,
    state,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import (
    Link,
    Veth,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    layout,
    mirrors,
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
    HOST,
)
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
