# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is placed and who owns which ports, as the host's interfaces and veths tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..linux import uapi as k
from ..steering.u32 import layout, numbers, rows
from ..values import marks, ports, tenants
from ..values.errors import InvalidRequest
from ..values.objects import HOST, Filter, Object, Place, Qdisc, Table, state
from .view import Kernel, Placed


class Survey(NamedTuple):
    """What one look at the host's side tells.

    `blocks` maps veths to the ports that lead to them, "" to those that lead nowhere; `entries`
    are filters in the hash tables where everything was looked at (`whole`), `shared` the other
    filters, tables and qdiscs of the host's interfaces, `veths` the objects on each container's
    veth.
    """

    host: tenants.Host
    blocks: dict[str, list[ports.Block]]
    chains: dict[bool, dict[int, tuple[str, ...]]]  # arp? -> node -> veths mirrored to
    shared: list[Object]
    entries: list[Filter]
    placed: dict[str, Placed]
    veths: dict[str, list[Object]]
    whole: bool

    def owners(self) -> dict[str, ports.Ranges]:
        """`blocks` as ranges."""
        return {veth: ports.cover(blocks) for veth, blocks in self.blocks.items()}


def survey(
    kernel: Kernel, host: tenants.Host, names: Iterable[str] | None, interfaces: bool = False
) -> Survey:
    """Look at the containers named, or at everything when `names` is None.

    `interfaces`: at everything on the host's interfaces, whatever the containers.
    """
    whole = names is None or interfaces
    steered, found = _on_interfaces(kernel, host, whole)
    entries: list[Filter] = []
    shared: list[Object] = []
    for item in found:
        if isinstance(item, Filter) and item.table in (numbers.TABLE_IP, numbers.TABLE_ICMP_ERROR):
            entries.append(item)
        else:
            shared.append(item)
    for veth, blocks in _steered(entries, host.public_place).items():
        steered.setdefault(veth, []).extend(blocks)
    placed = _placed(kernel, names, steered)
    veths: dict[str, list[Object]] = {}
    for name, container in placed.items():
        place = Place(HOST, container.veth.name)
        qdisc = kernel.qdisc(place)
        veths[name] = [qdisc, *kernel.filters(place)] if qdisc else []
        listed = _listed_blocks(veths[name])
        owned = ports.cover([*listed, *steered.get(container.veth.name, ())])
        placed[name] = container._replace(owned=owned)
    chains = {arp: _chain(shared, arp) for arp in (True, False)}
    return Survey(host, steered, chains, shared, entries, placed, veths, whole)


def _on_interfaces(
    kernel: Kernel, host: tenants.Host, whole: bool
) -> tuple[dict[str, list[ports.Block]], list[Object]]:
    """The objects on the host's interfaces; unless `whole`, those that steer only in short."""
    found: list[Object] = []
    steered: dict[str, list[ports.Block]] = {}
    for place in (host.public_place, host.loopback_place):
        qdisc = kernel.qdisc(place)
        if qdisc is None:
            continue
        found.append(qdisc)
        if whole:
            found += kernel.filters(place)
        elif place == host.public_place:
            found += kernel.filters(place, numbers.PRIO_ARP, k.ETH_P_ARP)
            found += kernel.filters(place, numbers.PRIO_ICMP, k.ETH_P_IP)
            steered, others = kernel.steered(place)
            found += others
    return steered, found


def _steered(entries: Iterable[Filter], public: Place) -> dict[str, list[ports.Block]]:
    """Which blocks lead to which veth, by filters that were read in full."""
    blocks: dict[str, list[ports.Block]] = {}
    for item in entries:
        if item.place != public or item.priority != numbers.PRIO_IP:
            continue
        block = rows.hashed_block(item.bucket, item.node)
        if block:
            target = item.actions[0].target if item.actions else ""
            blocks.setdefault(target, []).append(block)
    return blocks


def _listed_blocks(objects: Iterable[Object]) -> list[ports.Block]:
    """The blocks of source ports that may leave through a veth."""
    blocks = []
    for item in objects:
        if (
            isinstance(item, Filter)
            and item.table == numbers.TABLE_IP_OUT
            and len(item.match) == 1
        ):
            key = item.match[0]
            size = 0x10000 - (key.mask >> 16)
            if key.offset == 20 and not key.mask & 0xFFFF and size & (size - 1) == 0:
                blocks.append(ports.Block(key.value >> 16, size))
    return blocks


def _chain(shared: Iterable[Object], arp: bool) -> dict[int, tuple[str, ...]]:
    chain = {}
    for item in shared:
        if not isinstance(item, Filter) or (item.protocol == k.ETH_P_ARP) != arp:
            continue
        if item.actions and item.actions[0].verb == "mirror":
            chain[item.node] = tuple(action.target for action in item.actions)
    return chain


