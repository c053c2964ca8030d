# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host or containers are not as a run would leave them.  Pure.

A run would make many changes where one thing was damaged: with a link go its filters, and with a
qdisc the entries of everybody.  The changes are told by what they have in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from ...objects.address import Address
from ...objects.bridge import Bridge, BridgePort
from ...objects.handle import Handle, HandleDirectory
from ...objects.kind import Change
from ...objects.link import Link, LinkUp, Veth
from ...objects.route import DefaultRoute, NetworkRoute
from ...objects.sysctl import Sysctl
from ...sight.seen import Survey
from ...values.places import HOST as HERE
from ...values.places import OWN, Place
from ...values.tenants import MADE, Host
from .. import limits
from .problem import HOST, Problem, few, place

KIND = "drift"


class _Cause(NamedTuple):
    """What changes have in common: they are about `what` of `whose`."""

    what: str
    whose: str


_LINKS = (Link, LinkUp, Veth, BridgePort, Address, DefaultRoute, NetworkRoute)


def problems(
    survey: Survey, changes: Iterable[Change], spoilt: Mapping[str, str], others: Set[str]
) -> list[Problem]:
    """One for each cause of the changes that a run would make.

    `spoilt`: why some containers could not be compared; what seems to be wrong with them is not told,
    nor with `others`, of which the cause is told already.

    What belongs to no container that is placed is told by `leftovers`.
    """
    listed = list(changes)
    veths = {placed.veth.name: name for name, placed in survey.placed.items()}
    classes = limits.classes(survey.host, survey.containers.values())
    veths.update(classes)
    broken, bridges = _lost_containers(listed, veths), _lost_bridges(listed)
    causes: dict[_Cause, list[tuple[Change, Set[str]]]] = {}
    for change in listed:
        seeming = set(concerned(change, veths))
        seeming |= set(classes.values()) if limits.is_common(change) else set()
        names = seeming - spoilt.keys() - others
        if names or (not seeming and is_of_host(change)):
            cause = _cause(change, names, broken, bridges)
            causes.setdefault(cause, []).append((change, names))
    alike: dict[tuple[object, ...], list[tuple[_Cause, list[tuple[Change, Set[str]]]]]] = {}
    for cause, group in causes.items():
        alike.setdefault(_likeness(cause, group), []).append((cause, group))
    found = [
        Problem(KIND, f"{name}: {said}", (name,), place([name])) for name, said in spoilt.items()
    ]
    return sorted([*found, *map(_problem, alike.values())])


def of_host(now: Host, given: Host, applied: Sequence[str], names: Sequence[str]) -> list[Problem]:
    """What else than address and route containers do not share any more; `given`: what they had."""
    found = []
    for what, has, had in (("MAC", now.mac, given.mac), ("MTU", now.mtu, given.mtu)):
        if has != had:
            said = f"{now.public} has the {what} {has} now, but containers were given {had}"
            found.append(Problem(KIND, said, tuple(names), HOST))
    if applied and applied[-1] != MADE:
        said = "containers are made as an earlier version made them"
        found.append(Problem(KIND, said, tuple(names), HOST))
    return found


# --- whom a change is about -----------------------------------------------------------------------


def concerned(change: Change, names: Mapping[str, str]) -> Iterator[str]:
    """The containers that a change is about; `names` maps veths to containers."""
    item = change.subject
    name, veth = item.owner
    container = name or names.get(veth, "")
    if container:
        yield container
        return
    if item.serves_all:
        yield from names.values()
        return
    before = change.before.leads_to if change.before else frozenset()
    after = change.after.leads_to if change.after else frozenset()
    for _how, link in (after - before) or (before - after) or after:
        if link in names:
            yield names[link]


def is_of_host(change: Change) -> bool:
    """Whether it is about no container, and leads to none."""
    ends = (change.before, change.after)
    return change.subject.owner == (HERE, "") and not any(one and one.leads_to for one in ends)


