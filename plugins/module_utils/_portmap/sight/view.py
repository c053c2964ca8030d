# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel -> values: who is placed, who owns which ports, and the objects of those concerned.

A run for one container asks about the host's interfaces, that container's veth and its namespace;
the number of requests does not depend on how many others there are.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..linux import netns, rtnl
from ..linux import uapi as k
from ..linux.netlink import LinkNames, Request, Socket, refused
from ..steering.u32 import decode, numbers, rows
from ..values import marks, ports, tenants
from ..values.errors import InvalidRequest
from ..values.objects import HOST, Drop, Filter, Identity, Object, Place, Qdisc, Table

_GONE = (errno.ENODEV, errno.ENOENT, errno.EINVAL)  # of things asked about by name or handle


class Foreign(NamedTuple):
    """A stranger's filter on a link where ours are."""

    place: Place
    kind: str
    protocol: int
    priority: int
    handle: int


class Placed(NamedTuple):
    """A container as its veth tells; `owned` are the ports found on the veth or leading to it."""

    name: str
    handle: str
    origin: str
    veth: rtnl.LinkSeen
    owned: ports.Ranges


class Kernel:
    """A view of the host's namespace: one socket, and what was learned through it."""

    def __init__(self) -> None:
        self.socket = Socket()
        self.names = LinkNames(self.socket.link_name)
        self.handles: dict[Identity, int] = {}  # of filters whose handle the kernel chose
        self.foreign: list[Foreign] = []
        self._ifindexes: dict[str, int] = {}
        self.home = netns.open_current()

    def close(self) -> None:
        self.socket.close()
        os.close(self.home)

    # --- asking ---------------------------------------------------------------------------------

    def link(self, name: str, statistics: bool = False) -> rtnl.LinkSeen | None:
        return self.links([name], statistics)[0]

    def links(self, names: list[str], statistics: bool = False) -> list[rtnl.LinkSeen | None]:
        asked = [
            Request(k.RTM_GETLINK, 0, rtnl.ask_link(name, statistics), f"read link {name}")
            for name in names
        ]
        found: list[rtnl.LinkSeen | None] = []
        for request, reply in zip(asked, self.socket.send(asked)):
            refused(request, reply, (errno.ENODEV,))
            found.append(rtnl.read_link(reply.data) if reply.data else None)
        return found

    def all_links(self, statistics: bool = False) -> list[rtnl.LinkSeen]:
        return list(dump_links(self.socket, statistics))

    def host(self, public: str, loopback: str) -> tenants.Host:
        """The interfaces named, or found, and what containers copy from them."""
        route = default_route(self.socket)
        public = public or (self.names[route.ifindex] if route else "")
        if not public:
            raise InvalidRequest(
                "cannot find the public interface: there is no IPv4 default route;"
                " name it with public_interface"
            )
        link = self.link(public)
        if link is None:
            raise InvalidRequest(f"cannot use public_interface {public}: no such interface")
        loop = self.link(loopback or "lo")
        if loop is None or not loop.loopback:
            raise InvalidRequest(
                f"cannot use loopback_interface {loopback or 'lo'}: no such loopback interface"
            )
        if link.loopback:
            raise InvalidRequest(
                f"cannot use public_interface {public}: it is a loopback interface"
            )
        address = _first_address(self.socket, link.ifindex)
        if address is None:
            raise InvalidRequest(f"cannot use public_interface {public}: it has no IPv4 address")
        if len(link.mac) != 17:
            raise InvalidRequest(f"cannot use public_interface {public}: it has no MAC address")
        gateway = route.gateway if route and route.ifindex == link.ifindex else ""
        return tenants.Host(
            link.name, loop.name, address.address, address.prefix, link.mac, link.mtu, gateway
        )

    def ifindex(self, place: Place) -> int:
        """0 when the link has gone since it was listed: nothing is found on it then."""
        if place.link not in self._ifindexes:
            try:
                self._ifindexes[place.link] = socket.if_nametoindex(place.link)
            except OSError:
                return 0
        return self._ifindexes[place.link]

    # --- filters --------------------------------------------------------------------------------

    def qdisc(self, place: Place) -> Qdisc | None:
        return read_qdisc(self.socket, place, self.ifindex(place))

    def filters(self, place: Place, priority: int = 0, protocol: int = 0) -> Iterator[Object]:
        """Our filters on a link of the host, of one priority when it is given."""
        return self.classified(
            dump_filters(
                self.socket, place, self.ifindex(place), self.names, (priority, protocol)
            ),
            place,
        )

    def steered(self, place: Place) -> tuple[dict[str, list[ports.Block]], list[Object]]:
        """Which blocks of ports lead to which veth, and what else is at the priority of ports.

        "" stands for veths that are gone.  The filters themselves are not read whole: of one
        container's they are few, but a host has thousands.
        """
        leading: dict[int, list[ports.Block]] = {}
        rest = []
        asked = _ask_filters(place, self.ifindex(place), (numbers.PRIO_IP, k.ETH_P_IP))
        for message in self.socket.dump(asked):
            entry = decode.read_entry(message)
            block = _steered_block(entry[0]) if entry else None
            if entry is None or block is None:
                rest.append(message)
            else:
                leading.setdefault(entry[1], []).append(block)
        named: dict[str, list[ports.Block]] = {}
        for ifindex, blocks in leading.items():
            named.setdefault(self.names[ifindex], []).extend(blocks)
        return named, list(self.classified(_read(rest, place, self.names), place))

    def classified(self, seen: Iterable[decode.Seen], place: Place) -> Iterator[Object]:
        """Ours as objects, the handles remembered; strangers' into `foreign`."""
        known: set[Identity] = set()
        for one in seen:
            item = recognised(one, place)
            if item is None:
                self.foreign.append(
                    Foreign(place, one.kind, one.protocol, one.priority, one.handle)
                )
                continue
            identity = item.identity
            if identity in known and isinstance(item, Filter):  # a second one: not wanted
                item = item._replace(node=one.handle & 0xFFF)
                identity = item.identity
            known.add(identity)
            self.handles[identity] = one.handle
            yield item

    def entries(self, place: Place, blocks: Iterable[ports.Block]) -> Iterator[Object]:
        """The filters of these blocks in the hash tables of `place`, and the tables themselves."""
        asked = []
        ifindex = self.ifindex(place)
        for priority, table in (
            (numbers.PRIO_IP, numbers.TABLE_IP),
            (numbers.PRIO_ICMP_ERROR, numbers.TABLE_ICMP_ERROR),
        ):
            handles = [table << 20]
            for block in blocks:
                bucket, node = rows.hashed_handle(block)
                handles.append(table << 20 | bucket << 12 | node)
            for handle in handles:
                payload = rtnl.ask_filter(ifindex, handle, priority, k.ETH_P_IP)
                what = f"read filter {handle:08x} of {place}"
                asked.append(Request(k.RTM_GETTFILTER, 0, payload, what))
        seen = []
        for request, reply in zip(asked, self.socket.send(asked)):
            refused(request, reply, _GONE)
            one = decode.read_filter(reply.data, place, self.names) if reply.data else None
            if one is not None:
                seen.append(one)
        return self.classified(seen, place)


