# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mirrors of what has no port: ARP replies and some ICMP go to every container.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...linux import uapi as k
from ...objects.kind import Object
from ...values.tenants import Host
from . import keys as u32
from . import numbers as n
from .fields import Action
from .objects import Filter

CHAINS = ("arp", "icmp")


def mirrors(host: Host, placed: Mapping[int, tuple[str, ...]], chain: str) -> list[Object]:
    """The filters of a chain: ARP replies, or ICMP that has no port.  `placed`: node -> veths."""
    place = host.public_place
    items: list[Object] = []
    for node, veths in placed.items():
        actions = tuple(Action("mirror", veth) for veth in sorted(veths))
        match: u32.Match = (u32.ARP_REPLY,) if chain == "arp" else ()
        protocol, priority, table = (
            (k.ETH_P_ARP, n.PRIO_ARP, 0)
            if chain == "arp"
            else (k.ETH_P_IP, n.PRIO_ICMP, n.TABLE_ICMP)
        )
        items.append(Filter(place, protocol, priority, table, 0, node, match, actions))
    return items


def chain(objects: Iterable[Object], name: str) -> dict[int, tuple[str, ...]]:
    """Who is mirrored to by which node of a chain."""
    found = {}
    for item in objects:
        if not isinstance(item, Filter) or (item.protocol == k.ETH_P_ARP) != (name == "arp"):
            continue
        if item.actions and item.actions[0].verb == "mirror":
            found[item.node] = tuple(action.target for action in item.actions)
    return found


def place_mirrors(
    observed: Mapping[int, tuple[str, ...]], wanted: Iterable[str], unwanted: Iterable[str]
) -> dict[int, tuple[str, ...]]:
    """Who is mirrored to from which filter: nobody moves, newcomers fill the first gap.

    `observed` and the result map nodes (from 1) to veths; links that are gone ("") and repeated
    ones are left out.
    """
    out = {"", *unwanted}
    placed: dict[int, list[str]] = {}
    seen: set[str] = set()
    for node in sorted(observed):
        kept = [veth for veth in dict.fromkeys(observed[node]) if veth not in out | seen]
        seen.update(kept)
        if kept:
            placed[node] = kept
    node = 1
    for veth in sorted(set(wanted) - seen):
        while len(placed.setdefault(node, [])) >= n.MIRRORS_PER_FILTER:
            node += 1
        placed[node].append(veth)
    return {node: tuple(sorted(veths)) for node, veths in placed.items()}
