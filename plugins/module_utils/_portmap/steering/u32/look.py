# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of ours, found in the kernel: on the host's interfaces, on veths, inside containers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set

from ...linux import messages
from ...linux import uapi as k
from ...linux.netlink import LinkNames, Socket, refused
from ...linux.requests import Request
from ...linux.view import GONE, View, ask_qdisc
from ...objects.kind import Object
from ...objects.qdisc import Qdisc
from ...values.places import HOST, OWN, SHARED, Place
from ...values.ports import Block
from ...values.tenants import Host
from ..plane import Foreign, Seen, Steered
from ..strangers import can_end_search
from . import decode, encode, mirrors, rows
from . import numbers as n
from .objects import Filter, Offload, Program, Table

_ENTRY_TABLES = (n.TABLE_IP, n.TABLE_ICMP_ERROR)
_ASKED_OF_PUBLIC = (
    (n.PRIO_FIRST, k.ETH_P_IP), (n.PRIO_ARP, k.ETH_P_ARP), (n.PRIO_ICMP, k.ETH_P_IP)
)  # fmt: skip
_EVERY = (0, 0)  # priority and protocol: of all of them


# --- the host's interfaces ----------------------------------------------------------------------


def is_used(view: View, host: Host) -> bool:
    return any(_has_ours(view, place) for place in (host.public_place, host.loopback_place))


def _has_ours(view: View, place: Place) -> bool:
    """The kernel is asked no further than to the first of ours."""
    found = False

    def is_ours(message: bytes) -> bool:
        nonlocal found
        one = decode.read_filter(message, place, view.names)
        found = one is not None and recognised(one, place) is not None
        return found

    _up_to(view, place, is_ours)
    return found


def see_host(view: View, host: Host, complete: bool) -> Steered:
    """Unless `complete`, the filters that steer are read in short."""
    found = Seen()
    blocks: dict[str, list[Block]] = {}
    for place in (host.public_place, host.loopback_place):
        ifindex = view.ifindex(place)
        qdisc = _qdisc(view.socket, place, ifindex)
        if qdisc is None:
            continue
        found.objects.append(qdisc)
        if complete:
            found.add(_filters(view.socket, place, ifindex, view.names))
        elif place == host.public_place:
            for only in _ASKED_OF_PUBLIC:
                found.add(_filters(view.socket, place, ifindex, view.names, only))
            blocks, rest = _in_short(view, place, ifindex)
            found.add(rest)
    shared, entries = Seen(handles=found.handles, foreign=found.foreign), Seen()
    for item in found.objects:
        is_entry = isinstance(item, Filter) and item.table in _ENTRY_TABLES
        (entries if is_entry else shared).objects.append(item)
    _add_steered(blocks, entries.objects, host.public_place)
    copies = {name: mirrors.chain(shared.objects, name) for name in mirrors.CHAINS}
    return Steered(shared, entries, blocks, copies, complete)


def _in_short(view: View, place: Place, ifindex: int) -> tuple[dict[str, list[Block]], Seen]:
    """Which blocks of ports lead to which veth, and what else is at the priority of ports.

    The filters themselves are not read whole: of one container's they are few, but a host has
    thousands.
    """
    leading: dict[int, list[Block]] = {}
    rest = []
    for message in view.socket.dump(_ask_filters(place, ifindex, (n.PRIO_IP, k.ETH_P_IP))):
        entry = decode.read_entry(message)
        block = _steered_block(entry[0]) if entry else None
        if entry is None or block is None:
            rest.append(message)
        else:
            leading.setdefault(entry[1], []).append(block)
    named: dict[str, list[Block]] = {}
    for target, blocks in leading.items():
        named.setdefault(view.names[target], []).extend(blocks)
    return named, _sort_ours(_decoded(rest, place, view.names), place)


def _steered_block(handle: int) -> Block | None:
    """The block of a filter of ours in the table that steers by destination port."""
    if handle >> 20 != n.TABLE_IP:
        return None
    return rows.hashed_block(handle >> 12 & 0xFF, handle & 0xFFF)


def _add_steered(blocks: dict[str, list[Block]], entries: Iterable[Object], public: Place) -> None:
    """Add which blocks lead to which veth, by filters that were read whole."""
    for item in entries:
        if not isinstance(item, Filter) or item.place != public or item.priority != n.PRIO_IP:
            continue
        block = rows.hashed_block(item.bucket, item.node)
        if block:
            blocks.setdefault(_target(item), []).append(block)


