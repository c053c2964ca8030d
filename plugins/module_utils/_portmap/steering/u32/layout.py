# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of a prepared host and of a placed container.  Pure.

Numbers in square brackets are the packet paths of ARCHITECTURE.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ...linux import uapi as k
from ...objects.kind import Object, State
from ...objects.qdisc import Qdisc
from ...objects.traffic_class import class_name
from ...values.limits import ALL
from ...values.marks import SHAPERS
from ...values.places import HOST, SHARED, Place
from ...values.tenants import Container, Host
from . import keys as u32
from . import numbers as n
from . import programs
from .objects import Filter, Offload, Program
from .rows import Rows, hashed_blocks

# --- small pieces -------------------------------------------------------------------------------

_LOCALHOST = u32.LOOPBACK_NET
_NOWHERE = Place(HOST, "")
_PLAIN = (u32.NO_OPTIONS, u32.NO_FRAGMENT)
_ICMP = (*_PLAIN, u32.protocol(k.IPPROTO_ICMP))
_QUOTED = (u32.QUOTED_NO_OPTIONS, u32.QUOTED_NO_FRAGMENT)
_BY_DESTINATION_PORT = (20, 0x0000FF00)
_BY_SOURCE_PORT = (20, 0xFF000000)
_BY_QUOTED_SOURCE_PORT = (48, 0xFF000000)
_MIRRORED_ICMP = (  # what has no port: echo and timestamp replies, errors about such requests
    (u32.icmp_type(0),),
    (u32.icmp_type(14),),
    *((error, u32.quoted_protocol(k.IPPROTO_ICMP)) for error in u32.ERRORS),
)


def _network(host: Host) -> ipaddress.IPv4Network:
    """The host's address alone, as a /32."""
    return ipaddress.IPv4Network(host.ipv4.address)


def _interface(host: Host) -> ipaddress.IPv4Interface:
    """The host's address with its prefix."""
    return ipaddress.IPv4Interface((host.ipv4.address, host.ipv4.prefix))


def _qdisc(place: Place, observed: State) -> Object:
    """The qdisc that is there already, or a new one.

    On the host's interfaces clsact, which others can use for egress too.
    """
    kind = "clsact" if place.role == SHARED else "ingress"
    return observed.get(("qdisc", *place)) or Qdisc(place, kind)


# --- the host -----------------------------------------------------------------------------------


def host_filters(host: Host, observed: State) -> list[Object]:
    """Qdiscs, hash tables and root filters of both interfaces; they hold every container's."""
    eth0, lo = Rows(host.public_place), Rows(host.loopback_place)
    to_host = u32.destination(_network(host))
    items: list[Object] = [
        _qdisc(host.public_place, observed),
        _qdisc(host.loopback_place, observed),
        Program(host.public_place, k.ETH_P_IP, n.PRIO_FIRST, programs.arriving(_interface(host))),
        eth0.table(n.PRIO_ICMP, n.TABLE_ICMP),
        *_by_port(eth0, u32.destination_mac(host.mac), (to_host,)),
        *_by_port(lo, (), ()),
    ]
    for node, what in enumerate(_MIRRORED_ICMP, 1):
        keys = (*_ICMP, *what, to_host)
        items.append(eth0.root(n.PRIO_ICMP, node, *keys, goto=n.TABLE_ICMP))
    return items


def _by_port(rows: Rows, framed: u32.Match, addressed: u32.Match) -> Iterator[Object]:
    """The tables keyed by port, and the filters that lead into them [1] [3]."""
    yield rows.table(n.PRIO_ICMP_ERROR, n.TABLE_ICMP_ERROR, 256)
    yield rows.table(n.PRIO_IP, n.TABLE_IP, 256)
    for protocol in k.PORT_PROTOCOLS:
        keys = (*_PLAIN, u32.protocol(protocol), *framed, *addressed)
        to, hashed = n.TABLE_IP, _BY_DESTINATION_PORT
        yield rows.root(n.PRIO_IP, protocol, *keys, goto=to, hashed=hashed)
        for kind, error in enumerate(u32.ERRORS):
            quoted = (*_ICMP, error, *_QUOTED, u32.quoted_protocol(protocol), *addressed)
            node, to, hashed = kind << 8 | protocol, n.TABLE_ICMP_ERROR, _BY_QUOTED_SOURCE_PORT
            yield rows.root(n.PRIO_ICMP_ERROR, node, *quoted, goto=to, hashed=hashed)


# --- what is limited ----------------------------------------------------------------------------


