# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The difference of two states as an ordered list of changes.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from ..linux import uapi as k
from ..steering.u32 import numbers
from ..values import marks
from ..values.objects import (
    HOST,
    Address,
    DefaultRoute,
    Drop,
    Filter,
    Handle,
    HandleDirectory,
    Link,
    LinkUp,
    Object,
    Place,
    Qdisc,
    State,
    Sysctl,
    Table,
    Veth,
)


class Change(NamedTuple):
    """Add (`before` is None), delete (`after` is None) or replace one object."""

    before: Object | None
    after: Object | None

    @property
    def verb(self) -> str:
        if self.before is None:
            return "add"
        return "delete" if self.after is None else "replace"

    @property
    def subject(self) -> Object:
        return self.before if self.after is None else self.after  # type: ignore[return-value]

    def describe(self) -> str:
        return f"{self.verb} {self.subject}"

    def __str__(self) -> str:
        return self.describe()


class Priority(NamedTuple):
    """Every filter of a link at one priority: the kernel drops them in one request."""

    place: Place
    protocol: int
    priority: int

    @property
    def identity(self) -> tuple[object, ...]:
        return ("priority", *self)

    def __str__(self) -> str:
        protocol = {k.ETH_P_ARP: "arp", k.ETH_P_IP: "ip"}.get(self.protocol, "all")
        return f"filters dev {self.place} ingress protocol {protocol} prio {self.priority}"


def diff(before: State, after: State) -> list[Change]:
    """What leads from `before` to `after`, in the order in which it is to be done."""
    changes = [
        Change(before.get(identity), item)
        for identity, item in after.items()
        if before.get(identity) != item
    ]
    gone = [item for identity, item in before.items() if identity not in after]
    changes += _routes_lost_with_addresses(gone, changes, after)
    changes += [Change(item, None) for item in _without_implied(gone, changes)]
    return sorted(changes, key=_order)


def _routes_lost_with_addresses(
    gone: list[Object], changes: list[Change], after: State
) -> list[Change]:
    """The kernel takes a link's routes away with its address: set them anew."""
    places = {item.place for item in gone if isinstance(item, Address)}
    if not places:
        return []
    set_anyway = {change.subject.identity for change in changes}
    return [
        Change(None, item)
        for identity, item in after.items()
        if isinstance(item, DefaultRoute) and item.place in places and identity not in set_anyway
    ]


def _without_implied(gone: list[Object], changes: list[Change]) -> Iterable[Object]:
    """Leave out what vanishes with its veth or its namespace, and links that only were set."""
    lost = {item.place for item in gone if isinstance(item, Veth)}
    lost |= {item.peer for item in gone if isinstance(item, Veth)}
    for change in changes:
        if isinstance(change.before, Veth) and not change.before.paired:
            lost.add(change.before.place)
    for item in gone:
        only_set = isinstance(item, (Link, Sysctl))
        implied = only_set or getattr(item, "place", None) in lost
        if isinstance(item, Veth) or not implied:
            yield item


Slot = tuple[Place, int, int]  # link, protocol and priority


def collapse(
    changes: list[Change], kept: set[Slot], foreign: set[Slot], host_in_full: bool
) -> list[Change]:
    """Fewer deletions: filters go with their qdisc, or with all others of their priority.

    `kept` tells where filters of ours shall be, `foreign` where strangers' are: what they hang on
    stays.  The host's interfaces have filters of containers that the states may leave out, unless
    they are there `host_in_full`; the mirror of ARP is always there.
    """
    kept = kept | foreign
    shared = {place for place, _protocol, _priority in foreign}
    bare = {
        change.before.place
        for change in changes
        if isinstance(change.before, Qdisc) and change.after is None
    } - shared
    flushed: set[object] = set()
    result = []
    for change in changes:
        item, where = change.subject, slot(change.subject)
        if change.after is not None:
            result.append(change)
        elif _goes_anyway(item, bare) or (isinstance(item, Qdisc) and item.place in shared):
            continue
        elif (
            where is None
            or where in kept
            or not (host_in_full or where[0].netns or where[2] == numbers.PRIO_ARP)
        ):
            result.append(change)
        elif where not in flushed:
            flushed.add(where)
            result.append(Change(Priority(*where), None))  # type: ignore[arg-type]
    return result


