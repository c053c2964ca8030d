# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel holds, as values: each object knows its identity and reads like ip(8) or tc(8).

A State maps identities to objects.  Identity is what we choose (namespace, link name, priority,
table, node or match), never what the kernel chooses (ifindex, automatic handle).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Union

from ..linux import uapi as k
from ..steering.u32 import keys as u32
from ..steering.u32 import numbers
from . import marks

HOST = ""  # the namespace that the module runs in; containers' namespaces have their names


class Place(NamedTuple):
    """A link, by the namespace that it is in and its name there."""

    netns: str
    link: str

    def __str__(self) -> str:
        return f"{self.netns}:{self.link}" if self.netns else self.link


class Sysctl(NamedTuple):
    """A file below /proc/sys, seen from `netns`; `name` uses slashes."""

    netns: str
    name: str
    value: str

    @property
    def identity(self) -> tuple[object, ...]:
        return ("sysctl", self.netns, self.name)

    def __str__(self) -> str:
        where = f"{self.netns}: " if self.netns else ""
        return f"{where}sysctl {self.name.replace('/', '.')} = {self.value}"


class HandleDirectory(NamedTuple):
    """The directory of namespace handles is a shared mount of its own peer group."""

    path: str

    @property
    def identity(self) -> tuple[object, ...]:
        return ("handles", self.path)

    def __str__(self) -> str:
        return f"mount {self.path} shared, in a peer group of its own"


class Handle(NamedTuple):
    """A bind mount which names and holds a network namespace.

    `inode` tells namespaces apart; 0 stands for one that is still to be made.
    """

    netns: str
    path: str
    inode: int

    @property
    def identity(self) -> tuple[object, ...]:
        return ("handle", self.netns)

    def __str__(self) -> str:
        return f"netns handle {self.path}"


class Link(NamedTuple):
    """A link that exists already: lo, or the container's end of a veth pair."""

    place: Place
    mac: str
    mtu: int
    up: bool
    alias: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        return ("link", *self.place)

    def __str__(self) -> str:
        alias = f' alias "{self.alias}"' if self.alias else ""
        up = "up" if self.up else "down"
        return f"link {self.place} address {self.mac} mtu {self.mtu} {up}{alias}"


class Veth(NamedTuple):
    """The host's end of a pair; the other end is `peer`. `paired` is false when it leads elsewhere."""

    place: Place
    peer: Place
    mac: str
    mtu: int
    alias: str
    paired: bool = True
    group: int = marks.LINK_GROUP

    @property
    def identity(self) -> tuple[object, ...]:
        return ("veth", *self.place)

    def __str__(self) -> str:
        peer = self.peer if self.paired else "elsewhere"
        return (
            f"link {self.place} type veth peer {peer} address {self.mac} mtu {self.mtu}"
            f' group {self.group} alias "{self.alias}"'
        )


class LinkUp(NamedTuple):
    """A veth carries traffic: its own object, because it comes last."""

    place: Place

    @property
    def identity(self) -> tuple[object, ...]:
        return ("up", *self.place)

    def __str__(self) -> str:
        return f"link {self.place} up"


class Address(NamedTuple):
    """An IPv4 address with its prefix length."""

    place: Place
    address: str
    prefix: int

    @property
    def identity(self) -> tuple[object, ...]:
        return ("address", *self)

    def __str__(self) -> str:
        return f"address {self.address}/{self.prefix} dev {self.place}"


class DefaultRoute(NamedTuple):
    """The IPv4 default route of a namespace, through `place`."""

    place: Place
    gateway: str

    @property
    def identity(self) -> tuple[object, ...]:
        return ("route", self.place.netns)

    def __str__(self) -> str:
        return f"route default via {self.gateway} dev {self.place}"


class Qdisc(NamedTuple):
    """What filters of arriving packets hang on: kind ingress or clsact."""

    place: Place
    kind: str

    @property
    def identity(self) -> tuple[object, ...]:
        return ("qdisc", *self.place)

    def __str__(self) -> str:
        return f"qdisc {self.kind} dev {self.place}"


class Action(NamedTuple):
    """mirred: `redirect` or `mirror` to a link; an empty target is a link that is gone."""

    verb: str
    target: str


class Filter(NamedTuple):
    """A u32 filter on the ingress hook of a link.

    Without actions it accepts, or goes on in table `goto` (hashed by `hashkey`, the word's offset
    and mask).  Mirrors let the packet go on.  `table` 0 is the root table of the priority; `node` 0
    leaves the node to the kernel, and the match is then the identity.
    """

    place: Place
    protocol: int
    priority: int
    table: int
    bucket: int
    node: int
    match: u32.Match
    actions: tuple[Action, ...] = ()
    goto: int = 0
    hashkey: tuple[int, int] = (0, 0)

    @property
    def identity(self) -> tuple[object, ...]:
        last = self.node or self.match
        return ("filter", self.place, self.protocol, self.priority, self.table, self.bucket, last)

    def __str__(self) -> str:
        match = u32.explain(self.match, self.protocol == k.ETH_P_ARP)
        return f"{self.where} {match} {self.then}" if match else f"{self.where} {self.then}"

    @property
    def where(self) -> str:
        protocol = "arp" if self.protocol == k.ETH_P_ARP else "ip"
        handle = (
            f"{self.table:x}:{self.bucket:x}:{self.node:x}" if self.node else f"{self.table:x}:"
        )
        return f"filter dev {self.place} ingress protocol {protocol} prio {self.priority} {handle}"

    @property
    def then(self) -> str:
        if self.goto:
            return f"link {self.goto:x}:"
        said = [f"{verb} dev {target or '(gone)'}" for verb, target in self.actions]
        return " ".join(said) or "accept"


class Table(NamedTuple):
    """A u32 hash table with `divisor` buckets."""

    place: Place
    protocol: int
    priority: int
    table: int
    divisor: int

    @property
    def identity(self) -> tuple[object, ...]:
        return ("table", self.place, self.table)

    def __str__(self) -> str:
        return (
            f"filter dev {self.place} ingress protocol ip prio {self.priority} {self.table:x}:"
            f" divisor {self.divisor}"
        )


class Drop(NamedTuple):
    """The last filter of a veth: classic BPF in direct-action mode, which needs no act_gact."""

    place: Place
    bytecode: tuple[tuple[int, int, int, int], ...] = ((6, 0, 0, 2),)  # BPF_RET|BPF_K TC_ACT_SHOT

    @property
    def identity(self) -> tuple[object, ...]:
        return ("drop", self.place)

    def __str__(self) -> str:
        code = " ".join(str(number) for line in self.bytecode for number in line)
        verdict = "drop" if self.bytecode == ((6, 0, 0, 2),) else f"bytecode {code}"
        return (
            f"filter dev {self.place} ingress protocol all prio {numbers.PRIO_DROP} bpf {verdict}"
        )


Object = Union[
    Sysctl,
    HandleDirectory,
    Handle,
    Link,
    Veth,
    LinkUp,
    Address,
    DefaultRoute,
    Qdisc,
    Filter,
    Table,
    Drop,
]
Identity = tuple[object, ...]
State = dict[Identity, Object]


def state(objects: Iterable[Object]) -> State:
    return {item.identity: item for item in objects}


def describe(objects: Iterable[Object]) -> str:
    """One sorted line per object, for diffs."""
    return "".join(sorted(f"{item}\n" for item in objects))