def shaper_filters(host: Host, pair: tuple[Place, Place]) -> Iterator[Object]:
    """Into the classes by source port on the first end, and on from the second one [2]."""
    first, second = Rows(pair[0]), Rows(pair[1])
    yield first.table(n.PRIO_IP_OUT, n.TABLE_IP_OUT, 256)
    goto, hashed = n.TABLE_IP_OUT, _BY_SOURCE_PORT
    yield first.root(n.PRIO_IP_OUT, 1, *_PLAIN, goto=goto, hashed=hashed)
    yield Qdisc(pair[1], "ingress")
    to = host.public if pair[0].link == SHAPERS[0][0] else host.loopback
    yield second.root(n.PRIO_IP_OUT, 1, *_PLAIN, to=to)


def _ways_out(host: Host, container: Container) -> tuple[str, str]:
    """Where leads what is for host and siblings, and what is for the outside."""
    if not host.shapes(container):
        return host.loopback, host.public
    outside, inside = (first for first, _second in SHAPERS)
    return inside if host.limit_scope == ALL else host.loopback, outside


def _flows(host: Host, container: Container) -> Iterator[Object]:
    name = class_name(container.number)
    for first in _ways_out(host, container):
        if first == host.loopback:
            continue
        rows = Rows(Place(HOST, first, SHARED))
        for block in hashed_blocks(container.blocks):
            key = u32.source_port(block)
            yield rows.classed(n.PRIO_IP_OUT, n.TABLE_IP_OUT, block, key, name)


# --- a container --------------------------------------------------------------------------------


def shared_entries(host: Host, container: Container) -> Iterator[Object]:
    """A container's filters in the hash tables of the host's interfaces [1] [3]."""
    veth = container.veth.link
    for place in (host.public_place, host.loopback_place):
        rows = Rows(place)
        for block in hashed_blocks(container.blocks):
            by_port = u32.destination_port(block)
            quoted = u32.quoted_source_port(block)
            yield rows.hashed(n.PRIO_IP, n.TABLE_IP, block, by_port, veth)
            yield rows.hashed(n.PRIO_ICMP_ERROR, n.TABLE_ICMP_ERROR, block, quoted, veth)


def container_filters(
    host: Host, container: Container, observed: State, tag: str = ""
) -> Iterator[Object]:
    """Everything that steers one container's packets, but its share of the mirrors.

    `tag`: of the program that judges what is left to be finished; "" where none can be loaded.
    """
    inside = Place(container.name, host.public)
    lo = Place(container.name, "lo")
    yield _qdisc(container.veth, observed)
    yield _qdisc(inside, observed)
    yield _qdisc(lo, observed)
    yield from _offload(container.veth, observed, tag)
    yield from _veth_filters(host, container)
    yield from _inside_filters(host, container, inside, lo)
    yield from shared_entries(host, container)
    if host.shapes(container):
        yield from _flows(host, container)


def _offload(veth: Place, observed: State, tag: str) -> Iterator[Object]:
    """Where none can be loaded any more, one that is there stays."""
    wanted = Offload(veth, k.ETH_P_ALL, n.PRIO_FIRST, tag)
    there = observed.get(wanted.identity)
    if tag:
        yield wanted
    elif there:
        yield there


def _veth_filters(host: Host, container: Container) -> Iterator[Object]:
    """What may leave a container: its own ports, address and MAC; everything else is dropped [10]."""
    rows = Rows(container.veth)
    yield Program(container.veth, k.ETH_P_ALL, n.PRIO_FIRST, programs.LEAVING)
    yield Program(container.veth, k.ETH_P_ALL, n.PRIO_DROP, programs.NOTHING)
    inwards, outwards = _ways_out(host, container)
    tables = (
        (
            n.PRIO_ICMP_ERROR,
            n.TABLE_ICMP_ERROR,
            u32.quoted_destination_port,
            host.loopback,
        ),
        (n.PRIO_ICMP, n.TABLE_ICMP, u32.quoted_destination_port, host.public),
        (n.PRIO_IP, n.TABLE_IP, u32.source_port, inwards),
        (n.PRIO_IP_OUT, n.TABLE_IP_OUT, u32.source_port, outwards),
    )
    for priority, table, key, to in tables:
        yield rows.table(priority, table)
        for block in container.blocks:
            yield rows.listed(priority, table, key(block), to)
    yield from _moved(_veth_roots(host), container.veth)


def _moved(filters: Iterable[Filter], place: Place) -> Iterator[Filter]:
    return (Filter(place, *item[1:]) for item in filters)  # _replace takes five times as long


