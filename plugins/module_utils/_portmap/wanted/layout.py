# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a prepared host and a placed container consist of, besides what steers packets.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..objects.address import Address
from ..objects.bridge import Bridge, BridgePort
from ..objects.handle import Handle, HandleDirectory
from ..objects.kind import Object
from ..objects.link import Link, LinkUp, Veth
from ..objects.neighbour import Neighbour
from ..objects.route import DefaultRoute, NetworkRoute
from ..objects.sysctl import Sysctl
from ..values.marks import BRIDGES, IPV6_GATEWAY, NOBODY
from ..values.places import HOST, SHARED, Place
from ..values.tenants import CREATED, KEPT, Container, Host, alias, bridge_name, mark
from . import shaping
from .sysctls import IPV6_SWITCH, veth_ipv6_sysctl


def host_objects(host: Host, handles: str, sysctls: Mapping[str, str]) -> list[Object]:
    """Of a prepared host; `handles` is the directory of handles, `sysctls` the wanted values."""
    return [
        HandleDirectory(handles),
        Link(host.loopback_place, host.mac, host.mtu, True),
        *bridges(),
        *(Sysctl(HOST, name, value) for name, value in sysctls.items()),
    ]


def bridges(names: Iterable[str] = BRIDGES) -> list[Bridge]:
    return [Bridge(Place(HOST, name, SHARED)) for name in names]


def container_objects(
    host: Host, container: Container, handle: str, sysctls: Mapping[str, str], leaf: str = ""
) -> Iterator[Object]:
    """Of one container: `handle` is the path of its namespace's handle, `sysctls` those inside.

    `leaf`: the qdisc for what a limit makes wait.
    """
    inside = Place(container.name, host.public)
    lo = Place(container.name, "lo")
    said = mark(container) if container.origin == CREATED else ""
    if container.origin != KEPT:
        yield Handle(container.name, handle, container.inode)
    yield Veth(container.veth, inside, host.mac, host.mtu, alias(container))
    yield BridgePort(container.veth, bridge_name(container.name))
    yield LinkUp(container.veth)
    if container.limits.receive:
        yield from shaping.received(container.veth, container.limits.receive, host.mtu, leaf)
    if host.shapes(container):
        yield from shaping.sent(host, container, leaf)
    yield Link(inside, host.mac, host.mtu, True)
    yield Link(lo, host.mac, host.mtu, True, said)
    for one in host.addresses:
        yield Address(inside, one.family, one.address, one.prefix)
    if host.has_ipv6:
        yield Neighbour(inside, IPV6_GATEWAY, NOBODY)
    for gateway in host.gateways:
        yield DefaultRoute(inside, gateway.family, gateway.address)
    for network in host.networks:
        yield NetworkRoute(inside, *network)
    for name, value in sysctls.items():
        yield Sysctl(container.name, name, value)
    if IPV6_SWITCH in sysctls:
        veth = container.veth.link
        yield Sysctl(HOST, veth_ipv6_sysctl(veth), "1", veth)
