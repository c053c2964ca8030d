# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routes: what is asked, and answers read as values.  Pure.

Payloads carry no netlink header; `netlink.Socket` adds it.
"""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

from . import uapi as k
from .attributes import attribute, attributes, number
from .messages import LENGTHS, written

_ROUTE = struct.Struct("=BBBBBBBBI")


class RouteSeen(NamedTuple):
    """A default route; `metric` orders several of a family."""

    ifindex: int
    family: int
    gateway: str
    metric: int


def read_default(data: bytes) -> RouteSeen | None:
    """A route message; None unless it is a unicast default route of the main table."""
    family, length, _src, _tos, table, _proto, _scope, kind, _flags = _ROUTE.unpack_from(data)
    if family not in LENGTHS or length or table != k.RT_TABLE_MAIN or kind != k.RTN_UNICAST:
        return None
    found = dict(attributes(data[_ROUTE.size :]))
    hop = found.get(k.RTA_MULTIPATH)
    ifindex = number(found.get(k.RTA_OIF))
    if hop is not None and len(hop) >= 8:  # several next hops: struct rtnexthop of the first
        ifindex = struct.unpack_from("=HBBi", hop)[3]
        found.update(attributes(hop[8 : struct.unpack_from("=H", hop)[0]]))
    gateway = written(family, found.get(k.RTA_GATEWAY))
    return RouteSeen(ifindex, family, gateway, number(found.get(k.RTA_PRIORITY)))


class RouteFound(NamedTuple):
    """What the kernel says of a route: where it leads through one link, and what it sets.

    `prefix` is the length of the destination that it stands for; `gateway` is "" on the link itself;
    `source` the address that it names, or that the kernel would choose; `mtu` and `advmss` are 0
    when it sets none.  `known`: the message tells the link's next hop.
    """

    prefix: int
    gateway: str
    through_ipv6: bool
    source: str
    mtu: int
    advmss: int
    known: bool


def read_found(data: bytes, ifindex: int) -> RouteFound:
    """An answer about a route that leads through the link, perhaps among others."""
    family, prefix = data[:2]
    found = dict(attributes(data[_ROUTE.size :]))
    hop = found
    if k.RTA_MULTIPATH in found:
        hops = _next_hops(found[k.RTA_MULTIPATH])
        hop = next((told for index, told in hops if index == ifindex), {})
    metrics = dict(attributes(found.get(k.RTA_METRICS, b"")))
    return RouteFound(
        prefix,
        written(family, hop.get(k.RTA_GATEWAY)),
        k.RTA_VIA in hop,
        written(family, found.get(k.RTA_PREFSRC)),
        number(metrics.get(k.RTAX_MTU)),
        number(metrics.get(k.RTAX_ADVMSS)),
        k.RTA_MULTIPATH in found or number(found.get(k.RTA_OIF)) == ifindex,
    )


def _next_hops(data: bytes) -> list[tuple[int, dict[int, bytes]]]:
    """(ifindex, attributes) of each struct rtnexthop."""
    found = []
    at = 0
    while at + 8 <= len(data):
        length, _flags, _hops, ifindex = struct.unpack_from("=HBBi", data, at)
        if length < 8:
            break
        found.append((ifindex, dict(attributes(data[at + 8 : at + length]))))
        at += (length + 3) & ~3
    return found


class OtherRoute(NamedTuple):
    """A unicast route of the main table; `source` is "", and `mtu` 0, if it sets none.

    IPv4 has its default routes elsewhere.  Of several next hops, `gateway` and `ifindex` tell the first one.
    """

    destination: str
    gateway: str
    ifindex: int
    protocol: int
    source: str = ""
    mtu: int = 0

    @property
    def family(self) -> int:
        return socket.AF_INET6 if ":" in self.destination else socket.AF_INET

    @property
    def of_kernel(self) -> bool:
        return self.protocol == k.RTPROT_KERNEL

    def __str__(self) -> str:
        return f"{self.destination} via {self.gateway}" if self.gateway else self.destination


def read_other(data: bytes) -> OtherRoute | None:
    family, length, _src, _tos, table, proto, _scope, kind, flags = _ROUTE.unpack_from(data)
    if family not in LENGTHS or (table, kind) != (k.RT_TABLE_MAIN, k.RTN_UNICAST):
        return None
    remembered = flags & k.RTM_F_CLONED  # the smaller MTU of a path, by IPv6
    if remembered or (family == socket.AF_INET and not length):
        return None
    found = dict(attributes(data[_ROUTE.size :]))
    hops = _next_hops(found.get(k.RTA_MULTIPATH, b"")) or [(number(found.get(k.RTA_OIF)), found)]
    ifindex, hop = hops[0]
    return OtherRoute(
        f"{written(family, found.get(k.RTA_DST, bytes(LENGTHS[family])))}/{length}",
        written(family, hop.get(k.RTA_GATEWAY)),
        ifindex,
        proto,
        written(family, found.get(k.RTA_PREFSRC)),
        number(dict(attributes(found.get(k.RTA_METRICS, b""))).get(k.RTAX_MTU)),
    )


class LinkRoute(NamedTuple):
    """A route of any table through one link, as far as somebody has made it; `target` as in ip(8)."""

    ifindex: int
    target: str


def read_of_link(data: bytes) -> LinkRoute | None:
    """A route message; None for what the kernel makes by itself, and for several next hops."""
    family, length, _src, _tos, _table, proto, _scope, kind, _flags = _ROUTE.unpack_from(data)
    if family not in LENGTHS or kind != k.RTN_UNICAST or proto == k.RTPROT_KERNEL:
        return None
    found = dict(attributes(data[_ROUTE.size :]))
    target = f"{written(family, found.get(k.RTA_DST))}/{length}" if length else "default"
    return LinkRoute(number(found.get(k.RTA_OIF)), target)


# --- asked for ----------------------------------------------------------------------------------


def ask_all(family: int) -> bytes:
    return _ROUTE.pack(family, 0, 0, 0, k.RT_TABLE_MAIN, 0, 0, 0, 0)


def ask_one(destination: str, ifindex: int, source: str, matched: bool) -> bytes:
    """RTM_GETROUTE of what leaves through a link, from an address if one is given.

    `matched`: tell the entry of the table; otherwise what becomes of a packet.
    """
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    flags, bits = k.RTM_F_FIB_MATCH if matched else 0, 8 * LENGTHS[family]
    head = _ROUTE.pack(family, bits, bits if source else 0, 0, 0, 0, 0, 0, flags)
    head += attribute(k.RTA_DST, socket.inet_pton(family, destination))
    if source:
        head += attribute(k.RTA_SRC, socket.inet_pton(family, source))
    return head + attribute(k.RTA_OIF, struct.pack("=I", ifindex))
