# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Match keys of the u32 classifier: built, made canonical, and put into words.

Offsets count bytes from the network header and are multiples of four, as tc(8) sends them; the
Ethernet header lies at negative ones.  Values and masks are 32-bit words in host order.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import NamedTuple

from ...values.ports import Block


class Key(NamedTuple):
    """Matches when the word at `offset`, masked by `mask`, equals `value`."""

    offset: int
    value: int
    mask: int


Match = tuple[Key, ...]


def match(*keys: Key) -> Match:
    """Keys of one word merged, sorted by offset: equal matches compare equal."""
    words: dict[int, Key] = {}
    for key in keys:
        have = words.get(key.offset, Key(key.offset, 0, 0))
        words[key.offset] = Key(key.offset, have.value | key.value, have.mask | key.mask)
    return tuple(words[offset] for offset in sorted(words))


def _field(offset: int, width: int, value: int, mask: int) -> Key:
    """A field of `width` bytes at any byte `offset`, moved into its aligned word."""
    aligned = offset & ~3
    shift = 8 * (4 - width - (offset - aligned))
    return Key(aligned, value << shift, mask << shift)


# IPv4, RFC 791
NO_OPTIONS = _field(0, 1, 5, 0x0F)  # header length of five words: the ports are where we look
NO_FRAGMENT = _field(6, 2, 0, 0x1FFF)  # later fragments carry no ports
LOOPBACK_NET = ipaddress.IPv4Network("127.0.0.0/8")


PROTOCOL_WORD = 8  # the offset of the word that has the protocol


def protocol(number: int) -> Key:
    return _field(PROTOCOL_WORD + 1, 1, number, 0xFF)


def source(net: ipaddress.IPv4Network) -> Key:
    return Key(12, int(net.network_address), int(net.netmask))


def destination(net: ipaddress.IPv4Network) -> Key:
    return Key(16, int(net.network_address), int(net.netmask))


# TCP, UDP, SCTP: both ports are in the word behind a header without options
@lru_cache(maxsize=64)
def source_port(block: Block) -> Key:
    return Key(20, block.first << 16, block.mask << 16)


@lru_cache(maxsize=64)
def destination_port(block: Block) -> Key:
    return Key(20, block.first, block.mask)


# ICMP, RFC 792.  Errors quote the IP header (at 28) and eight bytes (at 48) of what they answer.
# One masked key covers the types 3 and 11, which differ in one bit.
ERRORS = (_field(20, 1, 3, 0xF7), _field(20, 1, 12, 0xFF))
# What a host itself says: unreachable, but not "fragmentation needed" (code 4), which would lower the
# MTU of everybody's path to the shared address, and no source route (5 to 7).
UNREACHABLE = (_field(20, 2, 0x0300, 0xFFFC), _field(20, 2, 0x0308, 0xFFF8))
QUOTED_NO_OPTIONS = _field(28, 1, 5, 0x0F)
QUOTED_NO_FRAGMENT = _field(34, 2, 0, 0x1FFF)


def icmp_type(number: int) -> Key:
    return _field(20, 1, number, 0xFF)


def quoted_protocol(number: int) -> Key:
    return _field(37, 1, number, 0xFF)


def quoted_destination(net: ipaddress.IPv4Network) -> Key:
    return Key(44, int(net.network_address), int(net.netmask))


@lru_cache(maxsize=64)
def quoted_source_port(block: Block) -> Key:
    return Key(48, block.first << 16, block.mask << 16)


@lru_cache(maxsize=64)
def quoted_destination_port(block: Block) -> Key:
    return Key(48, block.first, block.mask)


def destination_mac(mac: str) -> tuple[Key, Key]:
    """The six bytes that end two bytes before the network header (the EtherType)."""
    number = int(mac.replace(":", ""), 16)
    return Key(-16, number >> 32, 0xFFFF), Key(-12, number & 0xFFFFFFFF, 0xFFFFFFFF)


def source_mac(mac: str) -> tuple[Key, Key]:
    """The six bytes that begin eight bytes before the network header."""
    number = int(mac.replace(":", ""), 16)
    return Key(-8, number >> 16, 0xFFFFFFFF), Key(-4, (number & 0xFFFF) << 16, 0xFFFF0000)


# ARP over Ethernet, RFC 826
ARP_REPLY = _field(6, 2, 2, 0xFFFF)


def arp_sender(mac: str, address: ipaddress.IPv4Address) -> tuple[Key, Key, Key]:
    """Sender hardware address at 8, sender protocol address at 14."""
    number = int(mac.replace(":", ""), 16) << 32 | int(address)
    return (
        Key(8, number >> 48 & 0xFFFFFFFF, 0xFFFFFFFF),
        Key(12, number >> 16 & 0xFFFFFFFF, 0xFFFFFFFF),
        Key(16, (number & 0xFFFF) << 16, 0xFFFF0000),
    )


# --- in words -----------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def explain(keys: Match, arp: bool = False) -> str:
    """The match in the vocabulary of tc(8), ports as ranges; unknown keys as tc prints them."""
    if arp:
        return " ".join("match arp reply" if key == ARP_REPLY else _raw(key) for key in keys)
    icmp = protocol(1) in keys
    return " ".join(_explain_ip(key, icmp) for key in keys)


def _raw(key: Key) -> str:
    return f"match {key.value:08x}/{key.mask:08x} at {key.offset}"


def _ports(value: int, mask: int) -> str:
    size = 0x10000 - mask
    return f"{value}-{value + size - 1}" if size > 1 else str(value)


def _is_prefix(mask: int, width: int) -> bool:
    """Whether all the ones of a mask stand before its zeros."""
    holes = mask ^ (1 << width) - 1
    return not holes & holes + 1


def _icmp_types(key: Key) -> str:
    if key == ERRORS[0]:
        return "3,11"
    codes = 0x100 - (key.mask >> 16 & 0xFF)
    first = key.value >> 16 & 0xFF
    return f"{key.value >> 24}" + (f" code {first}-{first + codes - 1}" if codes < 0x100 else "")


def _explain_ip(key: Key, icmp: bool) -> str:
    offset, value, mask = key
    if key in (NO_OPTIONS, QUOTED_NO_OPTIONS):
        return f"match {'ip' if offset == 0 else 'quoted'} ihl 5"
    if key in (NO_FRAGMENT, QUOTED_NO_FRAGMENT):
        return f"match {'ip' if offset == 4 else 'quoted'} offset 0"
    if offset in (8, 36) and mask == 0x00FF0000:
        return f"match {'ip' if offset == 8 else 'quoted'} protocol {value >> 16}"
    if offset in (12, 16) and _is_prefix(mask, 32):
        net = ipaddress.IPv4Network((value, bin(mask).count("1")), strict=False)
        return f"match ip {'src' if offset == 12 else 'dst'} {net}"
    if icmp and offset == 20:
        known = key in (ERRORS[0], *UNREACHABLE) or mask == 0xFF000000
        return f"match icmp type {_icmp_types(key)}" if known else _raw(key)
    if offset in (20, 48) and mask:
        whose = "ip" if offset == 20 else "quoted"
        if not mask & 0xFFFF and _is_prefix(mask >> 16, 16):
            return f"match {whose} sport {_ports(value >> 16, mask >> 16)}"
        if not mask >> 16 and _is_prefix(mask, 16):
            return f"match {whose} dport {_ports(value, mask)}"
    return _raw(key)
