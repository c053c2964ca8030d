# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mirrors of what has no port: ARP replies and some ICMP go to every container.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...linux import uapi as k
from ...values.objects import Action, Filter, Object
from ...values.tenants import Host
from . import keys as u32
from . import numbers


def mirrors(host: Host, placed: Mapping[int, tuple[str, ...]], arp: bool) -> list[Object]:
    """The chain of mirror filters of ARP replies or of shared ICMP: node -> veths."""
    place = host.public_place
    items: list[Object] = []
    for node, veths in placed.items():
        actions = tuple(Action("mirror", veth) for veth in sorted(veths))
        match: u32.Match = (u32.ARP_REPLY,) if arp else ()
        protocol, priority, table = (
            (k.ETH_P_ARP, numbers.PRIO_ARP, 0)
            if arp
            else (k.ETH_P_IP, numbers.PRIO_ICMP, numbers.TABLE_ICMP)
        )
        items.append(Filter(place, protocol, priority, table, 0, node, match, actions))
    return items


def place_mirrors(
    observed: Mapping[int, tuple[str, ...]], wanted: Iterable[str], unwanted: Iterable[str]
) -> dict[int, tuple[str, ...]]:
    """Who is mirrored to from which filter: nobody moves, newcomers fill the first gap.

    `observed` and the result map nodes (from 1) to veths; links that are gone ("") and repeated
    ones are left out.
    """
    out = {"", *unwanted}
    chain: dict[int, list[str]] = {}
    seen: set[str] = set()
    for node in sorted(observed):
        kept = [veth for veth in dict.fromkeys(observed[node]) if veth not in out | seen]
        seen.update(kept)
        if kept:
            chain[node] = kept
    node = 1
    for veth in sorted(set(wanted) - seen):
        while len(chain.setdefault(node, [])) >= numbers.MIRRORS_PER_FILTER:
            node += 1
        chain[node].append(veth)
    return {node: tuple(sorted(veths)) for node, veths in chain.items()}
