# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fewer deletions: filters go with their qdisc, or with all others of their priority.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import groupby

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
    return list(_users_first(result))


def _users_first(changes: list[Change]) -> Iterator[Change]:
    """The highest priority of a link goes first: it may lead into tables of lower ones.

    The kernel keeps a table that is led into, unseen, and shows it again with all that it has when its
    priority is made anew.
    """
    for of_priorities, run in groupby(changes, lambda one: isinstance(one.subject, Priority)):
        found = list(run)
        yield from sorted(found, key=_downwards) if of_priorities else found


def _downwards(change: Change) -> tuple[object, ...]:
    item = change.subject
    return (-item.step, item.place, -item.priority)  # type: ignore[attr-defined]


def _goes_anyway(item: Object, bare: Set[Place | None]) -> bool:
    """A filter on a qdisc that goes itself."""
    return isinstance(item, (Filter, Table, Program, Offload)) and item.place in bare
