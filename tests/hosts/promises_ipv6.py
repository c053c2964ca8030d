# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who hears a frame of IPv6, as the documents promise it: written beside the program, not after it."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping, Set
from typing import NamedTuple

from lab.frames import HOST_MAC, IPV6, VLAN, mac

WITH_PORTS = {6, 17, 33, 132, 136}
HOP, ROUTING, FRAGMENT, AUTH, ICMPV6, OPTIONS = 0, 43, 44, 51, 58, 60
BETWEEN = {HOP, ROUTING, FRAGMENT, AUTH, OPTIONS}
MOST = 6  # headers before the last one
ERRORS, ECHO, ECHO_REPLY, UNREACHABLE = range(1, 5), 128, 129, 1

Address = ipaddress.IPv6Address
Owners = Mapping[str, Set[int]]  # the ports of each container


class Packet(NamedTuple):
    """`last`: where it begins; `offset` and `more` are those of a fragment; `length` counts from the start."""

    source: Address
    target: Address
    kind: int
    last: int
    length: int
    hops: int
    offset: int
    more: bool
    routed: bool
    ports: tuple[int, int] | None


def read(data: bytes) -> Packet | None:
    """A packet from its first byte on; None for what no receiver could make out."""
    if len(data) < 40 or data[0] >> 4 != 6:
        return None
    length, kind, hops = struct.unpack_from("!HBB", data, 4)
    ends = (Address(data[8:24]), Address(data[24:40]))
    if any(one.ipv4_mapped for one in ends):
        return None
    at, offset, more, routed, fragments = 40, 0, False, False, 0
    for _step in range(MOST):
        if kind not in BETWEEN or offset:
            break
        if len(data) < at + 8:
            return None
        following, size = data[at], data[at + 1]
        if kind == FRAGMENT:
            fragments += 1
            (word,) = struct.unpack_from("!H", data, at + 2)
            offset, more, size = word & 0xFFF8, bool(word & 1), 0
        routed |= kind == ROUTING
        at += (size + 2) * 4 if kind == AUTH else (size + 1) * 8
        kind = following
    if fragments > 1 or (kind in BETWEEN and not offset):
        return None
    ports = None
    if kind in WITH_PORTS and not offset:
        if len(data) < at + 4:
            return None
        ports = struct.unpack_from("!HH", data, at)
    return Packet(*ends, kind, at, 40 + length, hops, offset, more, routed, ports)


def owner(port: int, owners: Owners) -> str:
    return next((name for name, ports in owners.items() if port in ports), "")


def depends(frame: bytes) -> bool:
    """On what was sent before: on a first fragment, or on how many were begun."""
    found = read(_payload(frame) or b"")
    return bool(found and (found.offset or found.more))


def _payload(frame: bytes) -> bytes | None:
    """Of a frame of IPv6 in no network of its own."""
    kind, rest = int.from_bytes(frame[12:14], "big"), frame[14:]
    if kind == VLAN and not int.from_bytes(rest[:2], "big") & 0xFFF:
        kind, rest = int.from_bytes(rest[2:4], "big"), rest[4:]
    return rest if kind == IPV6 else None


def _is_no_source(one: Address, own: Set[Address]) -> bool:
    return one.is_multicast or int(one) >> 32 == 0 or one in own


def hearing_from_outside(frame: bytes, owners: Owners, own: Set[Address]) -> set[str]:
    data = _payload(frame)
    of_one = not frame[6] & 1  # from a group no switch takes a frame
    found = read(data) if data and of_one and frame[:6] == mac(HOST_MAC) else None
    if found is None or found.target not in own or _is_no_source(found.source, own):
        return set()
    if found.ports:
        return {owner(found.ports[1], owners)} - {""}
    if found.kind != ICMPV6 or len(data) < found.last + 8 or data[found.last] not in ERRORS:
        return set()
    about = read(data[found.last + 8 :])
    return {owner(about.ports[0], owners)} - {""} if about and about.ports else set()


def hearing_from_inside(
    frame: bytes, me: str, owners: Owners, own: Set[Address], outside: str, host: str
) -> set[str]:
    """`outside` and `host`: the names of who hears what goes there."""
    if int.from_bytes(frame[12:14], "big") != IPV6:
        return set()
    data = frame[14:]
    found = read(data)
    if found is None or not found.hops or found.routed:
        return set()
    if not found.last + 8 <= found.length <= len(data):
        return set()
    within = found.source.is_loopback and found.target.is_loopback
    if not within:
        if found.source not in own or found.target.is_link_local or found.target.is_multicast:
            return set()
        if int(found.target) >> 32 == 0:
            return set()
        within = found.target in own
    if found.ports:
        if owner(found.ports[0], owners) != me:
            return set()
        return {owner(found.ports[1], owners) or host} if within else {outside}
    if found.kind != ICMPV6:
        return set()
    kind, code = data[found.last], data[found.last + 1]
    if kind == ECHO and not code:
        return set() if within else {outside}
    about = read(data[found.last + 8 :])
    if kind != UNREACHABLE or about is None or not about.ports:
        return set()
    if about.source != found.target or owner(about.ports[1], owners) != me:
        return set()
    if found.last + 8 + about.last + 8 > found.length:
        return set()
    if about.target not in own and not (within and about.target.is_loopback):
        return set()
    return {owner(about.ports[0], owners) or host} if within else {outside}
