# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maps of prefixes: what a container may use of its host.  A block of ports is a prefix."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...bpf import maps
from ...values import ports
from ...values.ports import Block, Ranges

_PORT = struct.Struct("=IH2s")  # as struct host_port of bpf/may.h
_NUMBER_BITS = 16
_THERE = b"\1\0\0\0"


def host_ports(descriptor: int) -> dict[int, Ranges]:
    """By the numbers of containers."""
    found: dict[int, list[Block]] = {}
    for key in maps.keys(descriptor, _PORT.size):
        bits, number, first = _PORT.unpack(key)
        size = 1 << (_PORT.size - 4) * 8 - bits
        found.setdefault(number, []).append(Block(int.from_bytes(first, "big"), size))
    return {number: ports.cover(blocks) for number, blocks in found.items()}


def add_host_ports(descriptor: int, number: int, ranges: Ranges) -> None:
    for key in _port_keys(number, ranges):
        maps.write(descriptor, key, _THERE)


def leave_host_ports(descriptor: int, number: int, ranges: Ranges) -> None:
    """Take away all others that the container has."""
    kept = set(_port_keys(number, ranges))
    for key in maps.keys(descriptor, _PORT.size):
        if _PORT.unpack(key)[1] == number and key not in kept:
            maps.remove(descriptor, key)


def _port_keys(number: int, ranges: Ranges) -> Iterator[bytes]:
    for block in ports.cut(ranges):
        bits = _NUMBER_BITS + 16 - (block.size.bit_length() - 1)
        yield _PORT.pack(bits, number, block.first.to_bytes(2, "big"))
