# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steering by a program of eBPF, behind the door that all steering has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Set
from socket import AF_INET6

from ...linux import neighbours
from ...linux.netlink import LinkNames, Socket
from ...linux.view import View
from ...objects.kind import Change, Object, Slot, State
from ...objects.qdisc import BOTH_WAYS, Qdisc
from ...values import ports
from ...values.errors import InvalidRequest
from ...values.limits import ALL
from ...values.marks import SHAPERS, SHAPING_HANDLE
from ...values.places import HOST, Place
from ...values.ports import Block, Range
from ...values.tenants import Container, Host
from ..plane import Counted, Foreign, Seen, Steered
from . import kit, look
from . import numbers as n
from .objects import Ahead, Config, Flow, Owned, Steer


class Bpf:
    """See `steering.plane.Plane` for what each verb promises.

    It remembers what the maps said when the host was seen: who has which number, and which ports.
    `moving`: the host goes over from another way of steering, or to it.
    """

    def __init__(self, moving: bool = False) -> None:
        self._moving = moving
        self._owned: list[Owned] = []
        self._chosen: dict[str, int] = {}
        self._neighbours: Mapping[str, str] = {}

    # --- what shall be ---

    def on_host(self, host: Host, observed: State) -> Iterable[Object]:
        network = ipaddress.IPv4Interface((host.ipv4.address, host.ipv4.prefix)).network
        everybody = str(network.broadcast_address) if network.prefixlen < 31 else ""
        six = next((one.address for one in host.addresses if one.family == AF_INET6), "")
        others = frozenset(one.address for one in host.addresses) - {host.ipv4.address, six}
        yield Config(host.ipv4.address, everybody, host.public_place, host.mac, six, others)
        places = {host.public_place: 0, host.loopback_place: 0}
        places |= {one.place: n.BARE if one.bare else 0 for one in host.entrances or ()}
        for place, classid in places.items():
            qdisc = _qdisc(place, observed, BOTH_WAYS)
            yield qdisc
            yield Steer(place, classid, "")
            if place != host.loopback_place and qdisc.kind == BOTH_WAYS:
                yield Steer(place, n.LEAVING | classid, "", leaving=True)

    def sysctls(self, host: Host) -> Mapping[str, str]:
        """Routes are only told to who asks from an interface that forwards."""
        families = ("ipv4", "ipv6") if host.has_ipv6 else ("ipv4",)
        return {f"net/{family}/conf/{host.loopback}/forwarding": "1" for family in families}

    def of_container(self, host: Host, container: Container, observed: State) -> Iterator[Object]:
        number = self._number(container.veth.link)
        classes = (
            (container.veth, number),
            (Place(container.name, "lo"), number | n.INSIDE_LOOPBACK),
            (Place(container.name, host.public), number | n.INSIDE_PUBLIC),
        )
        for place, classid in classes:
            yield _qdisc(place, observed, "ingress")
            yield Steer(place, classid, "")
        owned = Ahead if self._moving else Owned
        allowed = container.access, _answered(container)
        yield owned(container.veth.link, number, container.owned, _flow(host, container), *allowed)

    def _number(self, veth: str) -> int:
        """The one that it has; else the lowest that nobody has."""
        known = {one.veth: one.number for one in self._owned if one.veth}
        found = known.get(veth) or self._chosen.get(veth)
        if found:
            return found
        taken = {one.number for one in self._owned} | set(self._chosen.values())
        free = next((one for one in range(1, n.HIGHEST + 1) if one not in taken), 0)
        if not free:
            raise InvalidRequest(
                f"cannot place a container behind {veth}: {n.HIGHEST} are placed, and eBPF steering"
                " has no number for another one"
            )
        self._chosen[veth] = free
        return free

    def copies(
        self, host: Host, steered: Steered, present: Set[str], absent: Set[str]
    ) -> tuple[list[Object], list[Object]]:
        """Nothing is copied: a reply goes to who has asked."""
        return [], []

    def orphans(self, steered: Steered) -> list[Object]:
        return [one for one in self._owned if not one.veth]

    def shorten(
        self, changes: list[Change], settled: Set[Slot], foreign: Set[Slot], complete: bool
    ) -> list[Change]:
        """Nothing can go along with others; a qdisc with strangers' filters stays."""
        shared = {slot[0] for slot in foreign}
        return [
            change
            for change in changes
            if change.after is not None
            or not (isinstance(change.before, Qdisc) and change.before.place in shared)
        ]

    def of_shaper(self, host: Host, pair: tuple[Place, Place]) -> Iterable[Object]:
        """The class is in the packet: only the way on has a filter."""
        yield Qdisc(pair[1], "ingress")
        yield Steer(pair[1], n.SHAPED | look.which(pair), "")

    def fault(self, host: Host, steered: Steered) -> str:
        observed = {item.identity: item for item in steered.shared.objects}
        for item in self.on_host(host, observed):
            if isinstance(item, Steer) and item.leaving:
                continue  # nothing for containers, and not looked at
            if observed.get(item.identity) != item:
                return f"'{item}' is missing or changed"
        return ""

    def unnoted(self, host: Host, steered: Steered) -> list[Place]:
        found = (item for item in steered.shared.objects if isinstance(item, Qdisc))
        arriving = (item.place for item in found if item.kind != BOTH_WAYS)
        return [place for place in arriving if place != host.loopback_place]

    # --- what is ---

    def unseen(self) -> str:
        return kit.shipped_bytes().why

    def is_used(self, view: View, host: Host) -> bool:
        return look.is_used(view, host)

    def see_host(self, view: View, host: Host, complete: bool) -> Steered:
        shared, used = look.see_interfaces(view, host, complete)
        shared.objects += look.config(view, used)
        self._owned = look.owned(view, used)
        if self._moving:
            self._owned = [Ahead(*one) for one in self._owned]
            public = view.ifindex(host.public_place)
            self._neighbours = neighbours.listed(view.socket, public)
        blocks: dict[str, list[Block]] = {}
        for one in self._owned:
            blocks.setdefault(one.veth, []).extend(ports.cut(one.ranges))
        return Steered(shared, Seen([*self._owned]), blocks, {}, complete)

    def see_entries(
        self, view: View, host: Host, steered: Steered, blocks: Iterable[Block], veths: Set[str],
        others: Set[str],
    ) -> Seen:  # fmt: skip
        return Seen(
            [
                one
                for one in self._owned
                if not one.veth
                or one.veth in veths
                or (steered.complete and one.veth not in others)
            ]
        )

    def see_earlier(self, view: View, host: Host) -> list[Foreign]:
        found, _used = look.see_interfaces(view, host, False)
        return [one for one in found.foreign if one.earlier]

    def see_link(self, sock: Socket, place: Place, ifindex: int, names: LinkNames) -> Seen:
        found = look.see_link(sock, place, ifindex)
        if self._moving and place.netns != HOST:
            found.objects += look.invented(sock, place, ifindex, self._neighbours)
        return found

    def see_shaper(self, view: View, pair: tuple[Place, Place]) -> Seen:
        return look.see_shaper(view, pair)

    def counted(self, veths: Iterable[str]) -> Mapping[str, Counted]:
        asked, used = set(veths), kit.current()
        return {
            one.veth: Counted(*used.received(one.number), *used.drops(one.number))
            for one in self._owned
            if one.veth in asked
        }

    def ports_of(self, objects: Iterable[Object]) -> list[Block]:
        numbers = {item.number for item in objects if isinstance(item, Steer)}
        ranges = [one.ranges for one in self._owned if one.number in numbers]
        return [block for one in ranges for block in ports.cut(one)]


def _answered(container: Container) -> Range | None:
    """Where what it has called answers: nowhere, if nobody can say from where it calls."""
    if container.access.allow_from is None:
        return None
    return container.ephemeral or Range(2, 1)


def _flow(host: Host, container: Container) -> Flow:
    queued = container.limits.receive is not None
    if not host.shapes(container):
        return Flow(queued)
    outside, within = (first for first, _second in SHAPERS)
    within = within if host.limit_scope == ALL else ""
    return Flow(queued, SHAPING_HANDLE | container.number, outside, within)


def _qdisc(place: Place, observed: State, kind: str) -> Qdisc:
    """The qdisc that is there already, or a new one."""
    found = observed.get(("qdisc", *place))
    return found if isinstance(found, Qdisc) else Qdisc(place, kind)