def _target(item: Filter) -> str:
    return item.actions[0].target if item.actions else ""


def leading_nowhere(entries: Iterable[Object]) -> list[Object]:
    return [item for item in entries if isinstance(item, Filter) and not _target(item)]


# --- single containers' entries in the hash tables ----------------------------------------------


def entries_among(
    entries: Seen, blocks: Iterable[Block], veths: Set[str], others: Set[str]
) -> Seen:
    """Of all entries those that concern these blocks or veths, or lead to no container."""
    wanted = set(rows.hashed_blocks(blocks))
    return Seen(
        [
            item
            for item in entries.objects
            if isinstance(item, Filter)
            and (_concerns(item, wanted, veths) or _target(item) not in others)
        ]
    )


def see_entries(
    view: View, host: Host, steered: Steered, owned: Iterable[Block], veths: Set[str]
) -> Seen:
    """The filters of these blocks, asked for one by one by the handles that they must have."""
    blocks = set(rows.hashed_blocks(owned))
    for veth in ("", *veths):
        blocks.update(steered.blocks.get(veth, ()))
    found = Seen()
    for place in (host.public_place, host.loopback_place):
        found.add(_sort_ours(_ask_entries(view, place, sorted(blocks)), place))
    found.objects = [
        item
        for item in found.objects
        if isinstance(item, Filter) and _concerns(item, blocks, veths)
    ]
    return found


def _concerns(item: Filter, blocks: Set[Block], veths: Set[str]) -> bool:
    target = _target(item)
    return not target or target in veths or rows.hashed_block(item.bucket, item.node) in blocks


def _ask_entries(view: View, place: Place, blocks: Iterable[Block]) -> Iterator[decode.Decoded]:
    """Of both tables, and the tables themselves."""
    asked = []
    ifindex = view.ifindex(place)
    for priority, table in ((n.PRIO_IP, n.TABLE_IP), (n.PRIO_ICMP_ERROR, n.TABLE_ICMP_ERROR)):
        handles = [table << 20]
        for block in blocks:
            bucket, node = rows.hashed_handle(block)
            handles.append(table << 20 | bucket << 12 | node)
        for handle in handles:
            payload = encode.ask_filter(place, ifindex, handle, priority, k.ETH_P_IP)
            what = f"read filter {handle:08x} of {place}"
            asked.append(Request(k.RTM_GETTFILTER, 0, payload, what))
    for request, reply in zip(asked, view.socket.send(asked)):
        refused(request, reply, GONE)
        one = decode.read_filter(reply.data, place, view.names) if reply.data else None
        if one is not None:
            yield one


# --- one link -----------------------------------------------------------------------------------


def see_link(sock: Socket, place: Place, ifindex: int, names: LinkNames) -> Seen:
    """The qdisc of a link, and our filters on it."""
    qdisc = _qdisc(sock, place, ifindex)
    if qdisc is None:
        return Seen()
    if qdisc.shared:
        return Seen([qdisc])
    found = _filters(sock, place, ifindex, names)
    found.objects.insert(0, qdisc)
    return found


def see_shaper(view: View, pair: tuple[Place, Place]) -> Seen:
    """Our filters on both ends of a pair."""
    first, second = pair
    found = see_link(view.socket, second, view.ifindex(second), view.names)
    found.add(_filters(view.socket, first, view.ifindex(first), view.names))
    return found


def listed_blocks(objects: Iterable[Object]) -> list[Block]:
    """The blocks of source ports that may leave through a veth."""
    blocks = []
    for item in objects:
        if isinstance(item, Filter) and item.table == n.TABLE_IP_OUT and len(item.match) == 1:
            key = item.match[0]
            size = 0x10000 - (key.mask >> 16)
            if key.offset == 20 and not key.mask & 0xFFFF and size & (size - 1) == 0:
                blocks.append(Block(key.value >> 16, size))
    return blocks


def _qdisc(sock: Socket, place: Place, ifindex: int) -> Qdisc | None:
    data = ask_qdisc(sock, place, ifindex)
    if not data:
        return None
    return Qdisc(place, messages.read_qdisc_kind(data), messages.has_shared_block(data))


def _filters(
    sock: Socket, place: Place, ifindex: int, names: LinkNames, only: tuple[int, int] = _EVERY
) -> Seen:
    """The filters of a link, of one priority and protocol when they are given."""
    return _sort_ours(dump_filters(sock, place, ifindex, names, only), place)


