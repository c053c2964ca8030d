# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What eBPF steering consists of: a filter at each place, and what is in the maps."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ...linux import neighbours
from ...linux import uapi as k
from ...linux.attributes import attribute
from ...linux.ids import Ids
from ...linux.messages import tcmsg
from ...linux.requests import Call, Operation, Request
from ...objects.kind import ON_HOST, STEER, Change, Identity, Object
from ...values import access, ports
from ...values.access import OPEN, Access
from ...values.marks import NOBODY
from ...values.places import HOST, SHARED, Place
from ...values.ports import Range, Ranges
from . import config as known
from . import kit
from . import numbers as n


class _SteerFields(NamedTuple):
    place: Place
    classid: int
    tag: str
    whole: bool = True
    leaving: bool = False


class Steer(_SteerFields, Object):
    """The filter with our program on a link; `classid` says which one that is.

    `whole`: it has the maps of the host, and they know its link.  `tag`: of the program, "" for the
    one that we ship.  `leaving`: it is on the hook of what leaves.
    """

    __slots__ = ()
    alone = True

    @property
    def rank(self) -> float:  # type: ignore[override]
        """What leaves is noted only while what arrives is steered: by that the link is found again."""
        return 81 if self.leaving else 80

    @property
    def identity(self) -> Identity:
        return ("steer", self.place, "leaving") if self.leaving else ("steer", self.place)

    @property
    def serves_all(self) -> bool:  # type: ignore[override]
        return self.classid in (0, n.BARE)

    @property
    def number(self) -> int:
        """Of the container; 0 on the host's interfaces."""
        return self.classid & n.NUMBER_MASK

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        link = ids.link(self.place)
        if change.after is None:
            yield Request(k.RTM_DELTFILTER, k.NLM_F_ACK, _address(link, self.leaving), change)
            return
        used = kit.current()
        yield from _link_known(self, used, link)
        flags = k.ADD if change.before is None else k.SET
        payload = _message(self, link, used.descriptor())
        yield Request(k.RTM_NEWTFILTER, flags, payload, change)

    def __str__(self) -> str:
        tag = f" tag {self.tag}" if self.tag else ""
        other = "" if self.whole else " with maps that do not know it"
        hook = "egress" if self.leaving else "ingress"
        return (
            f"filter dev {self.place} {hook} protocol all prio {n.PRIORITY} bpf {n.PROGRAM}"
            f" classid {self.classid:x}{tag}{other}"
        )


def _link_known(item: Steer, used: kit.Kit, ifindex: int) -> Iterator[Operation]:
    """First the maps know the link, then its filter is there."""
    if item.place.role == SHARED or item.classid & n.INSIDE_LOOPBACK:
        return
    write = used.write_inner if item.place.netns != HOST else used.write_veth
    yield Call(partial(write, item.number, ifindex))


def _address(ifindex: int, leaving: bool) -> bytes:
    hook = k.EGRESS_HOOK if leaving else k.INGRESS_HOOK
    head = tcmsg(ifindex, n.HANDLE, hook, n.PRIORITY, k.ETH_P_ALL)
    return head + attribute(k.TCA_KIND, b"bpf\0")


def _message(item: Steer, ifindex: int, descriptor: int) -> bytes:
    """`descriptor`: of the program, in the process that sends this."""
    options = (
        attribute(k.TCA_BPF_CLASSID, struct.pack("=I", item.classid))
        + attribute(k.TCA_BPF_FD, struct.pack("=I", descriptor))
        + attribute(k.TCA_BPF_NAME, n.PROGRAM.encode() + b"\0")
        + attribute(k.TCA_BPF_FLAGS, struct.pack("=I", k.TCA_BPF_FLAG_ACT_DIRECT))
    )
    return _address(ifindex, item.leaving) + attribute(k.TCA_OPTIONS, options)


class _ConfigFields(NamedTuple):
    address: str
    broadcast: str
    public: Place
    mac: str
    six: str = ""
    others: frozenset[str] = frozenset()


class Config(_ConfigFields, Object):
    """What the program knows of the host."""

    __slots__ = ()
    rank = 75
    set_only = True
    serves_all = True

    @property
    def identity(self) -> Identity:
        return ("steering",)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        if change.after is not None:
            public = ids.link(self.public)
            config = known.Config(
                self.address, self.broadcast, public, self.mac, self.six, self.others
            )
            yield Call(partial(kit.current().write_config, config))

    def __str__(self) -> str:
        everybody = f" broadcast {self.broadcast}" if self.broadcast else ""
        also = "".join(f" and {one}" for one in (self.six, *sorted(self.others)) if one)
        return f"steering for {self.address}{also}{everybody} dev {self.public} address {self.mac}"


