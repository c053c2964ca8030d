# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links, addresses, routes and qdiscs: requests that change them, encoded by pyroute2.

pyroute2 is imported when the first request is encoded: a run that changes nothing does without
its start-up time.  Payloads carry no netlink header; `netlink.Socket` adds it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import struct
import sys
from functools import lru_cache
from socket import AF_INET6
from typing import Any

from ..values import marks
from ..values.errors import Unsupported
from . import uapi as k
from .attributes import attribute


def check() -> None:
    """Raise Unsupported where no request could be encoded.  Without an import, which takes long."""
    found = importlib.util.find_spec("pyroute2")
    folders = found.submodule_search_locations if found else None
    if not folders:
        raise Unsupported(
            f"cannot change links, addresses and routes: {sys.executable} has no pyroute2; install"
            " python3-pyroute2, as Debian, Ubuntu and Fedora call it (the role netiso.portmap.host does)"
        )
    if not os.path.isdir(os.path.join(folders[0], "requests")):
        version = importlib.metadata.version("pyroute2")
        raise Unsupported(
            f"cannot use pyroute2 {version}: 0.7.2 or later is needed; install that for {sys.executable}"
            " (the role netiso.portmap.host does with portmap_host_pyroute2: pip)"
        )


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
    """RTM_NEWLINK: both MACs in the request, or udev would replace them; the group is our mark.

    One queue at each end: the kernel would make as many as there are CPUs, each with its memory.
    """
    ends: list[tuple[str, Any]] = [("IFLA_ADDRESS", mac), ("IFLA_MTU", mtu)]
    ends += [("IFLA_NUM_TX_QUEUES", 1), ("IFLA_NUM_RX_QUEUES", 1)]
    inside = [("IFLA_IFNAME", peer), *ends, ("IFLA_NET_NS_FD", netns_fd)]
    data = {"attrs": [("VETH_INFO_PEER", {"family": 0, "attrs": inside})]}
    info = {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]}
    return _link(
        [("IFLA_IFNAME", name), *ends, ("IFLA_GROUP", marks.LINK_GROUP), ("IFLA_LINKINFO", info)]
    )


def shaper(name: str, peer: str, mac: str, mtu: int) -> bytes:
    """RTM_NEWLINK of a pair with both ends here."""
    ends: list[tuple[str, Any]] = [("IFLA_ADDRESS", mac), ("IFLA_MTU", mtu)]
    ends += [("IFLA_NUM_TX_QUEUES", 1), ("IFLA_NUM_RX_QUEUES", 1)]
    ends.append(("IFLA_GROUP", marks.SHAPER_GROUP))
    other = [("IFLA_IFNAME", peer), *ends]
    data = {"attrs": [("VETH_INFO_PEER", {"family": 0, "attrs": other})]}
    info = {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]}
    return _link([("IFLA_IFNAME", name), *ends, ("IFLA_LINKINFO", info)])


def link_alias(name: str, alias: str) -> bytes:
    """RTM_SETLINK of the alias; an empty one takes it away."""
    return _link([("IFLA_IFNAME", name), ("IFLA_IFALIAS", alias)])


def veth_values(name: str, alias: str, mac: str, mtu: int) -> bytes:
    """RTM_SETLINK: the kernel ignores an alias in the request that creates a link."""
    values = [("IFLA_ADDRESS", mac), ("IFLA_MTU", mtu), ("IFLA_IFALIAS", alias)]
    return _link([("IFLA_IFNAME", name), *values, ("IFLA_GROUP", marks.LINK_GROUP)])


def bridge(name: str, mac: str) -> bytes:
    """RTM_NEWLINK: the group is our mark.  A bridge without a MAC would take that of a port."""
    info = {"attrs": [("IFLA_INFO_KIND", "bridge")]}
    values = [("IFLA_ADDRESS", mac), ("IFLA_GROUP", marks.BRIDGE_GROUP)]
    return _link([("IFLA_IFNAME", name), *values, ("IFLA_LINKINFO", info)])


def bridge_values(name: str) -> bytes:
    """RTM_SETLINK: down, with our marks."""
    values = [("IFLA_GROUP", marks.BRIDGE_GROUP), ("IFLA_IFALIAS", marks.BRIDGE_ALIAS)]
    return _link([("IFLA_IFNAME", name), *values], change=k.IFF_UP)