def recognised(seen: decode.Seen, place: Place) -> Object | None:
    """The object if it is one of ours: our priorities, our tables, nodes that we number."""
    item = seen.item
    if seen.priority not in numbers.OUR_PRIORITIES:
        return None
    if isinstance(item, Drop):
        return item if place.link.startswith(marks.VETH_PREFIX) and seen.handle == 1 else None
    if isinstance(item, Table):
        return item if item.table in _OUR_TABLES else None
    if not isinstance(item, Filter):
        return None
    if not item.table:
        return item if item.node < numbers.FIRST_AUTOMATIC_NODE else None
    if item.table not in _OUR_TABLES:
        return None
    listed = item.node >= numbers.FIRST_AUTOMATIC_NODE and not _is_hashed(place)
    # Without its node, which the kernel chose; _replace takes five times as long.
    return Filter(*item[:5], 0, *item[6:]) if listed else item


_OUR_TABLES = frozenset(
    (
        numbers.TABLE_ICMP_ERROR,
        numbers.TABLE_ICMP,
        numbers.TABLE_OWN,
        numbers.TABLE_IP,
        numbers.TABLE_IP_OUT,
    )
)


def _steered_block(handle: int) -> ports.Block | None:
    """The block of a filter of ours in the table that steers by destination port."""
    if handle >> 20 != numbers.TABLE_IP:
        return None
    return rows.hashed_block(handle >> 12 & 0xFF, handle & 0xFFF)


