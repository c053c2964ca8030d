# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maps of prefixes: what a container may use of its host, and who may send to it.

A block of ports is a prefix.  An address of IPv4 stands as ::ffff:1.2.3.4, as bpf/addresses.h has it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from ...bpf import maps
from ...values import ports
from ...values.access import Access, Network, Networks, in_order
from ...values.ports import Block, Ranges
from . import numbers as n

_PORT = struct.Struct("=IH2s")  # as struct host_port of bpf/may.h
ADDRESS = 16
_MAPPED = bytes(10) + b"\xff\xff"
_NETWORK = struct.Struct(f"=II{ADDRESS}s")  # as struct network
_NUMBER_BITS, _MAPPED_BITS = 32, 8 * len(_MAPPED)
_FORMATS = {n.HOST_PORTS: _PORT, n.NETWORKS: _NETWORK}
_THERE = b"\1\0\0\0"


def packed(text: str) -> bytes:
    """An address of either family as the maps have it."""
    found = ip_address(text)
    return found.packed if found.version == 6 else _MAPPED + found.packed


def address(key: bytes) -> str:
    """The same as text."""
    found = IPv6Address(key)
    return str(found.ipv4_mapped or found)


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
    found: dict[int, list[Network]] = {}
    for key in maps.keys(descriptor, _NETWORK.size):
        bits, number, first = _NETWORK.unpack(key)
        six, bits = bool(number & n.IPV6_NETWORK), bits - _NUMBER_BITS
        listed = found.setdefault(number & ~n.IPV6_NETWORK, [])
        listed.append(IPv6Network((first, bits)) if six else _four(first, bits))
    return {number: in_order(listed) for number, listed in found.items()}


def _four(first: bytes, bits: int) -> IPv4Network:
    return IPv4Network((first[len(_MAPPED) :], bits - _MAPPED_BITS))


def _network_key(number: int, one: Network) -> bytes:
    six = one.version == 6
    bits = _NUMBER_BITS + one.prefixlen + (0 if six else _MAPPED_BITS)
    whose = number | n.IPV6_NETWORK if six else number
    return _NETWORK.pack(bits, whose, packed(str(one.network_address)))


def add(descriptors: Mapping[str, int], number: int, access: Access) -> None:
    """What a container shall have, to what it has; `descriptors` are those of the maps."""
    for name, wanted in _keys(number, access).items():
        for key in wanted:
            maps.write(descriptors[name], key, _THERE)


def leave(descriptors: Mapping[str, int], number: int, access: Access) -> None:
    """Take away all else that it has."""
    for name, wanted in _keys(number, access).items():
        for key in maps.keys(descriptors[name], _FORMATS[name].size):
            if _FORMATS[name].unpack(key)[1] & n.NUMBER_MASK == number and key not in wanted:
                maps.remove(descriptors[name], key)


def _keys(number: int, access: Access) -> dict[str, frozenset[bytes]]:
    return {
        n.HOST_PORTS: frozenset(_port_keys(number, access.host_ports)),
        n.NETWORKS: frozenset(_network_key(number, one) for one in access.allow_from or ()),
    }


def _port_keys(number: int, ranges: Ranges) -> Iterator[bytes]:
    for block in ports.cut(ranges):
        bits = 8 * (_PORT.size - 4) - (block.size.bit_length() - 1)
        yield _PORT.pack(bits, number, block.first.to_bytes(2, "big"))
