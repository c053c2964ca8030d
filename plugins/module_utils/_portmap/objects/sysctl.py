# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters as objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..linux import forwarding, procsys
from ..linux.ids import Ids
from ..linux.requests import Call, Operation
from ..values.places import HOST
from .kind import INSIDE, MAKE, ON_HOST, ON_VETH, Change, Identity, Object, when


class _Fields(NamedTuple):
    netns: str
    name: str
    value: str
    veth: str = ""


class Sysctl(_Fields, Object):
    """A file below /proc/sys, seen from `netns`; `name` uses slashes.

    `veth`: the container's link on the host that it belongs to; "" for any other.
    """

    __slots__ = ()
    rank = 30
    set_only = True
    alone = True

    @property
    def identity(self) -> Identity:
        return ("sysctl", self.netns, self.name)

    @property
    def step(self) -> int:
        if self.netns != HOST:
            return INSIDE
        return ON_VETH if self.veth else ON_HOST

    @property
    def owner(self) -> tuple[str, str]:
        return self.netns, self.veth

    @property
    def where(self) -> tuple[object, ...]:
        return self.netns, self.name

    def made(self, replacing: bool) -> tuple[float, ...]:
        # conf/all weakens every link, or gives it IPv6: set to 0 last, back to 1 first
        relaxing = 0
        if "/all/" in self.name:
            relaxing = 1 if self.value == "0" else -1
        return when(MAKE, self.step, False, self.rank, relaxing)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        if change.after is not None:
            write = forwarding.write if forwarding.is_ipv6(self.name) else procsys.write
            yield Call(partial(write, self.name, self.value))

    def __str__(self) -> str:
        where = f"{self.netns}: " if self.netns else ""
        return f"{where}sysctl {self.name.replace('/', '.')} = {self.value}"
