# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes of a container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import rtnl
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Operation, Request
from ..values.places import Place
from .kind import MAKE, Change, Identity, Object, when


class _Fields(NamedTuple):
    place: Place
    family: int
    gateway: str


class DefaultRoute(_Fields, Object):
    """The default route of a namespace for one address family, through `place`."""

    __slots__ = ()
    rank = 60

    @property
    def identity(self) -> Identity:
        return ("route", self.place.netns, self.family)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        payload = rtnl.default_route(ids.link(self.place), self.family, self.gateway)
        if change.after is None:
            yield Request(k.RTM_DELROUTE, k.NLM_F_ACK, payload, change)
        else:
            yield Request(k.RTM_NEWROUTE, k.SET, payload, change)

    def __str__(self) -> str:
        via = f" via {self.gateway}" if self.gateway else ""
        return f"route default{via} dev {self.place}"


class _NetworkFields(NamedTuple):
    place: Place
    family: int
    destination: str
    source: str
    mtu: int = 0


class NetworkRoute(_NetworkFields, Object):
    """What a namespace sends to some network goes through `place` like all else, but has this source.

    `mtu` is 0 for that of the link.
    """

    __slots__ = ()
    rank = 60

    @property
    def identity(self) -> Identity:
        return ("network", self.place.netns, self.destination)

    def removed(self) -> tuple[float, ...]:
        """Before addresses are: it would go with its source."""
        return when(MAKE, self.step, -2)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        link = ids.link(self.place)
        payload = rtnl.network_route(link, self.family, self.destination, self.source, self.mtu)
        if change.after is None:
            yield Request(k.RTM_DELROUTE, k.NLM_F_ACK, payload, change)
        else:
            yield Request(k.RTM_NEWROUTE, k.SET, payload, change)

    def __str__(self) -> str:
        mtu = f" mtu {self.mtu}" if self.mtu else ""
        return f"route {self.destination} dev {self.place} src {self.source}{mtu}"