def dump_filters(
    sock: Socket,
    place: Place,
    ifindex: int,
    names: decode.LinkNames,
    only: tuple[int, int] = _EVERY,
) -> Iterator[decode.Decoded]:
    return _decoded(sock.dump(_ask_filters(place, ifindex, only)), place, names)


def _ask_filters(place: Place, ifindex: int, only: tuple[int, int]) -> Request:
    payload = messages.ask_filters(ifindex, *only, hook=encode.hook(place))
    return Request(k.RTM_GETTFILTER, 0, payload, f"list the filters of {place}")


def _decoded(
    answers: Iterable[bytes], place: Place, names: decode.LinkNames
) -> Iterator[decode.Decoded]:
    for message in answers:
        one = decode.read_filter(message, place, names)
        if one is not None:
            yield one


# --- whose a filter is --------------------------------------------------------------------------


def _sort_ours(decoded: Iterable[decode.Decoded], place: Place) -> Seen:
    """Ours as objects with their handles, and strangers'."""
    found = Seen()
    handles = found.handles
    for one in decoded:
        item = recognised(one, place)
        if item is None:
            between = one.priority in n.OUR_PRIORITIES
            found.foreign.append(
                Foreign(
                    place, one.kind, one.protocol, one.priority, one.handle, between,
                    not between and _is_earlier(one, place), n.PRIO_IP_OUT,
                )
            )  # fmt: skip
            continue
        identity = item.identity
        if identity in handles and isinstance(item, Filter):  # a second one: not wanted
            item = item._replace(node=one.handle & 0xFFF)
            identity = item.identity
        handles[identity] = one.handle
        found.objects.append(item)
    return found


def see_earlier(view: View, host: Host) -> list[Foreign]:
    """Strangers' filters that can end the search, among those before our tables of ports.

    The kernel tells filters in the order in which packets meet them.
    """
    found: list[Foreign] = []
    for place in (host.public_place, host.loopback_place):
        first = _up_to(view, place, _is_of_ports)
        found += _sort_ours(_decoded(first, place, view.names), place).foreign
    return [one for one in found if one.earlier]


def _up_to(view: View, place: Place, last: Callable[[bytes], bool]) -> list[bytes]:
    """The filters of a link, as the kernel tells them, but no longer than to the last one asked for."""
    sock = Socket()
    try:
        return sock.dump_up_to(_ask_filters(place, view.ifindex(place), _EVERY), last)
    finally:
        sock.close()


def _is_of_ports(message: bytes) -> bool:
    return messages.read_priority(message) >= n.PRIO_ICMP_ERROR


_STEERED = (k.ETH_P_ALL, k.ETH_P_IP, k.ETH_P_ARP)


def _is_earlier(one: decode.Decoded, place: Place) -> bool:
    """Whether a packet for a container can end in a stranger's filter before it comes to ours."""
    before_ours = one.priority < n.PRIO_IP and one.protocol in _STEERED
    return place.role == SHARED and before_ours and can_end_search(one.kind, one.options)


def recognised(one: decode.Decoded, place: Place) -> Object | None:
    """The object if it is one of ours: our priorities, our tables, nodes that we number."""
    item = one.item
    if one.priority not in n.OUR_PRIORITIES:
        return None
    if isinstance(item, Program):
        protocol = k.ETH_P_IP if place.role == SHARED else k.ETH_P_ALL
        ours = n.PROGRAM_HANDLES[item.priority], protocol, HOST
        return item if (one.handle, item.protocol, place.netns) == ours else None
    if isinstance(item, Offload):
        of_veth = item.protocol == k.ETH_P_ALL and place.role == OWN and place.netns == HOST
        return item if of_veth else None
    if isinstance(item, Table):
        return item if item.table in n.OUR_TABLES else None
    if not isinstance(item, Filter):
        return None
    if not item.table:
        return item if item.node < n.FIRST_AUTOMATIC_NODE else None
    if item.table not in n.OUR_TABLES:
        return None
    # The tables that all containers share are hashed, and we number their nodes.
    listed = item.node >= n.FIRST_AUTOMATIC_NODE and place.role != SHARED
    # Without its node, which the kernel chose; _replace takes five times as long.
    return Filter(*item[:5], 0, *item[6:]) if listed else item
