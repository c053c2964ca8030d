# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maps of prefixes: what a container may use of its host, and who may send to it.

A block of ports is a prefix.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from ...bpf import maps
from ...values import ports
from ...values.access import Access, Networks
from ...values.ports import Block, Ranges
from . import numbers as n

_PORT = struct.Struct("=IH2s")  # as struct host_port of bpf/may.h
_NETWORK = struct.Struct("=II4s")  # as struct network
_FORMATS = {n.HOST_PORTS: _PORT, n.NETWORKS: _NETWORK}
_THERE = b"\1\0\0\0"


def host_ports(descriptor: int) -> dict[int, Ranges]:
    """By the numbers of containers."""
    found: dict[int, list[Block]] = {}
    for key in maps.keys(descriptor, _PORT.size):
        bits, number, first = _PORT.unpack(key)
        size = 1 << 8 * (_PORT.size - 4) - bits
        found.setdefault(number, []).append(Block(int.from_bytes(first, "big"), size))
    return {number: ports.cover(blocks) for number, blocks in found.items()}


def networks(descriptor: int) -> dict[int, Networks]:
    """By the numbers of containers."""
    found: dict[int, list[IPv4Network]] = {}
    for key in maps.keys(descriptor, _NETWORK.size):
        bits, number, address = _NETWORK.unpack(key)
        found.setdefault(number, []).append(IPv4Network((address, bits - 32)))
    return {number: tuple(sorted(listed)) for number, listed in found.items()}


def add(descriptors: Mapping[str, int], number: int, access: Access) -> None:
    """What a container shall have, to what it has; `descriptors` are those of the maps."""
    for name, wanted in _keys(number, access).items():
        for key in wanted:
            maps.write(descriptors[name], key, _THERE)


def leave(descriptors: Mapping[str, int], number: int, access: Access) -> None:
    """Take away all else that it has."""
    for name, wanted in _keys(number, access).items():
        for key in maps.keys(descriptors[name], _FORMATS[name].size):
            if _FORMATS[name].unpack(key)[1] == number and key not in wanted:
                maps.remove(descriptors[name], key)


def _keys(number: int, access: Access) -> dict[str, frozenset[bytes]]:
    return {
        n.HOST_PORTS: frozenset(_port_keys(number, access.host_ports)),
        n.NETWORKS: frozenset(
            _NETWORK.pack(32 + one.prefixlen, number, one.network_address.packed)
            for one in access.allow_from or ()
        ),
    }


def _port_keys(number: int, ranges: Ranges) -> Iterator[bytes]:
    for block in ports.cut(ranges):
        bits = 8 * (_PORT.size - 4) - (block.size.bit_length() - 1)
        yield _PORT.pack(bits, number, block.first.to_bytes(2, "big"))
