# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links, addresses, routes and qdiscs: what is asked, and answers read as values.  Pure.

Payloads carry no netlink header; `netlink.Socket` adds it.
"""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

from . import uapi as k
from .attributes import attribute, attributes, number, short, text

_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")
_BASIC = struct.Struct("=QI")
_RATE = struct.Struct("=II")
_QUEUE = struct.Struct("=IIIII")
TCMSG = struct.Struct("=BxxxiIII")
_LENGTHS: dict[int, int] = {socket.AF_INET: 4, socket.AF_INET6: 16}


def tcmsg(ifindex: int, handle: int, parent: int, priority: int, protocol: int) -> bytes:
    """The head of every message of traffic control; `protocol` is an EtherType."""
    info = priority << 16 | socket.htons(protocol)
    return TCMSG.pack(socket.AF_UNSPEC, ifindex, handle, parent, info)


# --- read ---------------------------------------------------------------------------------------


class LinkSeen(NamedTuple):
    """A link; `peer_ifindex` is the other end of a veth pair, in its own namespace.

    `master` is the index of the bridge (or the like) that it is a port of, 0 for none; of a bridge's
    port, `forwarded` has a bit for each reserved group whose frames it treats as all others.  `peer_nsid`
    is the number of the other end's namespace; None when it is in the same.  `qdisc` is the kind of the
    root qdisc.
    """

    ifindex: int
    name: str
    kind: str
    mac: str
    mtu: int
    up: bool
    loopback: bool
    alias: str
    group: int
    peer_ifindex: int
    statistics: tuple[int, ...]
    master: int = 0
    forwarded: int = 0
    peer_nsid: int | None = None
    qdisc: str = ""


def read_link(data: bytes) -> LinkSeen:
    _family, _type, ifindex, flags, _change = _LINK.unpack_from(data)
    found = dict(attributes(data[_LINK.size :]))
    info = dict(attributes(found.get(k.IFLA_LINKINFO, b"")))
    port = dict(attributes(info.get(k.IFLA_INFO_SLAVE_DATA, b"")))
    counters = found.get(k.IFLA_STATS64, b"")
    return LinkSeen(
        ifindex,
        text(found.get(k.IFLA_IFNAME, b"")),
        text(info.get(k.IFLA_INFO_KIND, b"")),
        ":".join(f"{byte:02x}" for byte in found.get(k.IFLA_ADDRESS, b"")),
        number(found.get(k.IFLA_MTU)),
        bool(flags & k.IFF_UP),
        bool(flags & k.IFF_LOOPBACK),
        text(found.get(k.IFLA_IFALIAS, b"")),
        number(found.get(k.IFLA_GROUP)),
        number(found.get(k.IFLA_LINK)),
        struct.unpack(f"={len(counters) // 8}Q", counters[: len(counters) // 8 * 8]),
        number(found.get(k.IFLA_MASTER)),
        short(port.get(k.IFLA_BRPORT_GROUP_FWD_MASK)),
        number(found[k.IFLA_LINK_NETNSID]) if k.IFLA_LINK_NETNSID in found else None,
        text(found.get(k.IFLA_QDISC, b"")),
    )


class AddressSeen(NamedTuple):
    """An address; `secondary` ones were added after another of the same network."""

    ifindex: int
    family: int
    address: str
    prefix: int
    secondary: bool


def read_address(data: bytes) -> AddressSeen | None:
    """An address message; None when it carries no address of IPv4 or IPv6."""
    family, prefix, flags, _scope, ifindex = _ADDRESS.unpack_from(data)
    found = dict(attributes(data[_ADDRESS.size :]))
    local = _written(family, found.get(k.IFA_LOCAL, found.get(k.IFA_ADDRESS)))
    if not local:
        return None
    secondary = bool((number(found.get(k.IFA_FLAGS)) or flags) & k.IFA_F_SECONDARY)
    return AddressSeen(ifindex, family, local, prefix, secondary)


class RouteSeen(NamedTuple):
    """A default route; `metric` orders several of a family."""

    ifindex: int
    family: int
    gateway: str
    metric: int


def read_default_route(data: bytes) -> RouteSeen | None:
    """A route message; None unless it is a unicast default route of the main table."""
    family, length, _src, _tos, table, _proto, _scope, kind, _flags = _ROUTE.unpack_from(data)
    if family not in _LENGTHS or length or table != k.RT_TABLE_MAIN or kind != k.RTN_UNICAST:
        return None
    found = dict(attributes(data[_ROUTE.size :]))
    hop = found.get(k.RTA_MULTIPATH)
    ifindex = number(found.get(k.RTA_OIF))
    if hop is not None and len(hop) >= 8:  # several next hops: struct rtnexthop of the first
        ifindex = struct.unpack_from("=HBBi", hop)[3]
        found.update(attributes(hop[8 : struct.unpack_from("=H", hop)[0]]))
    gateway = _written(family, found.get(k.RTA_GATEWAY))
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


def read_route(data: bytes, ifindex: int) -> RouteFound:
    """An answer about a route that leads through the link, perhaps among others."""
    prefix = data[1]
    found = dict(attributes(data[_ROUTE.size :]))
    hop = found
    if k.RTA_MULTIPATH in found:
        hops = _next_hops(found[k.RTA_MULTIPATH])
        hop = next((told for index, told in hops if index == ifindex), {})
    metrics = dict(attributes(found.get(k.RTA_METRICS, b"")))
    return RouteFound(
        prefix,
        _written(socket.AF_INET, hop.get(k.RTA_GATEWAY)),
        k.RTA_VIA in hop,
        _written(socket.AF_INET, found.get(k.RTA_PREFSRC)),
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
    """A unicast route of the main table that is no default route."""

    destination: str
    gateway: str
    ifindex: int
    of_kernel: bool

    def __str__(self) -> str:
        return f"{self.destination} via {self.gateway}" if self.gateway else self.destination


def read_other_route(data: bytes) -> OtherRoute | None:
    family, length, _src, _tos, table, proto, _scope, kind, _flags = _ROUTE.unpack_from(data)
    if family != socket.AF_INET or not length or (table, kind) != (k.RT_TABLE_MAIN, k.RTN_UNICAST):
        return None
    found = dict(attributes(data[_ROUTE.size :]))
    return OtherRoute(
        f"{_written(family, found.get(k.RTA_DST))}/{length}",
        _written(family, found.get(k.RTA_GATEWAY)),
        number(found.get(k.RTA_OIF)),
        proto == k.RTPROT_KERNEL,
    )


class LinkRoute(NamedTuple):
    """A route of any table through one link, as far as somebody has made it; `target` as in ip(8)."""

    ifindex: int
    target: str


def read_link_route(data: bytes) -> LinkRoute | None:
    """A route message; None for what the kernel makes by itself, and for several next hops."""
    family, length, _src, _tos, _table, proto, _scope, kind, _flags = _ROUTE.unpack_from(data)
    if family not in _LENGTHS or kind != k.RTN_UNICAST or proto == k.RTPROT_KERNEL:
        return None
    found = dict(attributes(data[_ROUTE.size :]))
    target = f"{_written(family, found.get(k.RTA_DST))}/{length}" if length else "default"
    return LinkRoute(number(found.get(k.RTA_OIF)), target)


def _written(family: int, address: bytes | None) -> str:
    """An address as text; "" when it is missing, or of another length."""
    if address is None or len(address) != _LENGTHS.get(family):
        return ""
    return socket.inet_ntop(family, address)


def read_qdisc_kind(data: bytes) -> str:
    return text(dict(attributes(data[TCMSG.size :]))[k.TCA_KIND])


def has_shared_block(data: bytes) -> bool:
    """Whether the filters of a qdisc are in a block that other links share."""
    return k.TCA_INGRESS_BLOCK in dict(attributes(data[TCMSG.size :]))


class Queue(NamedTuple):
    """A qdisc and what it has counted.

    `ingress`: it takes what arrives on its link.  Rates are a second's, 0 without an estimator.
    """

    ifindex: int
    kind: str
    ingress: bool
    bytes: int
    packets: int
    ratebps: int
    ratepps: int
    qlen: int
    backlog: int
    drops: int
    requeues: int
    overlimits: int


def read_queue(data: bytes) -> Queue:
    """struct gnet_stats_basic, gnet_stats_rate_est and gnet_stats_queue; what is missing is 0."""
    _family, ifindex, _handle, parent, _info = TCMSG.unpack_from(data)
    found = dict(attributes(data, TCMSG.size))
    counted = dict(attributes(found.get(k.TCA_STATS2, b"")))
    size, packets = _BASIC.unpack_from(
        counted.get(k.TCA_STATS_BASIC, b"").ljust(_BASIC.size, b"\0")
    )
    if len(counted.get(k.TCA_STATS_PKT64, b"")) == 8:  # of a kernel that tells more than 32 bits
        (packets,) = struct.unpack("=Q", counted[k.TCA_STATS_PKT64])
    rate = _RATE.unpack_from(counted.get(k.TCA_STATS_RATE_EST, b"").ljust(_RATE.size, b"\0"))
    queue = _QUEUE.unpack_from(counted.get(k.TCA_STATS_QUEUE, b"").ljust(_QUEUE.size, b"\0"))
    ingress = parent == k.TC_H_INGRESS
    return Queue(ifindex, text(found[k.TCA_KIND]), ingress, size, packets, *rate, *queue)


# --- asked for ----------------------------------------------------------------------------------


def ask_link(name: str, statistics: bool = False) -> bytes:
    """RTM_GETLINK by name, or of all links when the name is empty.

    Names of more than 15 characters are always alternative ones.
    """
    wanted = 0 if statistics else k.RTEXT_FILTER_SKIP_STATS
    head = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    head += attribute(k.IFLA_EXT_MASK, struct.pack("=I", wanted))
    written = name.encode() + b"\0"
    kind = k.IFLA_IFNAME if len(written) <= k.IFNAMSIZ else k.IFLA_ALT_IFNAME
    return head + attribute(kind, written) if name else head


def ask_addresses(family: int) -> bytes:
    return _ADDRESS.pack(family, 0, 0, 0, 0)


def ask_routes(family: int) -> bytes:
    return _ROUTE.pack(family, 0, 0, 0, k.RT_TABLE_MAIN, 0, 0, 0, 0)


def ask_route(destination: str, ifindex: int, source: str, matched: bool) -> bytes:
    """RTM_GETROUTE of what leaves through a link, from an address if one is given.

    `matched`: tell the entry of the table; otherwise what becomes of a packet.
    """
    flags = k.RTM_F_FIB_MATCH if matched else 0
    head = _ROUTE.pack(socket.AF_INET, 32, 32 if source else 0, 0, 0, 0, 0, 0, flags)
    head += attribute(k.RTA_DST, socket.inet_pton(socket.AF_INET, destination))
    if source:
        head += attribute(k.RTA_SRC, socket.inet_pton(socket.AF_INET, source))
    return head + attribute(k.RTA_OIF, struct.pack("=I", ifindex))


def ask_ingress_qdisc(ifindex: int) -> bytes:
    """RTM_GETQDISC of the ingress or clsact qdisc of a link."""
    return tcmsg(ifindex, 0, k.TC_H_INGRESS, 0, 0)


def ask_all_qdiscs() -> bytes:
    return tcmsg(0, 0, 0, 0, 0)


def ask_filters(
    ifindex: int, priority: int = 0, protocol: int = 0, hook: int = k.INGRESS_HOOK
) -> bytes:
    """RTM_GETTFILTER of the ingress hook or of a qdisc, of one priority when it is given."""
    return tcmsg(ifindex, 0, hook, priority, protocol)


def read_priority(data: bytes) -> int:
    """That of a filter."""
    return int(TCMSG.unpack_from(data)[4]) >> 16


def read_protocol(data: bytes) -> int:
    """The EtherType that a filter is for."""
    return socket.ntohs(int(TCMSG.unpack_from(data)[4]) & 0xFFFF)


def ask_egress_filters(ifindex: int) -> bytes:
    """RTM_GETTFILTER of the egress hook that a clsact qdisc has."""
    return tcmsg(ifindex, 0, k.EGRESS_HOOK, 0, 0)