class Flow(NamedTuple):
    """How a container is limited.  `queued`: what it receives waits at its veth.

    What it sends waits in `traffic_class` on the links `outside` and `within` the host, "" for nowhere.
    """

    queued: bool = False
    traffic_class: int = 0
    outside: str = ""
    within: str = ""

    def __str__(self) -> str:
        said = " receiving through its queue" if self.queued else ""
        links = ", ".join(filter(None, self[2:]))
        number = self.traffic_class
        return (
            f"{said} sending in class {number >> 16:x}:{number & 0xFFFF:x} of {links}"
            if links
            else said
        )


UNLIMITED = Flow()


class _OwnedFields(NamedTuple):
    veth: str
    number: int
    ranges: Ranges
    flow: Flow = UNLIMITED
    access: Access = OPEN
    answered: Range | None = None


class Owned(_OwnedFields, Object):
    """The ports that lead to a container's veth, "" to a link that is gone, by its `number`.

    `answered`: to which of them answers come where not everybody may send to it.
    """

    __slots__ = ()
    rank = 100

    @property
    def identity(self) -> Identity:
        return ("owned", self.veth or self.number)

    @property
    def step(self) -> int:
        return STEER

    @property
    def owner(self) -> tuple[str, str]:
        return "", self.veth

    @property
    def where(self) -> tuple[object, ...]:
        return (str(self.identity[1]),)

    @property
    def leads_to(self) -> frozenset[tuple[str, str]]:
        return frozenset([("steer", self.veth)])

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        before, after, used = change.before, change.after, kit.current()
        mine = after.ranges if isinstance(after, Owned) else ()
        had = before if isinstance(before, Owned) else None
        same = had if isinstance(after, Owned) and had and had.number == after.number else None
        if isinstance(after, Owned):
            if after.flow != (same.flow if same else UNLIMITED):
                yield Call(partial(used.write_flow, after.number, _indexes(after.flow, ids)))
            allowed = after.access, after.answered
            if allowed != ((same.access, same.answered) if same else (OPEN, None)):
                yield Call(partial(used.write_access, after.number, *allowed))
            yield Call(partial(used.give, after.number, mine))
        if had:
            kept = mine if same else ()
            yield Call(partial(used.take, had.number, ports.subtract(had.ranges, kept)))
            if not same:
                yield Call(partial(used.forget, had.number))

    def __str__(self) -> str:
        listed = ports.text(self.ranges) or "none"
        allowed = "".join(f" {words}" for words in access.said(self.access))
        allowed += f" answers to {self.answered}" if self.answered else ""
        return f"ports {listed} lead to {self.veth or '(gone)'} as number {self.number}{self.flow}{allowed}"


def _indexes(flow: Flow, ids: Ids) -> tuple[int, ...]:
    """The same as the maps have it."""
    links = (ids.link(Place(HOST, link, SHARED)) if link else 0 for link in flow[2:])
    return (int(flow.queued), flow.traffic_class, *links)


class Ahead(Owned):
    """The same on a host that goes over: the maps are whole before there is a filter, and longer.

    A filter with maps that do not know who has a port would drop what others steer.
    """

    __slots__ = ()
    rank = 76

    @property
    def step(self) -> int:
        return ON_HOST

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        if change.after is not None and self.veth:
            veth = ids.link(Place(HOST, self.veth))
            yield Call(partial(kit.current().write_veth, self.number, veth))
        yield from super().operations(change, ids)


class _InventedFields(NamedTuple):
    place: Place
    address: str
    mac: str


class Invented(_InventedFields, Object):
    """A neighbour of a container as the program has told it.  Without the program it must be the real one.

    `mac`: what the host knows of it, "" for nothing.
    """

    __slots__ = ()

    @property
    def identity(self) -> Identity:
        return ("invented", self.place, self.address)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        kind, flags = (k.RTM_NEWNEIGH, k.SET) if self.mac else (k.RTM_DELNEIGH, k.NLM_F_ACK)
        yield Request(
            kind, flags, neighbours.message(ids.link(self.place), self.address, self.mac), change
        )

    def __str__(self) -> str:
        return f"neighbour {self.address} dev {self.place} lladdr {NOBODY}"
