# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is and what shall be, side by side.  Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Callable

from ..objects.kind import Change, Identity, Slot, State
from . import plan

Shorten = Callable[[list[Change], Set[Slot], Set[Slot], bool], list[Change]]


@dataclass
class Comparison:
    """`before` is what is, `after` what shall be, of everything that a run is about.

    `fresh` are objects of namespaces that are still to be made.  `handles` are those that the kernel
    gave, `foreign` the slots in which strangers' filters are.  `sources` tells how to open each
    container's namespace.  `shorten` makes fewer changes of many, as the steering knows to.
    `complete`: `before` has everything of ours on the host's interfaces.  `in_full`: also keep objects
    that already match (for --diff and for undoing); of those that were dropped, `settled` has the slots.
    """

    shorten: Shorten
    in_full: bool = False
    before: State = field(default_factory=dict)
    after: State = field(default_factory=dict)
    fresh: State = field(default_factory=dict)
    handles: dict[Identity, int] = field(default_factory=dict)
    foreign: set[Slot] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)
    settled: set[Slot] = field(default_factory=set)
    complete: bool = False

    def add_container(self, known: State, fresh: State, wanted: State) -> None:
        """Add the objects of one container: as they are, and as they shall be.

        Unless `in_full`, drop those that match: a thousand containers have a hundred thousand.
        """
        if not self.in_full:
            have = {**known, **fresh}
            same = [name for name, item in wanted.items() if have.get(name) == item]
            for name in same:
                if wanted[name].alone:
                    slot = wanted.pop(name).slot
                    known.pop(name, None)
                    fresh.pop(name, None)
                    if slot:
                        self.settled.add(slot)
                        self.handles.pop(name, None)
        self.before.update(known)
        self.fresh.update(fresh)
        self.after.update(wanted)

    def add(self, other: Comparison) -> None:
        """Add another comparison of the same host."""
        self.before.update(other.before)
        self.after.update(other.after)
        self.fresh.update(other.fresh)
        self.handles.update(other.handles)
        self.foreign |= other.foreign
        self.sources.update(other.sources)
        self.settled |= other.settled

    def changes(self) -> list[Change]:
        changes = plan.diff({**self.before, **self.fresh}, self.after)
        staying = {item.slot for item in self.after.values() if item.slot}
        return self.shorten(changes, self.settled | staying, self.foreign, self.complete)

    def forget_wanted(self) -> None:
        """Drop everything but the old values that the changes replace; undo needs those."""
        self.before = {
            name: item for name, item in self.before.items() if self.after.get(name) != item
        }
        self.after, self.fresh = {}, {}
