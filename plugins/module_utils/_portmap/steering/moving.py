# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that goes over from one way of steering to another, or has objects of both.

What shall be is what the new way wants, what is there is what both find.  Objects are made before
others are removed, so the new way steers before the old one ends; and what the host itself has goes
last, so that it tells how far a killed run has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from ..linux.netlink import LinkNames, Socket
from ..linux.view import View
from ..objects.kind import Change, Object, Slot, State
from ..values.places import Place
from ..values.ports import Block
from ..values.tenants import Container, Host
from .plane import Counted, Foreign, Plane, Seen, Steered


class Moving:
    """See `plane.Plane` for what each verb promises."""

    def __init__(self, new: Plane, old: Plane) -> None:
        self._new = new
        self._old = old

    # --- what shall be ---

    def on_host(self, host: Host, observed: State) -> Iterable[Object]:
        return self._new.on_host(host, observed)

    def sysctls(self, host: Host) -> Mapping[str, str]:
        return self._new.sysctls(host)

    def of_container(self, host: Host, container: Container, observed: State) -> Iterable[Object]:
        return self._new.of_container(host, container, observed)

    def copies(
        self, host: Host, steered: Steered, present: Set[str], absent: Set[str]
    ) -> tuple[list[Object], list[Object]]:
        new_before, after = self._new.copies(host, self._steered[0], present, absent)
        old_before, _left = self._old.copies(host, self._steered[1], present, absent)
        return new_before + old_before, after

    def orphans(self, steered: Steered) -> list[Object]:
        new, old = self._steered
        return self._new.orphans(new) + self._old.orphans(old)

    def shorten(
        self, changes: list[Change], settled: Set[Slot], foreign: Set[Slot], complete: bool
    ) -> list[Change]:
        shorter = self._old.shorten(changes, settled, foreign, complete)
        return self._new.shorten(shorter, settled, foreign, complete)

    def of_shaper(self, host: Host, pair: tuple[Place, Place]) -> Iterable[Object]:
        return self._new.of_shaper(host, pair)

    def fault(self, host: Host, steered: Steered) -> str:
        return self._new.fault(host, self._steered[0])

    def unnoted(self, host: Host, steered: Steered) -> list[Place] | None:
        return self._new.unnoted(host, self._steered[0])

    # --- what is ---

    def unseen(self) -> str:
        return self._new.unseen()

    def is_used(self, view: View, host: Host) -> bool:
        return self._new.is_used(view, host) or self._old.is_used(view, host)

    def see_host(self, view: View, host: Host, complete: bool) -> Steered:
        new = self._new.see_host(view, host, complete)
        old = self._old.see_host(view, host, complete)
        self._steered = new, old
        blocks: dict[str, list[Block]] = {}
        for one in (new, old):
            for veth, found in one.blocks.items():
                have = blocks.setdefault(veth, [])
                have += [block for block in found if block not in have]
        copies: Mapping[str, Mapping[int, tuple[str, ...]]] = {**old.copies, **new.copies}
        shared, entries = _both(new.shared, old.shared), _both(new.entries, old.entries)
        return Steered(shared, entries, blocks, copies, complete)

    def see_entries(
        self, view: View, host: Host, steered: Steered, blocks: Iterable[Block], veths: Set[str],
        others: Set[str],
    ) -> Seen:  # fmt: skip
        asked = list(blocks)
        new, old = self._steered
        return _both(
            self._new.see_entries(view, host, new, asked, veths, others),
            self._old.see_entries(view, host, old, asked, veths, others),
        )

    def see_earlier(self, view: View, host: Host) -> list[Foreign]:
        found = self._old.see_earlier(view, host)
        return _strangers(self._new.see_earlier(view, host), found)

    def see_link(self, sock: Socket, place: Place, ifindex: int, names: LinkNames) -> Seen:
        return _both(
            self._new.see_link(sock, place, ifindex, names),
            self._old.see_link(sock, place, ifindex, names),
        )

    def see_shaper(self, view: View, pair: tuple[Place, Place]) -> Seen:
        return _both(self._new.see_shaper(view, pair), self._old.see_shaper(view, pair))

    def counted(self, veths: Iterable[str]) -> Mapping[str, Counted]:
        asked = list(veths)
        return {**self._old.counted(asked), **self._new.counted(asked)}

    def ports_of(self, objects: Iterable[Object]) -> list[Block]:
        found = list(objects)
        return [*self._new.ports_of(found), *self._old.ports_of(found)]


def _both(new: Seen, old: Seen) -> Seen:
    """A stranger's filter is one to both; what one way has made, the other does not know."""
    objects = list({item.identity: item for item in (*new.objects, *old.objects)}.values())
    handles = {**old.handles, **new.handles}
    return Seen(objects, handles, _strangers(new.foreign, old.foreign))


def _strangers(new: list[Foreign], old: list[Foreign]) -> list[Foreign]:
    known = {(*one.slot, one.handle) for one in old}
    leaving = [one for one in (*new, *old) if one.leaving]  # only one way looks there
    return leaving + [one for one in new if (*one.slot, one.handle) in known]
