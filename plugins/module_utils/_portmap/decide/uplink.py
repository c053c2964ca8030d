# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which address and which gateway containers share, decided from what was seen of the interface.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from socket import AF_INET, AF_INET6

from ..linux.messages import AddressSeen, LinkSeen
from ..linux.routes import OtherRoute, RouteFound
from ..values.errors import InvalidRequest
from ..values.marks import OUR_GROUPS
from ..values.tenants import Gateway, Host, HostAddress
from .problems import addresses as addresses_differ
from .problems import drift
from .problems import route as route_differs
from .problems.problem import few

Notice = tuple[str, str]  # the kind of the problem that portmap_info makes of it, and what is said


class Unfit(InvalidRequest):
    """No containers can share what the interface has; `kind`: of the problem that portmap_info makes of it."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


def check_interfaces(public: LinkSeen, loopback: LinkSeen | None, loopback_name: str) -> None:
    """Raise InvalidRequest when one of them cannot be used."""
    if loopback is None or not loopback.loopback:
        raise InvalidRequest(
            f"cannot use loopback_interface {loopback_name}: no such loopback interface"
        )
    unusable = f"cannot use public_interface {public.name}"
    if public.loopback:
        raise InvalidRequest(f"{unusable}: it is a loopback interface")
    if public.group in OUR_GROUPS:
        raise InvalidRequest(
            f"{unusable}: it is a link of ours, and something gave it an address or the default"
            f" route; take them away (ip address flush dev {public.name}; ip route flush dev"
            f" {public.name}), or name another public_interface"
        )
    if len(public.mac) != 17:
        raise InvalidRequest(f"{unusable}: it has no MAC address")


def shared_address(
    public: str,
    addresses: Sequence[AddressSeen],
    named: str,
    kept: HostAddress | None,
    own: str,
) -> tuple[HostAddress, list[Notice]]:
    """The address that containers share, and warnings.

    `named` by the operator, or `kept` from earlier runs as long as the interface has it, or `own`: the
    one from which the host itself would send.  Raises InvalidRequest when none of them is there.
    """
    have = {one.address: one for one in reversed(addresses)}
    chosen = _chosen(public, have, named, kept, own)
    told = []
    if not named and own and own != chosen:
        said = (
            f"containers share the address {chosen}, but the host itself sends from {own} through"
            f" {public}; name the one that they shall share with address"
        )
        told.append((addresses_differ.KIND, said))
    return HostAddress(AF_INET, chosen, have[chosen].prefix), told


def not_shared(host: Host, addresses: Sequence[AddressSeen]) -> list[Notice]:
    """A warning of the other `addresses` of the public interface."""
    others = [one.address for one in addresses if one.address != host.ipv4.address]
    if not others:
        return []
    said = (
        f"{host.public} has other addresses ({', '.join(others)}): containers are not reached at them, and"
        " reach nothing of their host there"
    )
    return [(addresses_differ.KIND, said)]


def _chosen(
    public: str,
    have: Mapping[str, AddressSeen],
    named: str,
    kept: HostAddress | None,
    own: str,
) -> str:
    unusable = f"cannot use public_interface {public}"
    if not have:
        raise Unfit(addresses_differ.KIND, f"{unusable}: it has no IPv4 address")
    listed = ", ".join(f"{one.address}/{one.prefix}" for one in have.values())
    if named and named not in have:
        said = f"cannot use address {named}: {public} does not have it ({listed})"
        raise Unfit(addresses_differ.KIND, said)
    if named or (kept and kept.address in have):
        return named or (kept.address if kept else "")
    gone = (
        f"the address {kept.address}, which containers share, is gone from it, and "
        if kept
        else ""
    )
    chosen = own or (next(iter(have)) if len(have) == 1 else "")
    if chosen not in have:
        raise Unfit(
            addresses_differ.KIND,
            f"{unusable}: {gone}the host itself prefers none of its addresses ({listed}); name one with"
            " address",
        )
    # Without a network, as a VIP is: nobody gave it to the host in place of the other.
    if kept and kept.prefix != 32 and have[chosen].prefix == 32:
        raise Unfit(
            addresses_differ.KIND,
            f"{unusable}: {gone}{chosen}/32 may go to another host at any time; bring the address back,"
            " or name one with address",
        )
    return chosen


def gateways(
    public: str, address: str, route: RouteFound | None, had: bool
) -> tuple[tuple[Gateway, ...], list[Notice]]:
    """Where containers' default route leads, and warnings.

    `route`: the host's own, from the address and through the interface.  `had`: containers were given
    one by an earlier run.  Raises InvalidRequest for what containers cannot have.
    """
    if route is None:
        said = f"the host has no default route from {address} through {public}"
        if had:
            raise Unfit(
                route_differs.KIND,
                f"cannot follow the host: {said} any more; bring the route back, or name another"
                " public_interface",
            )
        return (), [
            (route_differs.KIND, f"{said}: containers reach only what is on the same link")
        ]
    if route.through_ipv6:
        raise Unfit(
            route_differs.KIND,
            f"cannot use public_interface {public}: its default route leads via inet6, and containers"
            " have no IPv6; give the host a default route with an IPv4 gateway",
        )
    told = []
    for name, value in (("mtu", route.mtu), ("advmss", route.advmss)):
        if value:
            said = f"the host's default route through {public} sets {name} {value}"
            told.append((route_differs.KIND, f"{said}, which containers are not given"))
    return (Gateway(AF_INET, route.gateway),), told


def routes_left_out(host: Host, ifindex: int, routes: Sequence[OtherRoute]) -> list[Notice]:
    """A warning of routes that the host has, and containers have not."""
    gateway = f"{host.ipv4_gateway}/32"
    left = [
        str(one)
        for one in routes
        if not one.of_kernel and not (one.ifindex == ifindex and one.destination == gateway)
    ]
    if not left:
        return []
    said = (
        f"the host has other routes ({few(left)}), which containers do not follow:"
        " they send everything to the gateway"
    )
    return [(route_differs.KIND, said)]


def other_entrances(
    host: Host, links: Sequence[LinkSeen], addresses: Sequence[AddressSeen]
) -> list[Notice]:
    """A warning of interfaces by which others reach the host, and not its containers."""
    names = {
        one.ifindex: one.name for one in links if not one.loopback and one.name != host.public
    }
    found = [
        f"{names[one.ifindex]} ({one.address})"
        for one in addresses
        if one.family == AF_INET and one.ifindex in names
    ]
    if not found:
        return []
    said = (
        f"containers are reached through {host.public} and from the host alone: whoever comes by"
        f" {few(found)} finds their ports closed"
    )
    return [(addresses_differ.KIND, said)]


def newly_reached(host: Host) -> list[Notice]:
    """Warnings of interfaces and addresses by which containers are reached from now on."""
    told = []
    names = [one.link for one in host.entrances or ()]
    if names:
        told.append(
            f"containers are reached by {few(names)}, too, as processes of the host are;"
            " name those by which they shall be reached with interfaces"
        )
    six = [one.address for one in host.addresses if one.family == AF_INET6]
    if six:
        told.append(
            f"containers are reached over IPv6, too ({few(six)}): a server that listens on [::] is open there"
        )
    return [(addresses_differ.KIND, said) for said in told]


def renamed(was: str, link: LinkSeen) -> list[Notice]:
    """A warning that the interface has another name."""
    said = f"the public interface {was} is called {link.name} now"
    return [(drift.KIND, said)] if was != link.name else []