def _lost_containers(changes: Iterable[Change], veths: Mapping[str, str]) -> set[str]:
    """Those of which the link or the handle is another one, or gone: all that they have goes with it."""
    found = set()
    for change in changes:
        before = change.before
        if isinstance(change.subject, (Veth, Handle)):
            whole = isinstance(before, Veth) and before.paired and change.after is not None
            found |= set() if whole else set(concerned(change, veths))
    return found


def _lost_bridges(changes: Iterable[Change]) -> set[str]:
    lost = (one.after for one in changes if isinstance(one.after, Bridge) and not one.before)
    return {bridge.place.link for bridge in lost}


def _cause(change: Change, names: Set[str], broken: Set[str], bridges: Set[str]) -> _Cause:
    item = change.subject
    (only,) = names if len(names) == 1 else ("",)
    if only in broken:
        return _Cause("container", only)
    if isinstance(item, BridgePort) and item.bridge in bridges:
        return _Cause("link", item.bridge)
    if isinstance(item, Sysctl):
        return _Cause("parameters", item.netns or item.veth)
    if isinstance(item, HandleDirectory):
        return _Cause("mount", item.path)
    at = item.place
    return _Cause("link" if isinstance(item, (Bridge, *_LINKS)) else "filters", str(at))


# --- what is said ---------------------------------------------------------------------------------


def lost_pairs(changes: Iterable[Change]) -> set[Place]:
    """The veths of which the other end is not where it should be."""
    befores = (change.before for change in changes)
    return {one.place for one in befores if isinstance(one, Veth) and not one.paired}


def line(change: Change) -> str:
    """What is wrong with one object."""
    before = change.before
    if before is None:
        return f"missing: {change.subject}"
    if change.after is None:
        return f"not wanted: {before}"
    return f"changed: {before}, instead of {change.after}"


def _verb(change: Change) -> str:
    if change.before is None:
        return "missing"
    return "changed" if change.after else "not wanted"


def _prominence(change: Change) -> tuple[bool, bool, str]:
    """What takes others along is named first."""
    item = change.subject
    return not item.carries_others, not item.of_pair, line(change)


def _likeness(cause: _Cause, group: list[tuple[Change, Set[str]]]) -> tuple[object, ...]:
    """The same damage of several containers looks the same but for their names, and their ports."""
    change, names = group[0]
    place = change.subject.place
    if len(names) != 1 or (place is not None and place.role != OWN):
        return (*cause,)
    counts = tuple(sorted(Counter(_verb(one) for one, _names in group).items()))
    said = ""
    if cause.what in ("parameters", "link"):
        (name,) = names
        said = line(change).replace(f"{name}:", "").replace(cause.whose, "")
    inside = place.link if place and place.netns else ""
    return (cause.what, inside, counts, said)


def _problem(alike: list[tuple[_Cause, list[tuple[Change, Set[str]]]]]) -> Problem:
    cause, group = alike[0]
    first = min((change for change, _names in group), key=_prominence)
    said = line(first)
    if len(group) > 1:
        counts = Counter(_verb(change) for change, _names in group)
        told = ", ".join(f"{number} {verb}" for verb, number in sorted(counts.items()))
        said = f"{cause.what} of {cause.whose}: {told}, such as {said.split(': ', 1)[1]}"
    everything = [one for _cause, changes in alike for one in changes]
    containers = tuple(sorted({name for _change, names in everything for name in names}))
    if len(alike) > 1:
        said += f"; the same of {few(other.whose for other, _group in alike[1:])}"
    objects = tuple(sorted(line(change) for change, _names in everything))
    return Problem(KIND, said, containers, _repair(everything, containers), objects)


def _repair(changes: list[tuple[Change, Set[str]]], containers: tuple[str, ...]) -> str:
    theirs = all(names and not change.subject.serves_all for change, names in changes)
    return place(containers) if theirs else HOST
