# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fewer deletions: filters go with their qdisc, or with all others of their priority.  Pure."""

from __future__ import annotations

from collections.abc import Set

from ...objects.kind import Change, Object, Slot
from ...objects.qdisc import Qdisc
from ...values.places import Place
from . import numbers as n
from .objects import Filter, Offload, Priority, Program, Table


def shorten(
    changes: list[Change], settled: Set[Slot], foreign: Set[Slot], complete: bool
) -> list[Change]:
    """Delete a whole priority at once, if nobody needs one of its filters.

    Not where filters of ours stay (`settled`), nor where strangers have theirs (`foreign`).  On the
    host's interfaces only if all that is there was looked at (`complete`), for they have filters of
    containers that the changes leave out; but the chain that mirrors ARP is always known as a whole.
    """
    needed = settled | foreign
    shared = {slot[0] for slot in foreign}
    bare = {
        change.before.place
        for change in changes
        if isinstance(change.before, Qdisc) and change.after is None
    } - shared
    flushed: set[object] = set()
    result = []
    for change in changes:
        item = change.subject
        if change.after is not None:
            result.append(change)
        elif _goes_anyway(item, bare) or (isinstance(item, Qdisc) and item.place in shared):
            continue
        elif (
            not isinstance(item, (Filter, Table))
            or item.slot in needed
            or not (complete or item.place.netns or item.priority == n.PRIO_ARP)
        ):
            result.append(change)
        elif item.slot not in flushed:
            flushed.add(item.slot)
            result.append(Change(Priority(item.place, item.protocol, item.priority), None))
    return result


def _goes_anyway(item: Object, bare: Set[Place | None]) -> bool:
    """A filter on a qdisc that goes itself."""
    return isinstance(item, (Filter, Table, Program, Offload)) and item.place in bare
