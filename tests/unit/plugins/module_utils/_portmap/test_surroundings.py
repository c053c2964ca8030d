# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host has besides its public interface."""

from __future__ import annotations

from socket import AF_INET, AF_INET6

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import surroundings
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.messages import (
    AddressSeen,
    LinkSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.routes import (
    OtherRoute,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.uapi import (
    RT_SCOPE_LINK,
    RTPROT_KERNEL,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.marks import (
    LINK_GROUP,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Entrance,
    Gateway,
    Host,
    HostAddress,
    Network,
    last_known,
)

SHARED = HostAddress(AF_INET, "10.0.0.1", 24)
STATIC = 4


def link(ifindex: int, name: str, **more: object) -> LinkSeen:
    made = LinkSeen(ifindex, name, "", "02:00:00:00:00:10", 1500, True, False, "", 0, 0, ())
    return made._replace(**more)


LO = link(1, "lo", loopback=True, mtu=65536)
ETH0, ETH1, WG0 = link(2, "eth0"), link(3, "eth1"), link(4, "wg0", mac="", mtu=1420)
VETH, PORT = link(5, "pm-web", group=LINK_GROUP), link(6, "vnet0", master=9)
LINKS = (LO, ETH0, ETH1, WG0, VETH, PORT)


def at(one: LinkSeen, address: str, prefix: int = 24, scope: int = 0) -> AddressSeen:
    family = AF_INET6 if ":" in address else AF_INET
    return AddressSeen(one.ifindex, family, address, prefix, False, scope)


ADDRESSES = (
    at(LO, "127.0.0.1", 8, 254), at(LO, "10.0.0.100", 32), at(ETH0, "10.0.0.1"), at(ETH0, "10.0.0.2"),
    at(ETH1, "10.9.0.1"), at(ETH1, "169.254.7.7", 16, RT_SCOPE_LINK), at(ETH1, "2001:db8::1", 64),
    at(ETH1, "fe80::1", 64, RT_SCOPE_LINK), at(ETH0, "fd00::1", 64), at(LO, "::1", 128, 254),
    at(ETH1, "2001:db8::2", 64)._replace(doubtful=True),
    at(WG0, "10.8.0.1"), at(VETH, "10.66.0.1"), at(PORT, "10.67.0.1"),
)  # fmt: skip


def test_containers_have_every_global_address_and_first_the_shared_one():
    found = surroundings.addresses(SHARED, LINKS, ADDRESSES)
    assert found[0] == SHARED
    others = ["10.0.0.100", "10.0.0.2", "10.67.0.1", "10.8.0.1", "10.9.0.1"]
    assert found[1:] == (
        *(HostAddress(AF_INET, one, 32) for one in others),
        HostAddress(AF_INET6, "2001:db8::1", 128),
        HostAddress(AF_INET6, "fd00::1", 128),
    )


def test_no_more_addresses_are_given_than_the_map_has_room_for():
    many = [at(ETH1, f"10.9.{number >> 8}.{number & 255}") for number in range(1000)]
    found = surroundings.addresses(SHARED, LINKS, many)
    assert len(found) == surroundings.MOST_ADDRESSES + 1


@pytest.mark.parametrize(
    ("allowed", "names"),
    [
        (None, ["eth1", "wg0"]),
        ([], []),
        (["eth*"], ["eth1"]),
        (["wg0", "eth9"], ["wg0"]),
        (["lo", "eth0", "pm-web", "vnet0"], []),
    ],
)
def test_packets_come_by_interfaces_with_an_address_but_not_by_ours_nor_by_ports(allowed, names):
    found = surroundings.entrances("eth0", LINKS, ADDRESSES, allowed)
    assert found == tuple(Entrance(name, name == "wg0") for name in names)


def networks(*routes: OtherRoute) -> tuple[Network, ...]:
    found, told = surroundings.networks(ETH0, SHARED, LINKS, routes, lambda _route: "10.0.0.1")
    assert told == []
    return found


@pytest.mark.parametrize(
    ("route", "known"),
    [
        (OtherRoute("10.0.0.0/24", "", 2, RTPROT_KERNEL, "10.0.0.1"), None),
        (OtherRoute("10.9.0.0/24", "", 3, RTPROT_KERNEL, "10.9.0.1"), ("10.9.0.1", 0)),
        (
            OtherRoute("10.5.0.0/24", "10.0.0.9", 2, STATIC),
            None,
        ),  # as the default one, for a socket
        (OtherRoute("10.5.0.0/24", "10.0.0.9", 2, STATIC, "10.0.0.2"), ("10.0.0.2", 0)),
        (OtherRoute("10.5.0.0/24", "10.0.0.9", 2, STATIC, "", 1400), ("10.0.0.1", 1400)),
        (OtherRoute("10.8.0.0/24", "", 4, RTPROT_KERNEL, "10.8.0.1"), ("10.8.0.1", 1420)),
        (OtherRoute("10.8.0.0/24", "", 4, STATIC, "10.8.0.1", 1300), ("10.8.0.1", 1300)),
        (OtherRoute("10.66.0.0/24", "", 5, STATIC, "10.66.0.1"), None),  # through a link of ours
        (OtherRoute("10.7.0.0/24", "", 77, STATIC, "10.7.0.1"), None),  # which is gone
    ],
)
def test_a_socket_is_told_of_networks_for_which_it_would_choose_otherwise(route, known):
    wanted = (Network(AF_INET, route.destination, *known),) if known else ()
    assert networks(route) == wanted


def six(*routes: OtherRoute) -> list[tuple[str, str, int]]:
    """What becomes of routes of IPv6."""
    return [one[1:] for one in networks(*routes) if one.family == AF_INET6]


DEFAULT_SIX = OtherRoute("::/0", "fe80::fe", 2, STATIC, "2001:db8::1")
ON_LINK = OtherRoute("2001:db8::/64", "", 2, RTPROT_KERNEL, "2001:db8::1")
OVER_ETH1 = OtherRoute("2001:db8:9::/64", "", 3, RTPROT_KERNEL, "2001:db8:9::1")
OVER_WG = OtherRoute("fd00::/64", "", 4, RTPROT_KERNEL, "fd00::1")


def test_of_ipv6_containers_have_the_default_route_and_what_differs_from_it():
    assert six(DEFAULT_SIX, ON_LINK, OVER_ETH1, OVER_WG) == [
        ("2001:db8:9::/64", "2001:db8:9::1", 0),
        ("::/0", "2001:db8::1", 0),
        ("fd00::/64", "fd00::1", 1420),
    ]


def test_without_a_default_route_of_ipv6_they_have_all_others():
    assert six(ON_LINK, OVER_ETH1) == [
        ("2001:db8:9::/64", "2001:db8:9::1", 0),
        ("2001:db8::/64", "2001:db8::1", 0),
    ]


@pytest.mark.parametrize(
    "route",
    [
        OtherRoute("fe80::/64", "", 2, RTPROT_KERNEL, "fe80::1"),
        OtherRoute("2001:db8:4::/64", "", 2, STATIC, "fe80::1"),  # from an address of the link
    ],
)
def test_what_belongs_to_one_link_is_no_route_of_containers(route):
    assert six(route) == []


def test_of_two_routes_to_the_same_the_first_one_counts():
    worse = DEFAULT_SIX._replace(ifindex=3, source="2001:db8:9::1")
    assert six(DEFAULT_SIX, worse) == [("::/0", "2001:db8::1", 0)]


@pytest.mark.parametrize(
    ("source", "networks_known"),
    [
        ("", ()),
        ("10.0.0.1", ()),
        ("10.0.0.2", ()),  # of the public interface: the one that was chosen for containers stays
        ("10.66.0.1", ()),
        ("10.9.0.1", (("0.0.0.0/1", "10.9.0.1", 0), ("128.0.0.0/1", "10.9.0.1", 0))),
        ("10.8.0.1", (("0.0.0.0/1", "10.8.0.1", 1420), ("128.0.0.0/1", "10.8.0.1", 1420))),
    ],
)
def test_where_the_host_prefers_another_uplink_its_address_is_the_source(source, networks_known):
    routes = surroundings.everywhere(ETH0, LINKS, ADDRESSES, source)
    assert networks(*routes) == tuple(Network(AF_INET, *one) for one in networks_known)


def test_too_many_networks_are_told():
    routes = [
        OtherRoute(f"10.{n >> 8}.{n & 255}.0/24", "", 3, STATIC, "10.9.0.1") for n in range(300)
    ]
    found, told = surroundings.networks(ETH0, SHARED, LINKS, routes, lambda _route: "")
    assert len(found) == surroundings.MOST_NETWORKS
    ((kind, said),) = told
    assert kind == "route"
    assert said.startswith("the host has 300 routes")


def test_what_containers_were_given_is_read_as_it_was_written():
    host = Host(
        "eth0", "lo", surroundings.addresses(SHARED, LINKS, ADDRESSES), ETH0.mac, 1500,
        (Gateway(AF_INET, "10.0.0.254"),), networks=(Network(AF_INET, "10.8.0.0/24", "10.8.0.1", 1420),),
    )  # fmt: skip
    assert last_known("eth0", "lo", host.applied) == host
    bare = host._replace(addresses=(SHARED,), networks=())
    assert last_known("eth0", "lo", bare.applied) == bare


def test_what_cannot_be_read_is_no_network():
    assert (
        last_known("eth0", "lo", (*("10.0.0.1", "24", "", "0", ""), "to nowhere")).networks == ()
    )
