# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links: those that are there anyway, veth pairs, and whether they are up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import rtnl
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Operation, Request
from ..values.marks import LINK_GROUP
from ..values.places import Place
from .kind import CLEAR, ON_HOST, REMOVE, UP, Change, Identity, Object, when


class _LinkFields(NamedTuple):
    place: Place
    mac: str
    mtu: int
    up: bool
    alias: str = ""


class Link(_LinkFields, Object):
    """A link that exists already: lo, or the container's end of a veth pair."""

    __slots__ = ()
    rank = 40
    set_only = True

    @property
    def identity(self) -> Identity:
        return ("link", *self.place)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        """Only what differs: setting a MAC or MTU anew would notify everybody."""
        have = change.before if isinstance(change.before, Link) else None
        name = self.place.link
        if have is None or (have.mac, have.mtu) != (self.mac, self.mtu):
            payload = rtnl.link_values(name, self.mac, self.mtu)
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, payload, change)
        if self.alias != (have.alias if have else ""):
            payload = rtnl.link_alias(name, self.alias)
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, payload, change)
        if have is None or have.up != self.up:
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_up(name, self.up), change)

    def __str__(self) -> str:
        alias = f' alias "{self.alias}"' if self.alias else ""
        up = "up" if self.up else "down"
        return f"link {self.place} address {self.mac} mtu {self.mtu} {up}{alias}"


class _VethFields(NamedTuple):
    place: Place
    peer: Place
    mac: str
    mtu: int
    alias: str
    paired: bool = True
    group: int = LINK_GROUP


class Veth(_VethFields, Object):
    """The host's end of a pair; the other end is `peer`. `paired` is false when it leads elsewhere."""

    __slots__ = ()
    rank = 10
    of_pair = True

    @property
    def identity(self) -> Identity:
        return ("veth", *self.place)

    def carries(self, replaced: bool) -> tuple[Place, ...]:
        """Both ends go; a veth that leads elsewhere is replaced by a new one of its name."""
        if replaced:
            return () if self.paired else (self.place,)
        return self.place, self.peer

    def removed(self) -> tuple[float, ...]:
        """Last but the host's own; but a veth that leads elsewhere has the name of the new one."""
        return when(REMOVE, -(ON_HOST + 0.5), -self.rank) if self.paired else when(CLEAR)

    def __str__(self) -> str:
        peer = self.peer if self.paired else "elsewhere"
        return (
            f"link {self.place} type veth peer {peer} address {self.mac} mtu {self.mtu}"
            f' group {self.group} alias "{self.alias}"'
        )


class _UpFields(NamedTuple):
    place: Place


class LinkUp(_UpFields, Object):
    """A veth carries traffic: its own object, because it comes last."""

    __slots__ = ()

    @property
    def identity(self) -> Identity:
        return ("up", *self.place)

    @property
    def step(self) -> int:
        return UP

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        if change.after is not None:
            payload = rtnl.link_up(self.place.link, True)
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, payload, change)

    def __str__(self) -> str:
        return f"link {self.place} up"
