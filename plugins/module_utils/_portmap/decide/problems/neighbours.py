# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of neighbours that a host shares with all of its containers fills up.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ...linux.neighbours import Table
from .problem import Problem, few

KIND = "neighbours"
_SHARE = 10  # who has less than a tenth of what there is room for is not named


def is_pressed(table: Table) -> bool:
    """Whether it is worth to ask every namespace."""
    return table.entries >= table.pressed > 0


def problems(table: Table, host: int, held: Mapping[str, int]) -> list[Problem]:
    """`host` and `held`: how many entries the host's own namespace has, and those of containers."""
    if host + sum(held.values()) < table.pressed:
        return []
    large = {name: count for name, count in held.items() if count * _SHARE >= table.most}
    names = sorted(large, key=lambda name: (-large[name], name))
    told = tuple(f"container {name} has {large[name]} entries" for name in names)
    said = (
        "the table of IPv4 neighbours, which all namespaces of this machine share, has"
        f" {table.entries} entries, and there is room for {table.most}: the host has {host},"
        f" {few(told) or 'no container has many'}; when it is full, everybody hears"
        ' "No buffer space available"'
    )
    return [Problem(KIND, said, tuple(sorted(names)), _more_room(table.most * 4), told)]


def _more_room(most: int) -> str:
    there = "net.ipv4.neigh.default.gc_thresh"
    return f"sysctl -w {there}3={most} {there}2={most // 2}"
