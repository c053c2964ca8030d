# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steering by u32 filters, behind the door that all steering has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from ...linux.netlink import LinkNames, Socket
from ...linux.view import View
from ...objects.kind import Change, Object, Slot, State
from ...objects.qdisc import Qdisc
from ...values import access
from ...values.access import OPEN
from ...values.errors import InvalidRequest
from ...values.places import Place
from ...values.ports import Block
from ...values.tenants import Container, Host
from .. import unfinished
from ..plane import Counted, Foreign, Seen, Steered
from . import layout, look, mirrors, order
from . import numbers as n
from .objects import Filter, Program, Table


class U32:
    """See `steering.plane.Plane` for what each verb promises."""

    def on_host(self, host: Host, observed: State) -> Iterable[Object]:
        return layout.host_filters(host, observed)

    def sysctls(self, host: Host) -> Mapping[str, str]:
        return {}

    def of_container(self, host: Host, container: Container, observed: State) -> Iterable[Object]:
        if container.access != OPEN:
            raise InvalidRequest(
                f"cannot do for {container.name} what is asked ({'; '.join(access.said(container.access))}):"
                " the filters of steering u32 cannot tell; give steering bpf to netiso.portmap.portmap_host"
            )
        return layout.container_filters(host, container, observed, unfinished.ready().tag)

    def copies(
        self, host: Host, steered: Steered, present: Set[str], absent: Set[str]
    ) -> tuple[list[Object], list[Object]]:
        before: list[Object] = []
        after: list[Object] = []
        for chain, mirrored in steered.copies.items():
            wanted = mirrors.place_mirrors(mirrored, present, absent)
            before += mirrors.mirrors(host, mirrored, chain)
            after += mirrors.mirrors(host, wanted, chain)
        return before, after

    def orphans(self, steered: Steered) -> list[Object]:
        return look.leading_nowhere(steered.entries.objects)

    def shorten(
        self, changes: list[Change], settled: Set[Slot], foreign: Set[Slot], complete: bool
    ) -> list[Change]:
        return order.shorten(changes, settled, foreign, complete)

    def unseen(self) -> str:
        return unfinished.ready().why

    def fault(self, host: Host, steered: Steered) -> str:
        observed = {item.identity: item for item in steered.shared.objects}
        for item in layout.host_filters(host, observed):
            if not steered.complete and not _was_asked(item, host):
                continue
            if observed.get(item.identity) != item:
                return f"'{item}' is missing or changed"
        return ""

    def unnoted(self, host: Host, steered: Steered) -> list[Place] | None:
        return None

    def is_used(self, view: View, host: Host) -> bool:
        return look.is_used(view, host)

    def see_host(self, view: View, host: Host, complete: bool) -> Steered:
        return look.see_host(view, host, complete)

    def see_entries(
        self, view: View, host: Host, steered: Steered, blocks: Iterable[Block], veths: Set[str],
        others: Set[str],
    ) -> Seen:  # fmt: skip
        if steered.complete:
            return look.entries_among(steered.entries, blocks, veths, others)
        return look.see_entries(view, host, steered, blocks, veths)

    def see_earlier(self, view: View, host: Host) -> list[Foreign]:
        return look.see_earlier(view, host)

    def see_link(self, sock: Socket, place: Place, ifindex: int, names: LinkNames) -> Seen:
        return look.see_link(sock, place, ifindex, names)

    def of_shaper(self, host: Host, pair: tuple[Place, Place]) -> Iterable[Object]:
        return layout.shaper_filters(host, pair)

    def see_shaper(self, view: View, pair: tuple[Place, Place]) -> Seen:
        return look.see_shaper(view, pair)

    def counted(self, veths: Iterable[str]) -> Mapping[str, Counted]:
        return {}

    def ports_of(self, objects: Iterable[Object]) -> list[Block]:
        return look.listed_blocks(objects)


def _was_asked(item: Object, host: Host) -> bool:
    """Of what a look for some containers asks about, only this is the host's own."""
    if isinstance(item, (Filter, Program, Table)):
        asked = (n.PRIO_FIRST, n.PRIO_ICMP, n.PRIO_IP)
        return item.place == host.public_place and item.priority in asked
    return isinstance(item, Qdisc)
