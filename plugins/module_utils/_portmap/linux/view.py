# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A view of the host's network namespace: one socket, and what was learned through it.

Below, questions that any socket can ask, in whatever namespace it was made.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterator

from ..values.places import Place
from . import messages, netns, routes
from . import uapi as k
from .netlink import LinkNames, Socket, refused
from .queueing import ask_classes
from .requests import Request

GONE = (errno.ENODEV, errno.ENOENT, errno.EINVAL)  # of things asked about by name or handle

_NO_LINK = (errno.ENODEV, errno.EINVAL)  # EINVAL: of a kernel without alternative names


class View:
    """`names` maps indexes of links to names; `home` is a descriptor of the namespace."""

    def __init__(self) -> None:
        self.socket = Socket()
        self.names = LinkNames(self.socket.link_name)
        self.home = netns.open_current()
        self._ifindexes: dict[str, int] = {}

    def close(self) -> None:
        self.socket.close()
        os.close(self.home)

    def link(self, name: str, statistics: bool = False) -> messages.LinkSeen | None:
        return self.links([name], statistics)[0]

    def links(self, names: list[str], statistics: bool = False) -> list[messages.LinkSeen | None]:
        asked = [
            Request(k.RTM_GETLINK, 0, messages.ask_link(name, statistics), f"read link {name}")
            for name in names
        ]
        found: list[messages.LinkSeen | None] = []
        for request, reply in zip(asked, self.socket.send(asked)):
            refused(request, reply, _NO_LINK)
            found.append(messages.read_link(reply.data) if reply.data else None)
        return found

    def all_links(self, statistics: bool = False) -> list[messages.LinkSeen]:
        return list(dump_links(self.socket, statistics))

    def ifindex(self, place: Place) -> int:
        """0 when the link has gone since it was listed: nothing is found on it then."""
        if place.link not in self._ifindexes:
            try:
                self._ifindexes[place.link] = socket.if_nametoindex(place.link)
            except OSError:
                return 0
        return self._ifindexes[place.link]


@contextlib.contextmanager
def viewed() -> Iterator[View]:
    view = View()
    try:
        yield view
    finally:
        view.close()


def dump_links(sock: Socket, statistics: bool = False) -> Iterator[messages.LinkSeen]:
    asked = Request(k.RTM_GETLINK, 0, messages.ask_link("", statistics), "list the links")
    return map(messages.read_link, sock.dump(asked))


def default_route(sock: Socket, family: int) -> routes.RouteSeen | None:
    """The default route of the lowest metric."""
    return all_routes(sock, family)[0]


def all_routes(
    sock: Socket, family: int
) -> tuple[routes.RouteSeen | None, list[routes.OtherRoute]]:
    """The default route of the lowest metric, and the other routes of the main table."""
    asked = Request(k.RTM_GETROUTE, 0, routes.ask_all(family), "list the routes")
    told = list(sock.dump(asked))
    defaults = filter(None, map(routes.read_default, told))
    best = min(defaults, key=lambda route: route.metric, default=None)
    return best, list(filter(None, map(routes.read_other, told)))


# Addresses that hosts have no route to but the one for everything: for documentation, mostly.
_ANYWHERE = ("192.0.2.1", "198.51.100.1", "203.0.113.1", "100.0.0.1", "200.0.0.1")
_FOR_EVERYTHING = (
    1  # two routes to one half each stand for a default route, as VPN clients set them
)
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EACCES)


def route_through(sock: Socket, ifindex: int, source: str) -> routes.RouteFound | None:
    """The route by which the host itself sends to anywhere through a link, from an address.

    The kernel looks it up, so that rules, tables, metrics and next hops count as for the host.
    """
    for destination in _ANYWHERE:
        found = _route_to(sock, destination, ifindex, source, True)
        if found is None or found.prefix > _FOR_EVERYTHING:
            continue
        if not found.known:  # a next hop object, on a host that tells only its number
            packet = _route_to(sock, destination, ifindex, source, False)
            return packet and packet._replace(
                prefix=found.prefix, mtu=found.mtu, advmss=found.advmss
            )
        return found
    return None


