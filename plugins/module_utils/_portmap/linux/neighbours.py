# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Neighbours; the table of those of IPv4 (ARP) is one for all network namespaces of a machine.

Nothing bounds what one namespace or one link may have of it.  From `pressed` entries on, the kernel
throws away what is older than five seconds; at `most` it refuses new ones, to everybody.
Source: linux/neighbour.h, net/core/neighbour.c (neigh_alloc).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from socket import AF_INET, AF_INET6, inet_aton, inet_ntoa, inet_ntop, inet_pton
from typing import NamedTuple

from . import uapi as k
from .attributes import attribute, attributes, number
from .netlink import Socket
from .requests import Request

_TABLE = struct.Struct("=B3x")  # struct ndtmsg
_ENTRIES = struct.Struct("=4xI")  # how struct ndt_config begins
_ONE = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, ifindex, state, flags, type


class Table(NamedTuple):
    """`entries` counts those that never go, too; the bounds are not for them."""

    entries: int
    pressed: int
    most: int


def table(sock: Socket) -> Table | None:
    """The table, as any namespace sees it.  Behind it in the answer come all links of this one."""
    asked = Request(k.RTM_GETNEIGHTBL, 0, _TABLE.pack(AF_INET), "look at the table of neighbours")
    for message in sock.dump(asked):
        found = dict(attributes(message, _TABLE.size))
        config = found.get(k.NDTA_CONFIG, b"")
        if len(config) >= _ENTRIES.size:
            entries = _ENTRIES.unpack_from(config)[0]
            return Table(entries, number(found[k.NDTA_THRESH2]), number(found[k.NDTA_THRESH3]))
    return None


def bounded(sock: Socket) -> int:
    """How many neighbours of this namespace the bounds of the table are for."""
    asked = Request(k.RTM_GETNEIGH, 0, _ONE.pack(AF_INET, 0, 0, 0, 0), "list the neighbours")
    return sum(map(_is_bounded, sock.dump(asked)))


def _is_bounded(message: bytes) -> bool:
    if len(message) < _ONE.size:
        return False
    _family, _ifindex, state, flags, _type = _ONE.unpack_from(message)
    return not (state & k.NUD_PERMANENT or flags & k.NTF_EXT_LEARNED)


def listed(sock: Socket, ifindex: int) -> Mapping[str, str]:
    """The MACs of the neighbours on a link, by their addresses; those that nobody has found are left out."""
    asked = Request(k.RTM_GETNEIGH, 0, _ONE.pack(AF_INET, 0, 0, 0, 0), "list the neighbours")
    found = {}
    for message in sock.dump(asked):
        if len(message) >= _ONE.size and _ONE.unpack_from(message)[1] == ifindex:
            parts = dict(attributes(message, _ONE.size))
            if len(parts.get(k.NDA_DST, b"")) == 4 and len(parts.get(k.NDA_LLADDR, b"")) == 6:
                found[inet_ntoa(parts[k.NDA_DST])] = parts[k.NDA_LLADDR].hex(":")
    return found


def lasting(sock: Socket, ifindex: int) -> Mapping[str, str]:
    """The MACs of the neighbours of IPv6 on a link that never go, by their addresses."""
    asked = Request(k.RTM_GETNEIGH, 0, _ONE.pack(AF_INET6, 0, 0, 0, 0), "list the neighbours")
    found = {}
    for message in sock.dump(asked):
        _family, index, state, _flags, _type = _ONE.unpack_from(message)
        parts = dict(attributes(message, _ONE.size))
        if index == ifindex and state & k.NUD_PERMANENT and k.NDA_DST in parts:
            address = inet_ntop(AF_INET6, parts[k.NDA_DST])
            found[address] = parts.get(k.NDA_LLADDR, b"").hex(":")
    return found


def permanent(ifindex: int, address: str, mac: str) -> bytes:
    """To set a neighbour of IPv6 that never goes, or to delete it."""
    head = _ONE.pack(AF_INET6, ifindex, k.NUD_PERMANENT, 0, 0)
    lladdr = attribute(k.NDA_LLADDR, bytes.fromhex(mac.replace(":", "")))
    return head + attribute(k.NDA_DST, inet_pton(AF_INET6, address)) + lladdr


def message(ifindex: int, address: str, mac: str) -> bytes:
    """To set a neighbour, which is asked again before long, or with the MAC "" to delete it."""
    lladdr = attribute(k.NDA_LLADDR, bytes.fromhex(mac.replace(":", ""))) if mac else b""
    head = _ONE.pack(AF_INET, ifindex, k.NUD_STALE if mac else 0, 0, 0)
    return head + attribute(k.NDA_DST, inet_aton(address)) + lladdr
