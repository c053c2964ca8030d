# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The difference of two states as an ordered list of changes.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..objects.kind import Change, Object, State


def diff(before: State, after: State) -> list[Change]:
    """What leads from `before` to `after`, in the order in which it is to be done.

    The order is that of `Change.order`, which each kind of object decides for itself: objects are
    made step by step, then removed the other way round.
    """
    changes = [
        Change(before.get(identity), item)
        for identity, item in after.items()
        if before.get(identity) != item
    ]
    gone = [item for identity, item in before.items() if identity not in after]
    changes += _upset(gone, changes, after)
    changes += [Change(item, None) for item in _not_implied(gone, changes)]
    return sorted(changes, key=lambda change: change.order)


def _upset(gone: Iterable[Object], changes: list[Change], after: State) -> list[Change]:
    """What stays, but the kernel takes it away with something that goes: set it anew."""
    upset = {identity for item in gone for identity in item.upsets if identity in after}
    if not upset:
        return []
    set_anyway = {change.subject.identity for change in changes}
    return [Change(None, after[identity]) for identity in upset - set_anyway]


def _not_implied(gone: list[Object], changes: list[Change]) -> Iterator[Object]:
    """Leave out what vanishes with its link, and what is only ever set."""
    lost = {place for item in gone for place in item.carries(replaced=False)}
    for change in changes:
        if change.before is not None:
            lost.update(change.before.carries(replaced=True))
    for item in gone:
        if item.carries(replaced=False) or not (item.set_only or item.place in lost):
            yield item
