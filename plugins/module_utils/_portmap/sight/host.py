# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host itself: its interfaces, and what containers copy from them."""

from __future__ import annotations

from collections.abc import Iterable
from socket import AF_INET

from ..linux import netns, procsys
from ..linux.messages import AddressSeen
from ..linux.netlink import Socket
from ..linux.view import View, addresses, default_route
from ..objects.bridge import Bridge, ipv6_switch
from ..objects.handle import HandleDirectory
from ..objects.kind import Object
from ..objects.sysctl import Sysctl
from ..values import ports
from ..values.errors import InvalidRequest
from ..values.marks import BRIDGE_ALIAS, BRIDGE_GROUP, BRIDGES
from ..values.places import HOST, SHARED, Place
from ..values.tenants import Gateway, Host, HostAddress
from ..wanted import sysctls
from .namespace import link_object


def see_host(view: View, public: str, loopback: str) -> Host:
    """The interfaces named, or found.  Raises InvalidRequest when one cannot be used."""
    route = default_route(view.socket, AF_INET)
    public = public or (view.names[route.ifindex] if route else "")
    if not public:
        raise InvalidRequest(
            "cannot find the public interface: there is no IPv4 default route;"
            " name it with public_interface"
        )
    link = view.link(public)
    if link is None:
        raise InvalidRequest(f"cannot use public_interface {public}: no such interface")
    loop = view.link(loopback or "lo")
    if loop is None or not loop.loopback:
        raise InvalidRequest(
            f"cannot use loopback_interface {loopback or 'lo'}: no such loopback interface"
        )
    if link.loopback:
        raise InvalidRequest(f"cannot use public_interface {public}: it is a loopback interface")
    address = _first_address(view.socket, link.ifindex)
    if address is None:
        raise InvalidRequest(f"cannot use public_interface {public}: it has no IPv4 address")
    if len(link.mac) != 17:
        raise InvalidRequest(f"cannot use public_interface {public}: it has no MAC address")
    through = route is not None and route.ifindex == link.ifindex and bool(route.gateway)
    return Host(
        link.name,
        loop.name,
        (HostAddress(AF_INET, address.address, address.prefix),),
        link.mac,
        link.mtu,
        (Gateway(AF_INET, route.gateway),) if route and through else (),
    )


def _first_address(sock: Socket, ifindex: int) -> AddressSeen | None:
    found = addresses(sock, ifindex, AF_INET)
    return next((address for address in found if not address.secondary), None)


def host_ephemeral() -> ports.Range:
    """The range from which the host takes its own ports."""
    found = procsys.read(sysctls.EPHEMERAL_SYSCTL) or ""
    return ports.parse(found.replace(" ", "-"), sysctls.EPHEMERAL_SYSCTL)


def rp_filters() -> dict[str, str]:
    """The reverse path filter of every link, `all` and `default` included."""
    found = {}
    for link in procsys.links("ipv4"):
        value = procsys.read(f"net/ipv4/conf/{link}/rp_filter")
        if value is not None:
            found[link] = value
    return found


def see_bridges(view: View, names: Iterable[str] = BRIDGES) -> list[Bridge]:
    """The links of these names, a stranger's too."""
    found = []
    for link in filter(None, view.links(list(names))):
        marked = link.group == BRIDGE_GROUP or link.alias == BRIDGE_ALIAS
        ours = marked and link.kind == "bridge"
        ipv6 = procsys.read(ipv6_switch(link.name)) == "0"
        place = Place(HOST, link.name, SHARED)
        found.append(Bridge(place, link.up, ipv6, link.group, link.alias, ours))
    return found


def base_objects(view: View, host: Host) -> list[Object]:
    """The directory of handles, the loopback interface and our bridges, as they are."""
    objects: list[Object] = [*see_bridges(view)]
    if netns.directory_is_shared():
        objects.append(HandleDirectory(netns.HANDLES))
    loopback = view.link(host.loopback)
    if loopback is not None:
        objects.append(link_object(host.loopback_place, loopback))
    return objects


def sysctl_objects(names: list[str]) -> list[Object]:
    """Kernel parameters of the host; those that the kernel lacks are left out."""
    values = ((name, procsys.read(name)) for name in names)
    return [Sysctl(HOST, name, value) for name, value in values if value is not None]
