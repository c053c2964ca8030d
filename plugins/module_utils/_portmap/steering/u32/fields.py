# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a filter, a table and a program have: the fields alone.  Pure."""

from __future__ import annotations

from typing import NamedTuple

from ...values.places import Place
from .keys import Match

Bytecode = tuple[tuple[int, int, int, int], ...]  # struct sock_filter: code, jt, jf, k


class Action(NamedTuple):
    """mirred: `redirect` or `mirror` to a link; an empty target is a link that is gone.

    Or to a `class` of what shapes the link, as tc(8) writes it.
    """

    verb: str
    target: str


class FilterFields(NamedTuple):
    """`table`, `bucket` and `node` are the parts of a u32 handle; see `objects.Filter`."""

    place: Place
    protocol: int
    priority: int
    table: int
    bucket: int
    node: int
    match: Match
    actions: tuple[Action, ...] = ()
    goto: int = 0
    hashkey: tuple[int, int] = (0, 0)


class TableFields(NamedTuple):
    """`divisor` is the number of buckets."""

    place: Place
    protocol: int
    priority: int
    table: int
    divisor: int


class ProgramFields(NamedTuple):
    """`priority` is one of those in `numbers.PROGRAM_HANDLES`."""

    place: Place
    protocol: int
    priority: int
    bytecode: Bytecode


class OffloadFields(NamedTuple):
    """`tag` tells a program of eBPF from others."""

    place: Place
    protocol: int
    priority: int
    tag: str
