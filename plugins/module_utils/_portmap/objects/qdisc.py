# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The qdisc on the ingress hook of a link, which filters of arriving packets hang on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import rtnl
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Operation, Request
from ..values.places import Place
from .kind import Change, Identity, Object

BOTH_WAYS = "clsact"  # which also has a hook for packets that leave


class _Fields(NamedTuple):
    place: Place
    kind: str
    shared: bool = False


class Qdisc(_Fields, Object):
    """`kind` is ingress or clsact; `shared`: its filters are in a block that other links share."""

    __slots__ = ()
    rank = 70
    carries_others = True

    @property
    def identity(self) -> Identity:
        return ("qdisc", *self.place)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        payload = rtnl.qdisc(ids.link(self.place), self.kind)
        if change.after is None:
            yield Request(k.RTM_DELQDISC, k.NLM_F_ACK, payload, change)
        else:
            yield Request(k.RTM_NEWQDISC, k.ADD, payload, change)

    def __str__(self) -> str:
        block = " with a shared block" if self.shared else ""
        return f"qdisc {self.kind} dev {self.place}{block}"
