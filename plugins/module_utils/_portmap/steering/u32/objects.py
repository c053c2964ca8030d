# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What u32 steering consists of: filters, hash tables, and programs before and behind them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import NamedTuple

from ...linux import uapi as k
from ...linux.ids import Ids
from ...linux.requests import Operation, Request
from ...objects.kind import COPY, ON_HOST, STEER, Change, Identity, Object, Slot
from ...values.errors import KernelRefused
from ...values.marks import ENTRANCES, SHAPING_HANDLE
from ...values.places import Place
from . import encode, keys, numbers, offload, programs
from .fields import FilterFields, OffloadFields, ProgramFields, TableFields

_PROTOCOLS = {k.ETH_P_ARP: "arp", k.ETH_P_IP: "ip", k.ETH_P_ALL: "all"}


class Filter(FilterFields, Object):
    """A u32 filter on the ingress hook of a link; `protocol` is an EtherType.

    Without actions it accepts, or goes on in table `goto` (hashed by `hashkey`, the word's offset
    and mask).  Mirrors let the packet go on.  `table` 0 is the root table of the priority; `node` 0
    leaves the node to the kernel, and the match is then the identity.
    """

    __slots__ = ()
    alone = True

    @property
    def identity(self) -> Identity:
        last = self.node or self.match
        return ("filter", self.place, self.protocol, self.priority, self.table, self.bucket, last)

    @property
    def step(self) -> int:
        step = Object.step.fget(self)  # type: ignore[attr-defined]
        if step != ON_HOST:
            return int(step)
        if self.actions and self.actions[0].verb == "mirror":
            return COPY
        return STEER if self.table else ON_HOST

    @property
    def rank(self) -> float:  # type: ignore[override]
        """Root filters lead into tables: after their contents."""
        return 100 if self.table else 110

    @property
    def slot(self) -> Slot:
        return self.place, self.protocol, self.priority

    @property
    def leads_to(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.actions)

    @property
    def where(self) -> tuple[object, ...]:
        return (*self.place, self.priority, self.table, self.bucket, self.node)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        before, after = change.before, change.after
        if before is not None and (after is None or not _same_match(before, after)):
            yield _deletion(self, ids.handle(before.identity), change, ids)
            before = None
        if after is None:
            return
        handle = ids.handle(self.identity) if before is not None else 0
        targets = {
            action.target: ids.link(Place(self.place.netns, action.target))
            for action in self.actions
            if action.verb != "class"
        }
        payload = encode.filter_message(self, ids.link(self.place), handle, targets)
        yield Request(k.RTM_NEWTFILTER, k.SET if before is not None else k.ADD, payload, change)

    def __str__(self) -> str:
        match = keys.explain(self.match, self.protocol == k.ETH_P_ARP)
        node = f"{self.bucket:x}:{self.node:x}" if self.node else ""
        said = f"{_where(self)} {self.table:x}:{node}"
        return f"{said} {match} {self._then}" if match else f"{said} {self._then}"

    @property
    def _then(self) -> str:
        if self.goto:
            return f"link {self.goto:x}:"
        said = [
            f"flowid {target}" if verb == "class" else f"{verb} dev {target or '(gone)'}"
            for verb, target in self.actions
        ]
        return " ".join(said) or "accept"


class Table(TableFields, Object):
    """A u32 hash table with `divisor` buckets."""

    __slots__ = ()
    rank = 90
    alone = True
    carries_others = True

    @property
    def identity(self) -> Identity:
        return ("table", self.place, self.table)

    @property
    def slot(self) -> Slot:
        return self.place, self.protocol, self.priority

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        if change.before is not None:
            yield _deletion(self, ids.handle(change.before.identity), change, ids)
        if change.after is not None:
            payload = encode.table_message(self, ids.link(self.place))
            yield Request(k.RTM_NEWTFILTER, k.ADD, payload, change)

    def __str__(self) -> str:
        return f"{_where(self)} {self.table:x}: divisor {self.divisor}"


class Program(ProgramFields, Object):
    """A filter of classic BPF in direct-action mode; see `programs`."""

    __slots__ = ()
    rank = 80
    alone = True

    @property
    def identity(self) -> Identity:
        return ("program", self.place, self.priority)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        link = ids.link(self.place)
        if change.after is None:
            payload = encode.program_deletion(self, link)
            yield Request(k.RTM_DELTFILTER, k.NLM_F_ACK, payload, change)
        else:  # the kernel puts a program in the place of another at once
            payload = encode.program_message(self, link)
            flags = k.ADD if change.before is None else k.SET
            yield Request(k.RTM_NEWTFILTER, flags, payload, change)

    def __str__(self) -> str:
        return f"{_where(self)} bpf {programs.explain(self.bytecode)}"


class Offload(OffloadFields, Object):
    """A filter of eBPF: what a container leaves to others to finish; see `offload`."""

    __slots__ = ()
    rank = 80
    alone = True

    @property
    def identity(self) -> Identity:
        return ("offload", self.place)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        link = ids.link(self.place)
        if change.after is None:
            payload = encode.offload_deletion(self, link)
            yield Request(k.RTM_DELTFILTER, k.NLM_F_ACK, payload, change)
        else:
            payload = encode.offload_message(self, link, offload.descriptor(self.tag))
            flags = k.ADD if change.before is None else k.SET
            yield Request(k.RTM_NEWTFILTER, flags, payload, change)

    def __str__(self) -> str:
        return f"{_where(self)} bpf {numbers.OFFLOAD_PROGRAM} tag {self.tag or 'of another kind'}"


class _PriorityFields(NamedTuple):
    place: Place
    protocol: int
    priority: int


class Priority(_PriorityFields, Object):
    """Every filter of a link at one priority: the kernel drops them in one request."""

    __slots__ = ()

    @property
    def identity(self) -> Identity:
        return ("priority", *self)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        link = ids.link(self.place)
        payload = encode.priority_deletion(self.place, link, self.priority, self.protocol)
        yield Request(k.RTM_DELTFILTER, k.NLM_F_ACK, payload, change)

    def __str__(self) -> str:
        protocol = _PROTOCOLS.get(self.protocol, "all")
        return f"filters dev {self.place} ingress protocol {protocol} prio {self.priority}"


def _where(item: Filter | Table | Program | Offload) -> str:
    protocol = _PROTOCOLS.get(item.protocol, "ip")
    hook = f"parent {SHAPING_HANDLE >> 16:x}:" if item.place.link in ENTRANCES else "ingress"
    return f"filter dev {item.place} {hook} protocol {protocol} prio {item.priority}"


def _deletion(item: Filter | Table, handle: int, change: Change, ids: Ids) -> Request:
    """One filter or table by its handle.  Raises KernelRefused when that is unknown."""
    if not handle:
        raise KernelRefused(f"cannot delete {change.before}: its handle is unknown", errno.ENOENT)
    link = ids.link(item.place)
    payload = encode.ask_filter(item.place, link, handle, item.priority, item.protocol)
    return Request(k.RTM_DELTFILTER, k.NLM_F_ACK, payload, change)


def _same_match(before: Object, after: Object) -> bool:
    """The kernel changes actions in place, but never the keys of a filter."""
    if not isinstance(before, Filter) or not isinstance(after, Filter):
        return False
    return (
        before.match == after.match
        and (before.goto, before.hashkey) == (after.goto, after.hashkey)
        and bool(before.actions) == bool(after.actions)
    )
