# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Neighbours that a container need not ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import neighbours
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Operation, Request
from ..values.places import Place
from .kind import Change, Identity, Object


class _Fields(NamedTuple):
    place: Place
    address: str
    mac: str


class Neighbour(_Fields, Object):
    """A neighbour that stays for good."""

    __slots__ = ()
    rank = 55

    @property
    def identity(self) -> Identity:
        return ("neighbour", self.place, self.address)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        kind, flags = (k.RTM_NEWNEIGH, k.SET) if change.after else (k.RTM_DELNEIGH, k.NLM_F_ACK)
        payload = neighbours.permanent(ids.link(self.place), self.address, self.mac)
        yield Request(kind, flags, payload, change)

    def __str__(self) -> str:
        return f"neighbour {self.address} dev {self.place} lladdr {self.mac} permanent"