def _placed(
    kernel: Kernel, names: Iterable[str] | None, targets: Iterable[str] = ()
) -> dict[str, Placed]:
    """Containers by their veths.  Raises InvalidRequest for a stranger's link named like ours.

    `targets` are links that ports lead to: a veth that somebody gave another name is among them.
    """
    placed = {}
    if names is None:
        for link in kernel.all_links():
            found = tenants.read_alias(link.alias)
            if link.group == marks.LINK_GROUP or found:
                name, handle, origin = found or _unnamed(link.name)
                placed[name] = Placed(name, handle, origin, link, ())
        return placed
    wanted = list(dict.fromkeys(names))
    links = kernel.links([tenants.veth_name(name) for name in wanted])
    for name, seen in zip(wanted, links):
        if seen is None:
            continue
        found = tenants.read_alias(seen.alias)
        if seen.group != marks.LINK_GROUP and not found:
            raise InvalidRequest(
                f"cannot place {name}: the link {seen.name} exists and is not ours"
            )
        _name, handle, origin = found or (name, name, tenants.CREATED)
        placed[name] = Placed(name, handle, origin, seen, ())
    strange = [link for link in targets if link and not link.startswith(marks.VETH_PREFIX)]
    for seen in kernel.links(strange):
        found = tenants.read_alias(seen.alias) if seen and seen.group == marks.LINK_GROUP else None
        if seen and found and found[0] in wanted:
            placed.setdefault(found[0], Placed(*found, seen, ()))
    return placed


def placed_names(kernel: Kernel) -> list[str]:
    """The names of all containers on this host."""
    return list(_placed(kernel, None))


def owner_name(kernel: Kernel, veth: str) -> str:
    """The container that a veth belongs to, for messages; the veth itself when it does not say."""
    link = kernel.link(veth) if veth.startswith(marks.VETH_PREFIX) else None
    found = tenants.read_alias(link.alias) if link else None
    return found[0] if found else veth


def _unnamed(link: str) -> tuple[str, str, str]:
    """A veth that a killed run made and had not marked yet."""
    name = link[len(marks.VETH_PREFIX) :]
    return name, name, tenants.CREATED


def containers(
    found: Survey, service: ports.Ranges, ephemeral: ports.Range
) -> dict[str, tenants.Container]:
    """The placed containers; the pools tell service from ephemeral ports."""
    result = {}
    for name, placed in found.placed.items():
        local = ports.intersect(placed.owned, [ephemeral])
        result[name] = tenants.Container(
            name,
            placed.handle,
            placed.origin,
            0,
            ports.intersect(placed.owned, service),
            local[0] if len(local) == 1 else None,
        )
    return result


def prepared_problem(found: Survey) -> str:
    """Why containers cannot be placed on this host as it is; "" when they can."""
    observed = state(found.shared)
    if found.whole:
        wanted = layout.host_filters(found.host, observed)
    else:
        wanted = [
            item
            for item in layout.host_filters(found.host, observed)
            if isinstance(item, Qdisc)
            or (isinstance(item, (Filter, Table)) and _was_asked(item, found.host))
        ]
    for item in wanted:
        if observed.get(item.identity) != item:
            return f"'{item}' is missing or changed"
    return ""


def _was_asked(item: Filter | Table, host: tenants.Host) -> bool:
    return item.place == host.public_place and item.priority in (
        numbers.PRIO_ICMP,
        numbers.PRIO_IP,
    )


def entries_of(
    kernel: Kernel, found: Survey, owned: Iterable[ports.Block], veths: set[str]
) -> list[Filter]:
    """Entries in the hash tables: of these blocks, of these veths, and of veths that are gone.

    A veth lists every block before an entry of it is made, and until after it is deleted.
    """
    listed = [
        block
        for name, placed in found.placed.items()
        if placed.veth.name in veths
        for block in _listed_blocks(found.veths[name])
    ]
    blocks = set(rows.hashed_blocks([*owned, *listed]))
    if found.whole:
        known = {placed.veth.name for placed in found.placed.values()} - veths
        return [
            item
            for item in found.entries
            if _concerns(item, blocks, veths) or item.actions[0].target not in known
        ]
    for veth in ("", *veths):
        blocks.update(found.blocks.get(veth, ()))
    return [
        item
        for place in (found.host.public_place, found.host.loopback_place)
        for item in kernel.entries(place, sorted(blocks))
        if isinstance(item, Filter) and _concerns(item, blocks, veths)
    ]


def _concerns(item: Filter, blocks: set[ports.Block], veths: set[str]) -> bool:
    target = item.actions[0].target if item.actions else ""
    block = rows.hashed_block(item.bucket, item.node)
    return not target or target in veths or block in blocks
