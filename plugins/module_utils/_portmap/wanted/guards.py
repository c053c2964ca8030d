# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the program of a guard is told: struct rules in bpf/guard.c.  Pure."""

from __future__ import annotations

import struct

from ..values.guards import REPORT, Guard
from ..values.ports import Ranges, subtract

_HEAD = struct.Struct("=IIQ")  # deny, only_tcp_udp, netns
_ALL_BITS = (1 << 0x10000) - 1


def rules(guard: Guard, netns: int) -> bytes:
    """`netns` is the cookie of the namespace that is guarded, 0 for all."""
    head = _HEAD.pack(guard.action != REPORT, guard.only_tcp_udp, netns)
    tcp = _allowed(guard.judged.tcp, guard.ports.tcp)
    return head + tcp + _allowed(guard.judged.udp, guard.ports.udp)


def _allowed(judged: Ranges, own: Ranges) -> bytes:
    """A bit for each port that may be bound: it is not judged, or the group's own."""
    bits = _ALL_BITS
    for item in subtract(judged, own):
        bits &= ~((1 << item.size) - 1 << item.first)
    return bits.to_bytes(0x10000 // 8, "little")
