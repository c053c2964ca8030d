# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links, addresses and qdiscs: what is asked, and answers read as values.  Pure.

Payloads carry no netlink header; `netlink.Socket` adds it.
"""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

from . import uapi as k
from .attributes import attribute, attributes, chosen, number, short, text

_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_BASIC = struct.Struct("=QI")
_RATE = struct.Struct("=II")
_QUEUE = struct.Struct("=IIIII")
TCMSG = struct.Struct("=BxxxiIII")
LENGTHS: dict[int, int] = {socket.AF_INET: 4, socket.AF_INET6: 16}


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


_OF_LINK = frozenset(
    (
        k.IFLA_IFNAME, k.IFLA_LINKINFO, k.IFLA_STATS64, k.IFLA_ADDRESS, k.IFLA_MTU, k.IFLA_IFALIAS,
        k.IFLA_GROUP, k.IFLA_LINK, k.IFLA_MASTER, k.IFLA_LINK_NETNSID, k.IFLA_QDISC,
    )
)  # fmt: skip
_OF_KIND = (k.IFLA_INFO_KIND, k.IFLA_INFO_SLAVE_DATA)
_OF_PORT = (k.IFLA_BRPORT_GROUP_FWD_MASK,)


def read_link(data: bytes) -> LinkSeen:
    _family, _type, ifindex, flags, _change = _LINK.unpack_from(data)
    found = chosen(data, _OF_LINK, _LINK.size)
    info = chosen(found.get(k.IFLA_LINKINFO, b""), _OF_KIND)
    port = chosen(info.get(k.IFLA_INFO_SLAVE_DATA, b""), _OF_PORT)
    counters = found.get(k.IFLA_STATS64, b"")
    return LinkSeen(
        ifindex,
        text(found.get(k.IFLA_IFNAME, b"")),
        text(info.get(k.IFLA_INFO_KIND, b"")),
        _mac(found.get(k.IFLA_ADDRESS, b"")),
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


def _mac(address: bytes) -> str:
    return address.hex(":") if address else ""


class AddressSeen(NamedTuple):
    """An address; `secondary` ones were added after another of the same network.

    `doubtful`: IPv6 does not know yet whether somebody else has it, or somebody does.
    """

    ifindex: int
    family: int
    address: str
    prefix: int
    secondary: bool
    scope: int = k.RT_SCOPE_UNIVERSE
    doubtful: bool = False


def read_address(data: bytes) -> AddressSeen | None:
    """An address message; None when it carries no address of IPv4 or IPv6."""
    family, prefix, flags, scope, ifindex = _ADDRESS.unpack_from(data)
    found = dict(attributes(data[_ADDRESS.size :]))
    local = written(family, found.get(k.IFA_LOCAL, found.get(k.IFA_ADDRESS)))
    if not local:
        return None
    told = number(found.get(k.IFA_FLAGS)) or flags
    secondary, doubtful = bool(told & k.IFA_F_SECONDARY), bool(told & k.IFA_F_DOUBTFUL)
    return AddressSeen(ifindex, family, local, prefix, secondary, scope, doubtful)


def written(family: int, address: bytes | None) -> str:
    """An address as text; "" when it is missing, or of another length."""
    if address is None or len(address) != LENGTHS.get(family):
        return ""
    return socket.inet_ntop(family, address)


def read_qdisc_kind(data: bytes) -> str:
    return text(dict(attributes(data[TCMSG.size :]))[k.TCA_KIND])


def has_shared_block(data: bytes) -> bool:
    """Whether the filters of a qdisc are in a block that other links share."""
    return k.TCA_INGRESS_BLOCK in dict(attributes(data[TCMSG.size :]))


class Queue(NamedTuple):
    """A qdisc, or a class, and what it has counted.

    `ingress`: it takes what arrives on its link.  Rates are a second's, 0 without an estimator.  `parent` is the
    class that it is in.
    """

    ifindex: int
    handle: int
    parent: int
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


_OF_QUEUE = (k.TCA_KIND, k.TCA_STATS2)
_NOQUEUE = attribute(k.TCA_KIND, b"noqueue\0")


def counts_nothing(data: bytes) -> bool:
    """Whether a qdisc is what a virtual link has by itself: every other one of a host with containers."""
    return data.startswith(_NOQUEUE, TCMSG.size)


def read_queue(data: bytes) -> Queue:
    """struct gnet_stats_basic, gnet_stats_rate_est and gnet_stats_queue; what is missing is 0."""
    _family, ifindex, handle, parent, _info = TCMSG.unpack_from(data)
    found = chosen(data, _OF_QUEUE, TCMSG.size)
    counted = dict(attributes(found.get(k.TCA_STATS2, b"")))
    size, packets = _BASIC.unpack_from(
        counted.get(k.TCA_STATS_BASIC, b"").ljust(_BASIC.size, b"\0")
    )
    if len(counted.get(k.TCA_STATS_PKT64, b"")) == 8:  # of a kernel that tells more than 32 bits
        (packets,) = struct.unpack("=Q", counted[k.TCA_STATS_PKT64])
    rate = _RATE.unpack_from(counted.get(k.TCA_STATS_RATE_EST, b"").ljust(_RATE.size, b"\0"))
    queue = _QUEUE.unpack_from(counted.get(k.TCA_STATS_QUEUE, b"").ljust(_QUEUE.size, b"\0"))
    ingress = parent == k.TC_H_INGRESS
    kind = text(found[k.TCA_KIND])
    return Queue(ifindex, handle, parent, kind, ingress, size, packets, *rate, *queue)


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


def ask_link_at(ifindex: int) -> bytes:
    """RTM_GETLINK by index, without statistics."""
    head = _LINK.pack(socket.AF_UNSPEC, 0, ifindex, 0, 0)
    return head + attribute(k.IFLA_EXT_MASK, struct.pack("=I", k.RTEXT_FILTER_SKIP_STATS))


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