def link_master(name: str, ifindex: int) -> bytes:
    """RTM_SETLINK: a port of the bridge; 0 takes it off."""
    return _link([("IFLA_IFNAME", name), ("IFLA_MASTER", ifindex)])


def port_forwarded(name: str, groups: int) -> bytes:
    """RTM_NEWLINK of a bridge's port: the reserved groups whose frames it treats as all others.

    pyroute2 has no encoder of it.
    """
    port = attribute(k.IFLA_BRPORT_GROUP_FWD_MASK, struct.pack("=H", groups))
    info = attribute(k.IFLA_INFO_SLAVE_KIND, b"bridge\0")
    info += attribute(k.IFLA_INFO_SLAVE_DATA, port)
    return _link([("IFLA_IFNAME", name)]) + attribute(k.IFLA_LINKINFO, info)


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
def address(ifindex: int, family: int, ip: str, prefix: int) -> bytes:
    from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

    attrs = [("IFA_LOCAL", ip), ("IFA_ADDRESS", ip)]
    # Nobody else on a link of ours could have it.
    flags = k.IFA_F_NODAD if family == AF_INET6 else 0
    fields = {"family": family, "prefixlen": prefix, "index": ifindex, "flags": flags}
    return _encoded(ifaddrmsg(), attrs, **fields)


@lru_cache(maxsize=256)
def default_route(ifindex: int, family: int, gateway: str) -> bytes:
    """RTM_NEWROUTE; on-link, for gateways outside the address's own network.

    "" as gateway: everybody is on the link itself.
    """
    from pyroute2.netlink.rtnl.rtmsg import rtmsg

    attrs: list[tuple[str, Any]] = [("RTA_OIF", ifindex)]
    scope, flags = k.RT_SCOPE_LINK, 0
    if gateway:
        attrs.insert(0, ("RTA_GATEWAY", gateway))
        scope, flags = k.RT_SCOPE_UNIVERSE, k.RTNH_F_ONLINK
    fields = {"family": family, "dst_len": 0, "table": k.RT_TABLE_MAIN, "proto": 4}
    return _encoded(rtmsg(), attrs, **fields, scope=scope, type=k.RTN_UNICAST, flags=flags)


@lru_cache(maxsize=256)
def network_route(ifindex: int, family: int, destination: str, source: str, mtu: int) -> bytes:
    """RTM_NEWROUTE or RTM_DELROUTE of a network; `mtu` 0: that of the link.

    Those of IPv4 are on the link itself, where the program answers whoever asks for a neighbour.
    """
    from pyroute2.netlink.rtnl.rtmsg import rtmsg

    network, _slash, length = destination.partition("/")
    attrs: list[tuple[str, Any]] = [("RTA_DST", network), ("RTA_PREFSRC", source)]
    attrs.append(("RTA_OIF", ifindex))
    if mtu:
        attrs.append(("RTA_METRICS", {"attrs": [("RTAX_MTU", mtu)]}))
    fields = {"family": family, "dst_len": int(length), "table": k.RT_TABLE_MAIN}
    fields |= {"proto": k.RTPROT_OURS, "scope": k.RT_SCOPE_LINK, "type": k.RTN_UNICAST}
    if family == AF_INET6:
        attrs.append(("RTA_GATEWAY", marks.IPV6_GATEWAY))
        fields |= {"scope": k.RT_SCOPE_UNIVERSE, "flags": k.RTNH_F_ONLINK}
    return _encoded(rtmsg(), attrs, **fields)


@lru_cache(maxsize=256)
def qdisc(ifindex: int, kind: str) -> bytes:
    """RTM_NEWQDISC or RTM_DELQDISC of the qdisc on the ingress hook."""
    from pyroute2.netlink.rtnl.tcmsg import tcmsg as pyroute2_tcmsg

    fields = {"index": ifindex, "handle": 0xFFFF0000, "parent": k.TC_H_INGRESS}
    return _encoded(pyroute2_tcmsg(), [("TCA_KIND", kind)], **fields)
