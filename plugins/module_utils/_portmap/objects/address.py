# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of links."""

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
    address: str
    prefix: int


class Address(_Fields, Object):
    """An address with its prefix length; `family` is AF_INET or AF_INET6."""

    __slots__ = ()
    rank = 50

    @property
    def identity(self) -> Identity:
        return ("address", *self)

    @property
    def upsets(self) -> tuple[Identity, ...]:
        """The default route goes with the address."""
        return (("route", self.place.netns, self.family),)

    def removed(self) -> tuple[float, ...]:
        """Before others are made: as long as it is there, a new one is secondary."""
        return when(MAKE, self.step, -1)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        payload = rtnl.address(ids.link(self.place), self.family, self.address, self.prefix)
        if change.after is None:
            yield Request(k.RTM_DELADDR, k.NLM_F_ACK, payload, change)
        else:
            yield Request(k.RTM_NEWADDR, k.SET, payload, change)

    def __str__(self) -> str:
        return f"address {self.address}/{self.prefix} dev {self.place}"