# Every container's are the same but for their place, and a host may have a thousand containers.
@lru_cache(maxsize=4)
def _veth_roots(host: Host) -> tuple[Filter, ...]:
    rows, arp = Rows(_NOWHERE), Rows(_NOWHERE, k.ETH_P_ARP)
    frame = u32.source_mac(host.mac)  # another one would mislead the switches of the network
    ours = u32.source(_network(host))
    among_us = (
        (ours, u32.destination(_network(host)), u32.quoted_destination(_network(host))),
        (
            u32.source(_LOCALHOST),
            u32.destination(_LOCALHOST),
            u32.quoted_destination(_LOCALHOST),
        ),
    )
    sender = u32.arp_sender(host.mac, ipaddress.IPv4Address(host.ipv4.address))
    items = [arp.root(n.PRIO_ARP, 1, *frame, *sender, to=host.public)]  # [2]
    for where, (source, destination, quoted) in enumerate(among_us):
        ends = (*frame, source, destination)
        for kind, error in enumerate(u32.UNREACHABLE):
            node = where << 8 | kind + 1
            quoting: u32.Match = (*_ICMP, error, *_QUOTED, quoted, *ends)
            items.append(rows.root(n.PRIO_ICMP_ERROR, node, *quoting, goto=n.TABLE_ICMP_ERROR))
        for protocol in k.PORT_PROTOCOLS:
            node = where << 8 | protocol
            keys: u32.Match = (*_PLAIN, u32.protocol(protocol), *ends)
            items.append(rows.root(n.PRIO_IP, node, *keys, goto=n.TABLE_IP))
    for kind, error in enumerate(u32.UNREACHABLE):
        quoted = u32.quoted_destination(_network(host))
        quoting = (*_ICMP, error, *_QUOTED, quoted, *frame, ours)
        items.append(rows.root(n.PRIO_ICMP, kind + 1, *quoting, goto=n.TABLE_ICMP))
    for request in (8, 13):  # echo, timestamp: nothing else may be asked, redirects least of all
        asking = (*_ICMP, u32.icmp_type(request), *frame, ours)
        items.append(rows.root(n.PRIO_ICMP, 0x100 | request, *asking, to=host.public))
    for protocol in k.PORT_PROTOCOLS:
        keys = (*_PLAIN, u32.protocol(protocol), *frame, ours)
        items.append(rows.root(n.PRIO_IP_OUT, protocol, *keys, goto=n.TABLE_IP_OUT))
    return tuple(items)


def _inside_filters(host: Host, container: Container, eth0: Place, lo: Place) -> Iterator[Object]:
    """The container's own end: what is for itself stays, what is for others leaves [4]-[8]."""
    rows, arriving = Rows(lo), Rows(eth0)
    yield rows.table(n.PRIO_ICMP_ERROR, n.TABLE_ICMP_ERROR)
    yield rows.table(n.PRIO_OWN, n.TABLE_OWN)
    yield arriving.table(n.PRIO_IP, n.TABLE_IP)
    for block in container.blocks:
        yield rows.listed(n.PRIO_ICMP_ERROR, n.TABLE_ICMP_ERROR, u32.quoted_source_port(block))
        yield rows.listed(n.PRIO_OWN, n.TABLE_OWN, u32.destination_port(block))
        yield arriving.listed(n.PRIO_IP, n.TABLE_IP, u32.destination_port(block), "lo")
    leaving_roots, arriving_roots = _inside_roots(host)
    yield from _moved(leaving_roots, lo)
    yield from _moved(arriving_roots, eth0)


@lru_cache(maxsize=4)
def _inside_roots(host: Host) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
    """On the container's loopback, and on its public interface."""
    rows = Rows(_NOWHERE)
    leaving, arriving = [], []
    ours = (u32.destination(_network(host)), u32.destination(_LOCALHOST))
    icmp = u32.protocol(k.IPPROTO_ICMP)
    for kind, error in enumerate(u32.ERRORS):
        quoting = (*_ICMP, error, *_QUOTED)
        leaving.append(rows.root(n.PRIO_ICMP_ERROR, kind + 1, *quoting, goto=n.TABLE_ICMP_ERROR))
        for where, to in enumerate(ours, 1):
            node = where << 8 | kind + 1
            leaving.append(rows.root(n.PRIO_ICMP_ERROR, node, *_ICMP, error, to, to=host.public))
        arriving.append(rows.root(n.PRIO_ICMP_ERROR, kind + 1, *_ICMP, error, ours[1], to="lo"))
    leaving.append(rows.root(n.PRIO_OWN, 1, *_PLAIN, goto=n.TABLE_OWN))
    for where, to in enumerate(ours, 1):
        leaving.append(rows.root(n.PRIO_ICMP, where, icmp, to))
        leaving.append(rows.root(n.PRIO_IP, where, to, to=host.public))
    arriving.append(rows.root(n.PRIO_IP, 1, *_PLAIN, ours[1], goto=n.TABLE_IP))
    return tuple(leaving), tuple(arriving)
