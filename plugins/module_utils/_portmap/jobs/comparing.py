# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers observed one by one, and each compared with what it shall be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from ..decide import containers as decide
from ..decide.containers import Decision
from ..decide.limits import Shared
from ..engine.comparison import Comparison
from ..linux import netns, procsys
from ..linux.view import View
from ..objects.kind import Object, State, state
from ..objects.link import Veth
from ..sight.container import as_container, see_container, see_fresh
from ..sight.namespace import find_namespace, held_namespace
from ..sight.seen import NamespaceSeen, Survey
from ..sight.shaping import best_leaf
from ..steering.plane import Plane, Seen
from ..values import tenants
from ..values.errors import ChangedInside, InvalidRequest, PortmapError
from ..values.limits import NONE
from ..values.tenants import Container
from ..wanted import sysctls
from ..wanted.claims import Ask, Namespace
from . import limiting


class Observer:
    """Sees what a task is about through one view, with one survey of the host's side.

    `foreign` grows with what is looked at.
    """

    def __init__(self, view: View, plane: Plane, survey: Survey) -> None:
        self.view = view
        self.plane = plane
        self.survey = survey
        self.foreign = list(survey.found.foreign)
        self._fresh: NamespaceSeen | None = None

    def comparison(self, in_full: bool = False) -> Comparison:
        """An empty one, which knows what was found on the host's side."""
        return Comparison(
            self.plane.shorten,
            in_full,
            handles=self.survey.found.handles,
            foreign={item.slot for item in self.foreign},
        )

    def note(self, seen: Seen, comparison: Comparison) -> None:
        """Handles, and strangers' filters, of what was seen besides the survey."""
        self.foreign += seen.foreign
        comparison.handles.update(seen.handles)
        comparison.foreign.update(item.slot for item in seen.foreign)

    def fresh(self) -> NamespaceSeen:
        """What a new namespace looks like; seen once."""
        if self._fresh is None:
            self._fresh = see_fresh(self.plane, self.survey.host)
        return self._fresh

    def spaces(self, asks: Sequence[Ask], seen: Mapping[str, Namespace]) -> dict[str, Namespace]:
        """The namespaces of those that shall be present.

        `seen`: as an earlier look of the same run has found them.
        """
        return {
            ask.name: held_namespace(seen.get(ask.name))
            or find_namespace(ask, self._container(ask.name), self.view.home)
            for ask in asks
            if ask.present
        }

    def _container(self, name: str) -> Container | None:
        placed = self.survey.placed.get(name)
        return placed.container if placed else None

    def space_of_removed(self, ask: Ask) -> Namespace:
        """Where to tidy up: inside only when the namespace outlives its container."""
        placed = self._container(ask.name)
        handle = placed.handle if placed else ""
        space = find_namespace(Ask(ask.name, netns=handle), placed, self.view.home)
        if not placed or space.origin == tenants.CREATED:
            return space._replace(inode=0)
        return space


class _Common(NamedTuple):
    """What the containers of a task share: sysctls of the host, and entries on its interfaces.

    Each container takes its own from `entries`; what is left, nobody wants.  `leaf`: the qdisc for what
    a limit makes wait, where there is a limit.
    """

    inherited: Mapping[str, str]
    entries: State
    leaf: str