def _goes_anyway(item: Object, bare: set[Place]) -> bool:
    """A filter on a qdisc that goes itself."""
    return isinstance(item, (Filter, Table, Drop)) and item.place in bare


def slot(item: Object) -> Slot | None:
    if isinstance(item, (Filter, Table)):
        return item.place, item.protocol, item.priority
    return None


# --- order --------------------------------------------------------------------------------------
#
# Create before replace before delete, so that a port which stays is never without its filter.
# A veth comes down and with its filters before anything leads to it, and goes up last: a run killed
# at any point leaves nothing that misleads a packet.  Deleting goes the other way round, and the
# veth, which tells whose everything is, goes last.

_ON_HOST = (
    HandleDirectory, Sysctl, Link, Qdisc, Table, Filter,
)  # fmt: skip
_ON_VETH = (Veth, Handle, Sysctl, Qdisc, Drop, Table, Filter)
_INSIDE = (Sysctl, Link, Address, DefaultRoute, Qdisc, Table, Filter)
_STEP_HOST, _STEP_VETH, _STEP_INSIDE, _STEP_ENTRIES, _STEP_MIRRORS, _STEP_UP = range(6)


def step(item: Object) -> int:
    """In which of the six steps of placing an object is made."""
    if isinstance(item, LinkUp):
        return _STEP_UP
    if isinstance(item, (Veth, Handle)):
        return _STEP_VETH
    if isinstance(item, HandleDirectory):
        return _STEP_HOST
    if isinstance(item, Sysctl):
        if item.netns != HOST:
            return _STEP_INSIDE
        return _STEP_VETH if f"/{marks.VETH_PREFIX}" in item.name else _STEP_HOST
    place = item.place
    if place.netns != HOST:
        return _STEP_INSIDE
    if place.link.startswith(marks.VETH_PREFIX):
        return _STEP_VETH
    if isinstance(item, Filter):
        if item.actions and item.actions[0].verb == "mirror":
            return _STEP_MIRRORS
        if item.table:
            return _STEP_ENTRIES
    return _STEP_HOST


def _kind_rank(item: Object, number: int) -> float:
    kinds = (_ON_HOST, _ON_VETH, _INSIDE)[number] if number <= _STEP_INSIDE else ()
    rank = kinds.index(type(item)) if type(item) in kinds else 0
    if isinstance(item, Filter) and not item.table:
        return rank + 0.5  # root filters lead into tables: after their contents
    return rank


def _order(change: Change) -> tuple[object, ...]:
    return (_when(change), *_where(change.subject))


# There are few different ones: kept as one object each, of a hundred thousand keys they are cheap.
@lru_cache(maxsize=1024)
def _same(*when: float) -> tuple[float, ...]:
    return when


def _when(change: Change) -> tuple[float, ...]:
    item = change.subject
    if isinstance(item, Veth) and change.after is None and not item.paired:
        return _same(0)  # it holds the place of the one to be made
    number = step(item)
    if isinstance(item, Address) and change.after is None:
        return _same(1, number, -1)  # as long as it is there, a new one is secondary
    rank = _kind_rank(item, number)
    if change.after is None:
        return _same(2, -_removal_step(item, number), -rank)
    relaxing = 0  # what applies to all links is switched off last and on first
    if number == _STEP_HOST and isinstance(item, Sysctl) and "/all/" in item.name:
        relaxing = 1 if item.value == "0" else -1
    replacing = 1 if change.before is not None and number >= _STEP_ENTRIES else 0
    return _same(1, number, replacing, rank, relaxing)


def _where(item: Object) -> tuple[object, ...]:
    """What belongs together stays together."""
    if isinstance(item, Filter):
        return (*item.place, item.priority, item.table, item.bucket, item.node)
    if isinstance(item, Sysctl):
        return item.netns, item.name
    if isinstance(item, (Handle, HandleDirectory)):
        return HOST, item.path
    return item.place


def _removal_step(item: Object, number: int) -> float:
    """Packets stop first; the handle goes just before the veth; the host's own things last."""
    if isinstance(item, (Veth, Handle)):
        return _STEP_HOST + 0.5
    return number
