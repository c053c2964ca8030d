# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bridges that stay down, and the veths that are their ports.

Filters decide what leaves a container, but the kernel can be led not to ask them. What arrives on a
bridge's port and was taken by no filter goes to the bridge instead of to the host's stack; and a
bridge that is down drops it. So a packet leaves a container by one of our filters, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..linux import procsys, rtnl
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Call, Operation, Request
from ..values.marks import BRIDGE_ALIAS, BRIDGE_GROUP, BRIDGE_MAC
from ..values.places import HOST, SHARED, Place
from .kind import Change, Identity, Object

# A port hands frames to 01:80:c2:00:00:0x up to the stack, whatever the state of the bridge, but for
# those of the groups that it shall treat as all others: here, of all. Pause frames (bit 1) always go.
ALL_GROUPS = 0xFFFD


def ipv6_switch(link: str) -> str:
    return f"net/ipv6/conf/{link}/disable_ipv6"


class _BridgeFields(NamedTuple):
    place: Place
    up: bool = False
    ipv6: bool = False
    group: int = BRIDGE_GROUP
    alias: str = BRIDGE_ALIAS
    ours: bool = True


class Bridge(_BridgeFields, Object):
    """A bridge of the host's, without address. It is down, or it would join its ports.

    Not `ours` is any link that somebody else has given such a name.
    """

    __slots__ = ()
    rank = 5
    carries_others = True

    @property
    def identity(self) -> Identity:
        return ("bridge", *self.place)

    def carries(self, replaced: bool) -> tuple[Place, ...]:
        return () if replaced else (self.place,)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        name = self.place.link
        if change.after is None:
            yield Request(k.RTM_DELLINK, k.NLM_F_ACK, rtnl.link_gone(name), change)
            return
        if change.before is None:
            yield Request(k.RTM_NEWLINK, k.ADD, rtnl.bridge(name, BRIDGE_MAC), change)
        yield Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.bridge_values(name), change)
        yield Call(partial(without_ipv6, name))

    def __str__(self) -> str:
        if not self.ours:
            return f"link {self.place} of somebody else"
        up = "up" if self.up else "down"
        ipv6 = " with IPv6" if self.ipv6 else ""
        return f'link {self.place} type bridge {up}{ipv6} group {self.group} alias "{self.alias}"'


def without_ipv6(link: str) -> None:
    switch = ipv6_switch(link)
    if procsys.read(switch) is not None:  # not every kernel has IPv6
        procsys.write(switch, "1")


class _PortFields(NamedTuple):
    place: Place
    bridge: str
    groups: int = ALL_GROUPS


class BridgePort(_PortFields, Object):
    """A veth is a port of a bridge, and `groups` are the reserved groups that it does not hand up.

    It is made before the veth goes up. A veth that carries traffic becomes one without losing a
    packet: filters come first, and take what they took before.
    """

    __slots__ = ()
    rank = 15

    @property
    def identity(self) -> Identity:
        return ("port", *self.place)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        name = self.place.link
        before = change.before if isinstance(change.before, BridgePort) else None
        if change.after is None:
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_master(name, 0), change)
            return
        if before is None or before.bridge != self.bridge:
            bridge = ids.link(Place(HOST, self.bridge, SHARED))
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_master(name, bridge), change)
        payload = rtnl.port_forwarded(name, self.groups)
        yield Request(k.RTM_NEWLINK, k.NLM_F_ACK, payload, change)

    def __str__(self) -> str:
        return f"link {self.place} master {self.bridge} group_fwd_mask {self.groups:#x}"
