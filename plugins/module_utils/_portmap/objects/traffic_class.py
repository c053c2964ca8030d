# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A class of HTB, and the qdisc in it: how fast something may leave a link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import queueing
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.queueing import Leaf, Shape
from ..linux.requests import Operation, Request
from ..values.limits import rate_text
from ..values.marks import SHAPING_HANDLE
from ..values.places import SHARED, Place
from .kind import Change, Identity, Object

# Of the class on a container's own veth, and of that of which all on a shared link are children.
TOP = 1


class _Fields(NamedTuple):
    place: Place
    minor: int
    shape: Shape
    leaf: Leaf | None


class TrafficClass(_Fields, Object):
    """A class by the second half of its number.  Only the top one of a shared link has no leaf."""

    __slots__ = ()

    @property
    def rank(self) -> float:  # type: ignore[override]
        return 72 if self.minor == TOP else 73

    @property
    def identity(self) -> Identity:
        return ("class", *self.place, self.minor)

    @property
    def leads_to(self) -> frozenset[tuple[str, str]]:
        """The class of a container on a shared link, as filters lead to it."""
        if self.place.role != SHARED or self.minor == TOP:
            return frozenset()
        return frozenset((("class", class_name(self.minor)),))

    @property
    def where(self) -> tuple[object, ...]:
        return (*self.place, self.minor)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        link, handle = ids.link(self.place), SHAPING_HANDLE | self.minor
        if change.after is None:
            payload = queueing.class_gone(link, handle)
            yield Request(k.RTM_DELTCLASS, k.NLM_F_ACK, payload, change)
            return
        before = change.before if isinstance(change.before, TrafficClass) else None
        if before is None or before.shape != self.shape:
            parent = SHAPING_HANDLE if self.minor == TOP else SHAPING_HANDLE | TOP
            payload = queueing.htb_class(link, parent, handle, self.shape)
            flags = k.ADD if before is None else k.NLM_F_ACK
            yield Request(k.RTM_NEWTCLASS, flags, payload, change)
        if self.leaf and (before is None or before.leaf != self.leaf):
            payload = queueing.leaf(link, handle, self.leaf)
            yield Request(k.RTM_NEWQDISC, k.SET, payload, change)

    def __str__(self) -> str:
        shape = self.shape
        said = f"class htb {class_name(self.minor)} dev {self.place} rate {rate_text(shape.rate)}"
        said += f" ceil {rate_text(shape.ceil)} buffer {shape.buffer} cbuffer {shape.cbuffer}"
        if self.leaf is None:
            return said
        kind, rate, buffer, limit = self.leaf
        queue = f" rate {rate_text(rate)} buffer {buffer} limit {limit}b" if rate else ""
        return f"{said} quantum {shape.quantum} leaf {kind}{queue}"


def class_name(minor: int) -> str:
    """As tc(8) writes it."""
    return f"{SHAPING_HANDLE >> 16:x}:{minor:x}"
