# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pair of links in the host through which goes what is limited.

Filters of a limited container redirect into the first end, whose classes let it out as fast as it may;
the second end passes it on to where it would have gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..linux import rtnl
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Call, Operation, Request
from ..values.places import HOST, SHARED, Place
from .bridge import without_ipv6
from .kind import SHARED_LINKS, Change, Identity, Object


class End(NamedTuple):
    mac: str
    mtu: int
    up: bool = True
    ipv6: bool = False


class _Fields(NamedTuple):
    place: Place
    peer: str
    ends: tuple[End, End]
    ours: bool = True


class Shaper(_Fields, Object):
    """Both ends; not `ours` is any link that somebody else has given such a name."""

    __slots__ = ()
    carries_others = True

    @property
    def step(self) -> int:
        """Before what hangs on it, which is asked for by the numbers of the links."""
        return SHARED_LINKS

    @property
    def identity(self) -> Identity:
        return ("shaper", *self.place)

    def carries(self, replaced: bool) -> tuple[Place, ...]:
        return () if replaced else (self.place, Place(HOST, self.peer, SHARED))

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        if change.after is None:
            gone = rtnl.link_gone(self.place.link)
            yield Request(k.RTM_DELLINK, k.NLM_F_ACK, gone, change)
            return
        first, second = self.ends
        if change.before is None:
            payload = rtnl.shaper(self.place.link, self.peer, first.mac, first.mtu)
            yield Request(k.RTM_NEWLINK, k.ADD, payload, change)
        for name, end in ((self.place.link, first), (self.peer, second)):
            values = rtnl.link_values(name, end.mac, end.mtu)
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, values, change)
            yield Call(partial(without_ipv6, name))
            yield Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_up(name, True), change)

    def __str__(self) -> str:
        if not self.ours:
            return f"link {self.place} of somebody else"
        said = [
            f"address {end.mac} mtu {end.mtu} {'up' if end.up else 'down'}"
            + (" with IPv6" if end.ipv6 else "")
            for end in dict.fromkeys(self.ends)
        ]
        return f"link {self.place} type veth peer {self.peer} {' and '.join(said)}"