def source_through(sock: Socket, ifindex: int) -> str:
    """The address from which the host itself sends to anywhere through a link; "" without a route.

    0: through any link.
    """
    for destination in _ANYWHERE:
        matched = _route_to(sock, destination, ifindex, "", True)
        if matched is not None and matched.prefix <= _FOR_EVERYTHING:
            packet = _route_to(sock, destination, ifindex, "", False)
            return packet.source if packet else ""
    return ""


def _route_to(
    sock: Socket, destination: str, ifindex: int, source: str, matched: bool
) -> routes.RouteFound | None:
    payload = routes.ask_one(destination, ifindex, source, matched)
    asked = Request(k.RTM_GETROUTE, 0, payload, "look up the host's own route")
    reply = sock.send([asked])[0]
    refused(asked, reply, _NO_ROUTE)
    return routes.read_found(reply.data, ifindex) if reply.data else None


def other_routes(sock: Socket, family: int) -> list[routes.OtherRoute]:
    """Of the main table: of IPv4 all but default routes, of IPv6 all."""
    return all_routes(sock, family)[1]


_ANYWHERE_IPV6 = "2000::1"  # of a block that nobody has been given


def source_towards(sock: Socket, destination: str) -> str:
    """The address from which the host itself sends to there, or to anywhere (::); "" where it cannot."""
    towards = _ANYWHERE_IPV6 if destination == "::" else destination
    found = _route_to(sock, towards, 0, "", False)
    return found.source if found else ""


def addresses(sock: Socket, ifindex: int, family: int) -> list[messages.AddressSeen]:
    asked = Request(k.RTM_GETADDR, 0, messages.ask_addresses(family), "list the addresses")
    found = map(messages.read_address, sock.dump(asked))
    return [address for address in found if address and address.ifindex == ifindex]


def egress_filters(sock: Socket, place: Place, ifindex: int) -> list[bytes]:
    """Messages about the filters on the egress hook of a link, and their priorities.

    None can be there without a clsact qdisc.
    """
    qdisc = ask_qdisc(sock, place, ifindex)
    if not qdisc or messages.read_qdisc_kind(qdisc) != "clsact":
        return []
    payload = messages.ask_filters(ifindex, hook=k.EGRESS_HOOK)
    asked = Request(k.RTM_GETTFILTER, 0, payload, f"list the egress filters of {place}")
    return sock.dump(asked)


def all_addresses(sock: Socket) -> list[messages.AddressSeen]:
    asked = Request(k.RTM_GETADDR, 0, messages.ask_addresses(0), "list the addresses")
    return list(filter(None, map(messages.read_address, sock.dump(asked))))


def link_routes(sock: Socket) -> list[routes.LinkRoute]:
    asked = Request(k.RTM_GETROUTE, 0, routes.ask_all(0), "list the routes")
    return list(filter(None, map(routes.read_of_link, sock.dump(asked))))


def ask_qdisc(sock: Socket, place: Place, ifindex: int) -> bytes | None:
    """The message about the ingress or clsact qdisc of a link; None when there is none."""
    payload = messages.ask_ingress_qdisc(ifindex)
    # Without ECHO the answer goes to listeners only; where a qdisc was deleted, only the ACK comes.
    flags = k.NLM_F_ECHO | k.NLM_F_ACK
    asked = Request(k.RTM_GETQDISC, flags, payload, f"read qdisc of {place}")
    reply = sock.send([asked])[0]
    refused(asked, reply, GONE)
    return reply.data


def all_queues(sock: Socket) -> list[messages.Queue]:
    """The qdiscs of all links that count, with their counters: one dump."""
    asked = Request(k.RTM_GETQDISC, 0, messages.ask_all_qdiscs(), "list the qdiscs")
    told = sock.dump(asked)
    return [messages.read_queue(one) for one in told if not messages.counts_nothing(one)]


def all_classes(sock: Socket, place: Place, ifindex: int) -> list[messages.Queue]:
    """The classes of a link, with their counters: one dump."""
    asked = Request(k.RTM_GETTCLASS, 0, ask_classes(ifindex), f"list classes of {place}")
    return list(map(messages.read_queue, sock.dump(asked)))
