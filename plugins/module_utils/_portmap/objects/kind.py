# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every object of the kernel that we make or change has in common.

A State maps identities to objects.  Identity is what we choose (namespace, link name, priority,
table, node or match), never what the kernel chooses (ifindex, automatic handle).

A kind of object is one file: its fields, how it reads (as in ip(8) or tc(8)), when it is made and
removed, and which operations do that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ..linux.ids import Ids
from ..linux.requests import Operation
from ..values.places import HOST, OWN, Place

Identity = tuple[object, ...]
Slot = tuple[object, ...]  # what one deletion can take away as a whole

# --- when ---------------------------------------------------------------------------------------
#
# The steps of placing.  A veth comes down and with its filters before anything leads to it, and goes
# up last: a run killed at any point leaves nothing that misleads a packet.  Only then the namespace
# gets its name: whoever enters by it finds a network that is whole.  Removing goes the other way
# round, but the handle goes late, and last the veth, which tells whose everything is.

SHARED_LINKS, ON_HOST, ON_VETH, INSIDE, STEER, COPY, UP, NAME = range(-1, 7)

# Stages of a plan: what stands in the way goes first.  Then objects are made, and only then removed,
# so that a port which stays is never without its filter.
CLEAR, MAKE, REMOVE = range(3)


# There are few different ones: kept as one object each, of a hundred thousand keys they are cheap.
@lru_cache(maxsize=1024)
def when(*key: float) -> tuple[float, ...]:
    return key


class Object:
    """One object.  A kind inherits from a NamedTuple of its fields, and from this.

    `rank` orders the kinds within a step.  `set_only`: the object is there anyway, and never
    removed.  `alone`: no change of another object looks at this one.  `of_pair`: `engine.pairs` makes
    and removes it, with the namespace that it leads to.  `carries_others`: objects of containers hang
    on it, and go with it.  `serves_all`: no packet reaches a container without it.
    """

    __slots__ = ()
    rank: float = 0
    set_only = False
    alone = False
    of_pair = False
    carries_others = False
    serves_all = False

    @property
    def identity(self) -> Identity:
        raise NotImplementedError

    @property
    def place(self) -> Place | None:
        """The link that it is on, and that it goes with; None for what is on no link."""
        return None

    @property
    def netns(self) -> str:
        """The namespace in which it is changed."""
        place = self.place
        return place.netns if place else HOST

    @property
    def owner(self) -> tuple[str, str]:
        """Whose it is: the container's name or, as far as that is all it tells, the container's veth."""
        place = self.place
        if place is None or place.role != OWN:
            return self.netns, ""
        return place.netns, "" if place.netns else place.link

    @property
    def step(self) -> int:
        """In which step of placing it is made."""
        place = self.place
        if place is None:
            return ON_HOST
        if place.netns != HOST:
            return INSIDE
        return ON_VETH if place.role == OWN else ON_HOST

    @property
    def slot(self) -> Slot | None:
        """What it would be removed with, if all of that went."""
        return None

    @property
    def leads_to(self) -> frozenset[tuple[str, str]]:
        """Where it sends packets: how, and to which link; "" is a link that is gone."""
        return frozenset()

    @property
    def where(self) -> tuple[object, ...]:
        """Objects of one step and kind are ordered by this: what belongs together stays together."""
        return self.place or ()

    @property
    def upsets(self) -> tuple[Identity, ...]:
        """What the kernel takes away when this is removed, and what then has to be made anew."""
        return ()

    def carries(self, replaced: bool) -> tuple[Place, ...]:
        """The links that vanish, with all that is on them, when this is removed or replaced."""
        return ()

    def made(self, replacing: bool) -> tuple[float, ...]:
        """When it is made or, if `replacing`, given another value."""
        return when(MAKE, self.step, replacing and self.step >= STEER, self.rank)

    def removed(self) -> tuple[float, ...]:
        return when(REMOVE, -self.step, -self.rank)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        """What carries out the change, in order, in the namespace `netns`."""
        raise NotImplementedError


State = dict[Identity, Object]


class Change(NamedTuple):
    """Add (`before` is None), delete (`after` is None) or replace one object."""

    before: Object | None
    after: Object | None

    @property
    def verb(self) -> str:
        if self.before is None:
            return "add"
        return "delete" if self.after is None else "replace"

    @property
    def subject(self) -> Object:
        return self.before if self.after is None else self.after  # type: ignore[return-value]

    @property
    def order(self) -> tuple[object, ...]:
        item = self.subject
        made = item.removed() if self.after is None else item.made(self.before is not None)
        return (made, *item.where)

    def describe(self) -> str:
        return f"{self.verb} {self.subject}"

    def __str__(self) -> str:
        return self.describe()


def state(objects: Iterable[Object]) -> State:
    return {item.identity: item for item in objects}


def describe(objects: Iterable[Object]) -> str:
    """One sorted line per object, for diffs."""
    return "".join(sorted(f"{item}\n" for item in objects))
