# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The default route of a container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import rtnl
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Operation, Request
from ..values.places import Place
from .kind import Change, Identity, Object


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
