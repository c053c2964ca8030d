# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packets and bytes a second, from counters at two times.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Counters = Mapping[str, int]  # rx_packets, rx_bytes, tx_packets, tx_bytes, and others


class Rate(NamedTuple):
    """What a container received and sent a second."""

    name: str
    rx_packets: float
    rx_bytes: float
    tx_packets: float
    tx_bytes: float


def rates(
    before: Mapping[str, Counters], after: Mapping[str, Counters], seconds: float
) -> list[Rate]:
    """Those of most bytes first.  Only of containers that were there all the time."""
    found = []
    for name, now in after.items():
        was = before.get(name)
        if was is not None:
            # a link that was made anew in between counts from 0
            fresh = any(now[field] < was[field] for field in Rate._fields[1:])
            values = (now[field] - (0 if fresh else was[field]) for field in Rate._fields[1:])
            found.append(Rate(name, *(value / seconds for value in values)))
    return sorted(found, key=lambda one: (-(one.rx_bytes + one.tx_bytes), one.name))
