# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host itself: its interfaces, its parameters, and what was made of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from socket import AF_INET

from ..bpf import tcx
from ..linux import netns, procsys, sysfs
from ..linux.messages import LinkSeen
from ..linux.netfilter import Rules
from ..linux.view import View, default_route, egress_filters
from ..objects.bridge import Bridge, ipv6_switch
from ..objects.handle import HandleDirectory
from ..objects.kind import Object
from ..objects.sysctl import Sysctl
from ..steering import choose
from ..values import ports
from ..values.limits import AUTO
from ..values.marks import BRIDGE_ALIAS, BRIDGE_GROUP, BRIDGES, OUR_GROUPS
from ..values.netfilter import Firewall
from ..values.places import HOST, SHARED, Place
from ..values.tenants import Host
from ..wanted import limits, sysctls
from .namespace import link_object


def default_interface(view: View) -> str:
    """The interface of the IPv4 default route of the lowest metric; "" when there is none."""
    route = default_route(view.socket, AF_INET)
    return view.names[route.ifindex] if route else ""


def public_link(view: View, name: str, ifindex: int, mac: str) -> LinkSeen | None:
    """The interface `name`; or, if it was another one before, what that is called now.

    `ifindex` and `mac` are those of before.  Without an index (0), the MAC address tells when only
    one interface of the host has it.
    """
    now = view.names[ifindex]
    if now and now != name:
        link = view.link(now)
        if link is not None and link.mac == mac:
            return link
    found = view.link(name)
    if found is None and mac and not ifindex:
        same = [
            link
            for link in view.all_links()
            if link.mac == mac and not link.loopback and link.group not in OUR_GROUPS
        ]
        return same[0] if len(same) == 1 else None
    return found


def likely_public(view: View, loopback: str) -> str:
    """The public interface of a host without a record: the loopback has taken its MAC address."""
    loop = view.link(loopback)
    named = default_interface(view)
    alike = [
        link.name
        for link in view.all_links()
        if loop and link.mac == loop.mac and not link.loopback and link.group not in OUR_GROUPS
    ]
    return named if named in alike or not alike else alike[0]


def link(host: Host) -> limits.Link:
    """What limits may refer to: the link's speed, as given or as the card says, and the CPUs."""
    given = host.link_speed
    if given in ("", AUTO):
        speed = sysfs.speed(host.public) * 10**6 // 8
    else:
        speed = limits.read_rate(given, "link_speed").bytes
    return limits.Link(speed, os.cpu_count() or 1)


def early_programs(view: View, host: Host) -> dict[str, list[int]]:
    """The programs that packets meet before all filters, by interface."""
    places = (host.public_place, host.loopback_place)
    return {place.link: tcx.attached(view.ifindex(place)) for place in places}


def firewall(view: View, public: str, rules: Rules) -> Firewall:
    """br_netfilter has packets of a bridge meet the hooks of IPv4 before any filter of the bridge."""
    link = view.link(public)
    bridged = link is not None and link.kind == "bridge"
    called = bridged and (
        procsys.read("net/bridge/bridge-nf-call-iptables") == "1" or sysfs.calls_iptables(public)
    )
    return rules.firewall(called)


def hooked_by_others(view: View, host: Host) -> set[Place]:
    """The interfaces whose qdisc carries others' filters of leaving packets."""
    places = (host.public_place, host.loopback_place)
    return {
        place
        for place in places
        if not all(
            map(choose.is_ours_leaving, egress_filters(view.socket, place, view.ifindex(place)))
        )
    }


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