def compare_containers(
    observer: Observer,
    decision: Decision,
    spaces: Mapping[str, Namespace],
    in_full: bool,
    refused: dict[str, PortmapError] | None = None,
) -> Comparison:
    """The objects of the asked containers as they are and as they shall be.

    A container that cannot be looked at is an error or, if `refused` is given, left out and noted
    there.
    """
    plane, survey = observer.plane, observer.survey
    comparison = observer.comparison(in_full)
    kept = {one.inode for one in decision.placed if one.origin == tenants.KEPT}
    leaving = frozenset(ask.name for ask in decision.asks if not ask.present)
    for ask in decision.asks:
        if not ask.present:
            _add_removed(observer, ask, comparison, kept)
    entries, there = _entries(observer, decision, comparison)
    inherited = procsys.read_all(sysctls.inherited_sysctl_names())
    limited = survey.host.fair_shares or any(one.limits != NONE for one in decision.placed)
    common = _Common(inherited, entries, best_leaf() if limited else "")
    for container in decision.placed:
        try:
            _add_present(observer, container, spaces[container.name], comparison, common, leaving)
        except PortmapError as error:
            if refused is None:
                raise
            refused[container.name] = error
    comparison.before.update(common.entries)
    limiting.add(comparison, plane, survey, there, decision)
    before, after = plane.copies(
        survey.host, survey.steered, *decide.sharing(survey, decision.asks)
    )
    comparison.before.update(state(before))
    comparison.after.update(state(after))
    return comparison


def _entries(
    observer: Observer, decision: Decision, comparison: Comparison
) -> tuple[State, Shared]:
    """The task's objects on the host's interfaces, and those that lead to no container.

    Also on the links that limited containers share, and what else is there.
    """
    plane, survey = observer.plane, observer.survey
    veths = decide.veths_of(survey, decision.asks)
    listed = (
        block
        for name, placed in survey.placed.items()
        if placed.veth.name in veths
        for block in plane.ports_of(survey.veths[name])
    )
    others = {placed.veth.name for placed in survey.placed.values()} - veths
    blocks = decide.blocks_of(decision, listed)
    seen = plane.see_entries(observer.view, survey.host, survey.steered, blocks, veths, others)
    observer.note(seen, comparison)
    there, found = limiting.look(observer.view, plane, survey, veths)
    observer.note(found, comparison)
    return state([*seen.objects, *there.own]), there


def _add_removed(observer: Observer, ask: Ask, comparison: Comparison, kept: Set[int]) -> None:
    """What there is of a container that shall be absent.

    A namespace that was `kept` for another one has only its link, which stands in the other's way.
    """
    space = observer.space_of_removed(ask)
    inherited = ask.name in observer.survey.placed and space.inode in kept
    going = (
        None if inherited or (ask.name in observer.survey.placed and not space.inode) else space
    )
    seen = see_container(observer.view, observer.plane, observer.survey, ask.name, going)
    if inherited:
        seen.found.objects = [
            item._replace(paired=False) if isinstance(item, Veth) else item
            for item in seen.found.objects
        ]
    comparison.before.update(state(seen.found.objects))
    observer.note(seen.found, comparison)
    comparison.sources[ask.name] = space.source


def _add_present(
    observer: Observer,
    container: Container,
    space: Namespace,
    comparison: Comparison,
    common: _Common,
    leaving: Set[str],
) -> None:
    """A container as it is and as it shall be."""
    plane, host = observer.plane, observer.survey.host
    seen = see_container(observer.view, plane, observer.survey, container.name, space, leaving)
    if seen.stranger:
        if container.name in observer.survey.placed:
            raise ChangedInside([container.name], f"it has {seen.stranger}")
        raise InvalidRequest(f"cannot place {container.name}: its namespace has {seen.stranger}")
    fresh: list[Object] = []
    settable = seen.settable
    if not space.inode:
        fresh, settable = as_container(observer.fresh(), container.name), observer.fresh().settable
    known = state(seen.found.objects)
    observer.note(seen.found, comparison)
    values = sysctls.inside_sysctls(host, container, settable, common.inherited)
    path = netns.handle_path(container.handle)
    wanted = decide.wanted_objects(plane, host, container, path, values, known, common.leaf)
    for name in common.entries.keys() & wanted.keys():
        known[name] = common.entries.pop(name)
    # What is only ever set, and is left to others here, is no part of the difference.
    known = {name: item for name, item in known.items() if name in wanted or not item.set_only}
    comparison.add_container(known, state(fresh), wanted)
    comparison.sources[container.name] = space.source