def _is_hashed(place: Place) -> bool:
    """The host's own interfaces have hashed tables; veths and containers have short lists."""
    return place.netns == HOST and not place.link.startswith(marks.VETH_PREFIX)


# --- through any socket -------------------------------------------------------------------------


def dump_links(sock: Socket, statistics: bool = False) -> Iterator[rtnl.LinkSeen]:
    asked = Request(k.RTM_GETLINK, 0, rtnl.ask_link("", statistics), "list the links")
    return map(rtnl.read_link, sock.dump(asked))


def default_route(sock: Socket) -> rtnl.RouteSeen | None:
    """The default route of the lowest metric."""
    asked = Request(k.RTM_GETROUTE, 0, rtnl.ask_routes(), "list the routes")
    found = [route for route in map(rtnl.read_default_route, sock.dump(asked)) if route]
    return min(found, key=lambda route: route.metric, default=None)


def addresses(sock: Socket, ifindex: int) -> list[rtnl.AddressSeen]:
    asked = Request(k.RTM_GETADDR, 0, rtnl.ask_addresses(), "list the addresses")
    found = map(rtnl.read_address, sock.dump(asked))
    return [address for address in found if address and address.ifindex == ifindex]


def _first_address(sock: Socket, ifindex: int) -> rtnl.AddressSeen | None:
    primary = [address for address in addresses(sock, ifindex) if not address.secondary]
    return primary[0] if primary else None


def read_qdisc(sock: Socket, place: Place, ifindex: int) -> Qdisc | None:
    data = ask_qdisc(sock, place, ifindex)
    return Qdisc(place, rtnl.read_qdisc_kind(data)) if data else None


def ask_qdisc(sock: Socket, place: Place, ifindex: int) -> bytes | None:
    """The message about the ingress or clsact qdisc of a link; None when there is none."""
    payload = rtnl.ask_ingress_qdisc(ifindex)
    # Without ECHO the answer goes to listeners only; where a qdisc was deleted, only the ACK comes.
    flags = k.NLM_F_ECHO | k.NLM_F_ACK
    asked = Request(k.RTM_GETQDISC, flags, payload, f"read qdisc of {place}")
    reply = sock.send([asked])[0]
    refused(asked, reply, _GONE)
    return reply.data


def dump_filters(
    sock: Socket,
    place: Place,
    ifindex: int,
    names: decode.LinkNames,
    only: tuple[int, int] = (0, 0),
) -> Iterator[decode.Seen]:
    return _read(sock.dump(_ask_filters(place, ifindex, only)), place, names)


def _ask_filters(place: Place, ifindex: int, only: tuple[int, int]) -> Request:
    payload = rtnl.ask_filters(ifindex, *only)
    return Request(k.RTM_GETTFILTER, 0, payload, f"list the filters of {place}")


def _read(
    messages: Iterable[bytes], place: Place, names: decode.LinkNames
) -> Iterator[decode.Seen]:
    for message in messages:
        seen = decode.read_filter(message, place, names)
        if seen is not None:
            yield seen
