# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host has besides its public interface, where the steering serves all of it.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from socket import AF_INET, AF_INET6

from ..linux.messages import AddressSeen, LinkSeen
from ..linux.routes import OtherRoute
from ..linux.uapi import RT_SCOPE_UNIVERSE, RTPROT_OURS
from ..values.marks import OUR_GROUPS
from ..values.tenants import Entrance, HostAddress, Network, alone
from .problems import route as route_differs
from .uplink import Notice

MOST_ADDRESSES = 256  # entries of the map in bpf/steer.h
MOST_NETWORKS = 256  # routes that each container is given
_HALVES = ("0.0.0.0/1", "128.0.0.0/1")
EVERYWHERE = "::/0"
_OF_A_LINK = "fe80::"


def addresses(
    shared: HostAddress, links: Sequence[LinkSeen], found: Sequence[AddressSeen]
) -> tuple[HostAddress, ...]:
    """The address of all containers, and the others at which a process of the host is reached."""
    ours = {one.ifindex for one in links if is_ours(one)}
    others = {one.address for one in found if _is_global(one) and one.ifindex not in ours}
    listed = sorted(map(alone, others - {shared.address}))[:MOST_ADDRESSES]
    return (shared, *listed)


def _is_global(one: AddressSeen) -> bool:
    return one.scope == RT_SCOPE_UNIVERSE and not one.doubtful


def networks(
    public: LinkSeen,
    shared: HostAddress,
    links: Sequence[LinkSeen],
    routes: Sequence[OtherRoute],
    source: Callable[[OtherRoute], str],
) -> tuple[tuple[Network, ...], list[Notice]]:
    """Where the host sends otherwise than by its default route, and a warning where that is too much.

    Of IPv6 also where its default route leads; and all others, if it has none.
    `source`: the address from which the host itself sends by a route that names none.
    """
    mtus = {one.ifindex: one.mtu for one in links if not is_ours(one)}
    found: dict[str, Network] = {}
    for one in routes:
        mtu = min(one.mtu or public.mtu, mtus.get(one.ifindex, 0))
        if not mtu or one.destination.startswith(_OF_A_LINK):
            continue
        own = one.source or source(one)
        smaller = mtu if mtu < public.mtu else 0
        if own and not own.startswith(_OF_A_LINK):
            # What comes first of several routes to the same is the one that the host takes.
            found.setdefault(one.destination, Network(one.family, one.destination, own, smaller))
    everything = found.get(EVERYWHERE)
    by_default = {(AF_INET, shared.address, 0)}
    if everything:
        by_default.add((AF_INET6, everything.source, everything.mtu))
    listed = sorted(
        one
        for one in found.values()
        if one == everything or (one.family, one.source, one.mtu) not in by_default
    )
    if len(listed) <= MOST_NETWORKS:
        return tuple(listed), []
    said = (
        f"the host has {len(listed)} routes with other addresses or MTUs than the default route; containers"
        f" are given {MOST_NETWORKS} of them, and send to other networks from {shared.address}"
    )
    return tuple(listed[:MOST_NETWORKS]), [(route_differs.KIND, said)]


def everywhere(
    public: LinkSeen, links: Sequence[LinkSeen], found: Sequence[AddressSeen], source: str
) -> list[OtherRoute]:
    """Two routes that stand for the default one, where the host's own leads through another interface.

    `source`: the address from which the host sends to anywhere.  From that of the public interface,
    others along the way may let nothing pass.
    """
    ours = {one.ifindex for one in links if is_ours(one)}
    through = next((one.ifindex for one in found if one.address == source), public.ifindex)
    if through == public.ifindex or through in ours:
        return []
    return [OtherRoute(half, "", through, RTPROT_OURS, source) for half in _HALVES]


def entrances(
    public: str,
    links: Sequence[LinkSeen],
    found: Sequence[AddressSeen],
    allowed: Sequence[str] | None,
) -> tuple[Entrance, ...]:
    """The other interfaces by which a process of the host is reached; `allowed`: patterns of names."""
    addressed = {
        one.ifindex for one in found if one.family == AF_INET or one.scope == RT_SCOPE_UNIVERSE
    }
    return tuple(
        Entrance(one.name, len(one.mac) != len("00:00:00:00:00:00"))
        for one in sorted(links, key=lambda link: link.name)
        if one.ifindex in addressed
        and not one.loopback
        and not one.master  # what comes by a port is steered on its bridge
        and one.name != public
        and not is_ours(one)
        and (allowed is None or any(fnmatchcase(one.name, pattern) for pattern in allowed))
    )


def is_ours(link: LinkSeen) -> bool:
    return link.group in OUR_GROUPS
