# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links, addresses, routes and qdiscs: requests encoded by pyroute2, answers read here.

pyroute2 is imported when the first request is encoded: a run that changes nothing does without
its start-up time.  Payloads carry no netlink header; `netlink.Socket` adds it.
"""

from __future__ import annotations

import socket
import struct
from functools import lru_cache
from typing import Any, NamedTuple

from ..steering.u32.encode import tcmsg
from ..values import marks
from . import uapi as k
from .attributes import attribute, attributes, number, text

_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")
_QUEUE = struct.Struct("=IIIII")


# --- read ---------------------------------------------------------------------------------------


class LinkSeen(NamedTuple):
    """A link; `peer_ifindex` is the other end of a veth pair, in its own namespace."""

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


def read_link(data: bytes) -> LinkSeen:
    _family, _type, ifindex, flags, _change = _LINK.unpack_from(data)
    found = dict(attributes(data[_LINK.size :]))
    info = dict(attributes(found.get(k.IFLA_LINKINFO, b"")))
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
    )


class AddressSeen(NamedTuple):
    """An IPv4 address; `secondary` ones were added after another of the same network."""

    ifindex: int
    address: str
    prefix: int
    secondary: bool


def read_address(data: bytes) -> AddressSeen | None:
    """An address message; None when it carries no IPv4 address."""
    family, prefix, flags, _scope, ifindex = _ADDRESS.unpack_from(data)
    found = dict(attributes(data[_ADDRESS.size :]))
    local = found.get(k.IFA_LOCAL, found.get(k.IFA_ADDRESS))
    if family != socket.AF_INET or local is None or len(local) != 4:
        return None
    secondary = bool((number(found.get(k.IFA_FLAGS)) or flags) & k.IFA_F_SECONDARY)
    return AddressSeen(ifindex, socket.inet_ntoa(local), prefix, secondary)


class RouteSeen(NamedTuple):
    """An IPv4 default route; `metric` orders several."""

    ifindex: int
    gateway: str
    metric: int


def read_default_route(data: bytes) -> RouteSeen | None:
    """A route message; None unless it is a unicast IPv4 default route of the main table."""
    family, length, _src, _tos, table, _proto, _scope, kind, _flags = _ROUTE.unpack_from(data)
    if family != socket.AF_INET or length or table != k.RT_TABLE_MAIN or kind != k.RTN_UNICAST:
        return None
    found = dict(attributes(data[_ROUTE.size :]))
    hop = found.get(k.RTA_MULTIPATH)
    ifindex = number(found.get(k.RTA_OIF))
    if hop is not None and len(hop) >= 8:  # several next hops: struct rtnexthop of the first
        ifindex = struct.unpack_from("=HBBi", hop)[3]
        found.update(attributes(hop[8 : struct.unpack_from("=H", hop)[0]]))
    gateway = found.get(k.RTA_GATEWAY)
    address = socket.inet_ntoa(gateway) if gateway is not None and len(gateway) == 4 else ""
    return RouteSeen(ifindex, address, number(found.get(k.RTA_PRIORITY)))


def read_qdisc_kind(data: bytes) -> str:
    return text(dict(attributes(data[len(tcmsg(0, 0, 0, 0, 0)) :]))[k.TCA_KIND])


def read_qdisc_drops(data: bytes) -> int:
    """How many packets a qdisc has dropped: struct gnet_stats_queue, the third number."""
    found = dict(attributes(data, len(tcmsg(0, 0, 0, 0, 0))))
    queue = dict(attributes(found.get(k.TCA_STATS2, b""))).get(k.TCA_STATS_QUEUE, b"")
    return int(_QUEUE.unpack_from(queue)[2]) if len(queue) >= _QUEUE.size else 0


# --- asked for ----------------------------------------------------------------------------------


def ask_link(name: str, statistics: bool = False) -> bytes:
    """RTM_GETLINK by name, or of all links when the name is empty."""
    wanted = 0 if statistics else k.RTEXT_FILTER_SKIP_STATS
    head = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    head += attribute(k.IFLA_EXT_MASK, struct.pack("=I", wanted))
    return head + attribute(k.IFLA_IFNAME, name.encode() + b"\0") if name else head


def ask_addresses() -> bytes:
    return _ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)


def ask_routes() -> bytes:
    return _ROUTE.pack(socket.AF_INET, 0, 0, 0, k.RT_TABLE_MAIN, 0, 0, 0, 0)


def ask_ingress_qdisc(ifindex: int) -> bytes:
    """RTM_GETQDISC of the ingress or clsact qdisc of a link."""
    return tcmsg(ifindex, 0, k.TC_H_INGRESS, 0, 0)


def ask_filters(ifindex: int, priority: int = 0, protocol: int = 0) -> bytes:
    """RTM_GETTFILTER of the ingress hook, of one priority when it is given."""
    return tcmsg(ifindex, 0, k.INGRESS_HOOK, priority, protocol)


def ask_filter(ifindex: int, handle: int, priority: int, protocol: int) -> bytes:
    kind = attribute(k.TCA_KIND, b"u32\0")
    return tcmsg(ifindex, handle, k.INGRESS_HOOK, priority, protocol) + kind


# --- written ------------------------------------------------------------------------------------


def _encoded(message: Any, attrs: list[tuple[str, Any]], **fields: int) -> bytes:
    for name, value in fields.items():
        message[name] = value
    message["attrs"] = attrs
    message.encode()
    return bytes(message.data)[16:]


def _link(attrs: list[tuple[str, Any]], **fields: int) -> bytes:
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

    return _encoded(ifinfmsg(), attrs, **fields)


def veth(name: str, peer: str, mac: str, mtu: int, netns_fd: int) -> bytes:
    """RTM_NEWLINK: both MACs in the request, or udev would replace them; the group is our mark."""
    ends: list[tuple[str, Any]] = [("IFLA_ADDRESS", mac), ("IFLA_MTU", mtu)]
    inside = [("IFLA_IFNAME", peer), *ends, ("IFLA_NET_NS_FD", netns_fd)]
    data = {"attrs": [("VETH_INFO_PEER", {"family": 0, "attrs": inside})]}
    info = {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]}
    return _link(
        [("IFLA_IFNAME", name), *ends, ("IFLA_GROUP", marks.LINK_GROUP), ("IFLA_LINKINFO", info)]
    )


def link_alias(name: str, alias: str) -> bytes:
    """RTM_SETLINK of the alias; an empty one takes it away."""
    return _link([("IFLA_IFNAME", name), ("IFLA_IFALIAS", alias)])


def veth_values(name: str, alias: str, mac: str, mtu: int) -> bytes:
    """RTM_SETLINK: the kernel ignores an alias in the request that creates a link."""
    values = [("IFLA_ADDRESS", mac), ("IFLA_MTU", mtu), ("IFLA_IFALIAS", alias)]
    return _link([("IFLA_IFNAME", name), *values, ("IFLA_GROUP", marks.LINK_GROUP)])


def link_group(name: str, group: int) -> bytes:
    return _link([("IFLA_IFNAME", name), ("IFLA_GROUP", group)])


@lru_cache(maxsize=256)
def link_values(name: str, mac: str, mtu: int) -> bytes:
    """RTM_SETLINK of hardware address and MTU."""
    return _link([("IFLA_IFNAME", name), ("IFLA_ADDRESS", mac), ("IFLA_MTU", mtu)])


@lru_cache(maxsize=256)
def link_up(name: str, up: bool) -> bytes:
    return _link([("IFLA_IFNAME", name)], flags=k.IFF_UP * up, change=k.IFF_UP)


def link_gone(name: str) -> bytes:
    """RTM_DELLINK of one link."""
    return _link([("IFLA_IFNAME", name)])


def group_gone(group: int) -> bytes:
    """RTM_DELLINK of every link in a group: one wait for all of them."""
    return _link([("IFLA_GROUP", group)])


@lru_cache(maxsize=256)
def address(ifindex: int, ip: str, prefix: int) -> bytes:
    from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

    attrs = [("IFA_LOCAL", ip), ("IFA_ADDRESS", ip)]
    fields = {"family": socket.AF_INET, "prefixlen": prefix, "index": ifindex}
    return _encoded(ifaddrmsg(), attrs, **fields)


@lru_cache(maxsize=256)
def default_route(ifindex: int, gateway: str) -> bytes:
    """RTM_NEWROUTE; on-link, for gateways outside the address's own network."""
    from pyroute2.netlink.rtnl.rtmsg import rtmsg

    attrs = [("RTA_GATEWAY", gateway), ("RTA_OIF", ifindex)]
    fields = {"family": socket.AF_INET, "dst_len": 0, "table": k.RT_TABLE_MAIN, "proto": 4}
    return _encoded(rtmsg(), attrs, **fields, scope=0, type=k.RTN_UNICAST, flags=k.RTNH_F_ONLINK)


@lru_cache(maxsize=256)
def qdisc(ifindex: int, kind: str) -> bytes:
    """RTM_NEWQDISC or RTM_DELQDISC of the qdisc on the ingress hook."""
    from pyroute2.netlink.rtnl.tcmsg import tcmsg as pyroute2_tcmsg

    fields = {"index": ifindex, "handle": 0xFFFF0000, "parent": k.TC_H_INGRESS}
    return _encoded(pyroute2_tcmsg(), [("TCA_KIND", kind)], **fields)
