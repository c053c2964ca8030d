# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The qdisc at the root of a link of ours that shapes what leaves it: HTB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import queueing
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.requests import Operation, Request
from ..values.marks import SHAPING_HANDLE
from ..values.places import Place
from .kind import Change, Identity, Object


class _Fields(NamedTuple):
    place: Place
    default: int
    kind: str = queueing.HTB
    handle: int = SHAPING_HANDLE


class Shaping(_Fields, Object):
    """`default` is the class of what has none, 0 for no class; another `handle` is a stranger's."""

    __slots__ = ()
    rank = 71

    @property
    def identity(self) -> Identity:
        return ("shaping", *self.place)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        link = ids.link(self.place)
        if (
            change.before is not None
        ):  # HTB cannot be told another default, nor become of another kind
            yield Request(k.RTM_DELQDISC, k.NLM_F_ACK, queueing.ask_root(link), change)
        if change.after is not None:
            payload = queueing.root(link, self.handle, self.default)
            yield Request(k.RTM_NEWQDISC, k.ADD, payload, change)

    def __str__(self) -> str:
        default = f" default {self.default:#x}" if self.kind == queueing.HTB else ""
        return f"qdisc {self.kind} {self.handle >> 16:x}: dev {self.place} root{default}"
