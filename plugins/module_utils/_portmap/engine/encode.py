# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes as netlink requests."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Mapping
from typing import cast

from ..linux import attributes as attr
from ..linux import rtnl
from ..linux import uapi as k
from ..linux.netlink import Request
from ..steering.u32 import encode, numbers
from ..values.errors import KernelRefused
from ..values.objects import (
    Address,
    DefaultRoute,
    Drop,
    Filter,
    Identity,
    Link,
    LinkUp,
    Object,
    Place,
    Qdisc,
    Table,
)
from .plan import Change, Priority

_ADD = k.NLM_F_ACK | k.NLM_F_CREATE | k.NLM_F_EXCL
_SET = k.NLM_F_ACK | k.NLM_F_CREATE | k.NLM_F_REPLACE


class Encoder:
    """Turns changes into requests, in the namespace that the process is in.

    `handles` are those of filters which the kernel numbered.
    """

    def __init__(self, handles: Mapping[Identity, int]) -> None:
        self._handles = handles
        self._ifindexes: dict[Place, int] = {}

    def forget(self, place: Place) -> None:
        """The link is gone; one that is made in its place has another index."""
        self._ifindexes.pop(place, None)

    def _ifindex(self, place: Place) -> int:
        """The index of a link in the namespace that we are in, asked once."""
        if place not in self._ifindexes:
            try:
                self._ifindexes[place] = socket.if_nametoindex(place.link)
            except OSError as error:
                said = f"cannot find link {place}: no such link"
                raise KernelRefused(said, errno.ENODEV) from error
        return self._ifindexes[place]

    def requests(self, change: Change) -> Iterator[Request]:
        item, what = change.subject, change
        deleting = change.after is None
        if isinstance(item, (Filter, Table, Drop, Priority)):
            yield from self._filter_requests(change, what)
        elif isinstance(item, Qdisc):
            payload = rtnl.qdisc(self._ifindex(item.place), item.kind)
            if deleting:
                yield Request(k.RTM_DELQDISC, k.NLM_F_ACK, payload, what)
            else:
                yield Request(k.RTM_NEWQDISC, _ADD, payload, what)
        elif isinstance(item, LinkUp):
            if not deleting:
                payload = rtnl.link_up(item.place.link, True)
                yield Request(k.RTM_SETLINK, k.NLM_F_ACK, payload, what)
        elif isinstance(item, Link):
            yield from _link_requests(item, change.before, what)
        elif isinstance(item, Address):
            payload = rtnl.address(self._ifindex(item.place), item.address, item.prefix)
            kind = k.RTM_DELADDR if deleting else k.RTM_NEWADDR
            yield Request(kind, k.NLM_F_ACK if deleting else _SET, payload, what)
        elif isinstance(item, DefaultRoute):
            payload = rtnl.default_route(self._ifindex(item.place), item.gateway)
            kind = k.RTM_DELROUTE if deleting else k.RTM_NEWROUTE
            yield Request(kind, k.NLM_F_ACK if deleting else _SET, payload, what)

    def _filter_requests(self, change: Change, what: object) -> Iterator[Request]:
        before, after = change.before, change.after
        if before is not None and (after is None or not _same_match(before, after)):
            yield Request(k.RTM_DELTFILTER, k.NLM_F_ACK, self._deletion(before), what)
            before = None
        if isinstance(after, Table):
            payload = encode.table_message(after, self._ifindex(after.place))
            yield Request(k.RTM_NEWTFILTER, _ADD, payload, what)
        elif isinstance(after, Drop):
            payload = encode.drop_message(after, self._ifindex(after.place))
            yield Request(k.RTM_NEWTFILTER, _ADD, payload, what)
        elif isinstance(after, Filter):
            handle = self._handles.get(after.identity, 0) if before is not None else 0
            targets = {
                action.target: self._ifindex(Place(after.place.netns, action.target))
                for action in after.actions
            }
            payload = encode.filter_message(after, self._ifindex(after.place), handle, targets)
            flags = _SET if before is not None else _ADD
            yield Request(k.RTM_NEWTFILTER, flags, payload, what)

    def _deletion(self, item: Object) -> bytes:
        """The address of a filter, a table or a whole priority."""
        if isinstance(item, Priority):
            head = encode.tcmsg(
                self._ifindex(item.place), 0, k.INGRESS_HOOK, item.priority, item.protocol
            )
            return head + attr.attribute(k.TCA_KIND, b"u32\0")
        if isinstance(item, Drop):
            head = encode.tcmsg(
                self._ifindex(item.place), 1, k.INGRESS_HOOK, numbers.PRIO_DROP, k.ETH_P_ALL
            )
            return head + attr.attribute(k.TCA_KIND, b"bpf\0")
        item = cast(Filter, item)  # or a table: it is addressed alike
        handle = self._handles.get(item.identity)
        if handle is None:
            raise KernelRefused(f"cannot delete {item}: its handle is unknown", errno.ENOENT)
        return rtnl.ask_filter(self._ifindex(item.place), handle, item.priority, item.protocol)


def _link_requests(item: Link, before: Object | None, what: object) -> Iterator[Request]:
    """Only what differs: setting a MAC or MTU anew would notify everybody."""
    have = before if isinstance(before, Link) else None
    name = item.place.link
    if have is None or (have.mac, have.mtu) != (item.mac, item.mtu):
        yield Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_values(name, item.mac, item.mtu), what)
    if item.alias != (have.alias if have else ""):
        payload = rtnl.link_alias(name, item.alias)
        yield Request(k.RTM_SETLINK, k.NLM_F_ACK, payload, what)
    if have is None or have.up != item.up:
        yield Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_up(name, item.up), what)


def _same_match(before: Object, after: Object) -> bool:
    """The kernel changes actions in place, but never the keys of a filter."""
    if not isinstance(before, Filter) or not isinstance(after, Filter):
        return False
    return (
        before.match == after.match
        and (before.goto, before.hashkey)
        == (
            after.goto,
            after.hashkey,
        )
        and bool(before.actions) == bool(after.actions)
    )
