# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task about containers leads to, decided from what was seen.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..objects.kind import Object, State, state
from ..sight.seen import Survey
from ..steering.plane import Plane
from ..values import ports, tenants
from ..values.ports import Block, Range
from ..values.tenants import Container, Host
from ..wanted import layout, requests
from ..wanted.claims import Ask, Namespace


class Decision(NamedTuple):
    """`placed` are the asked containers that shall be present, with every port decided.

    `had` are those of the asked that were placed before, as they were.
    """

    asks: Sequence[Ask]
    placed: Sequence[Container]
    had: Mapping[str, Container]

    def standing(self, survey: Survey, spaces: Mapping[str, Namespace]) -> Decision:
        """The same, with the containers and namespaces as they were seen since."""
        placed = [one._replace(inode=spaces[one.name].inode) for one in self.placed]
        return self._replace(placed=placed, had=concerned(survey, self.asks))


def names(asks: Iterable[Ask]) -> list[str]:
    return [ask.name for ask in asks]


def purging(asks: Sequence[Ask], known: Iterable[str]) -> list[Ask]:
    """The asked, and of all others that are `known` that they shall be absent."""
    others = sorted(set(known) - set(names(asks)))
    return [*asks, *(Ask(name, present=False) for name in others)]


def concerned(survey: Survey, asks: Iterable[Ask]) -> dict[str, Container]:
    """The asked containers as they are placed."""
    return {name: survey.placed[name].container for name in names(asks) if name in survey.placed}


def veths_of(survey: Survey, asks: Iterable[Ask]) -> set[str]:
    """The names of the asked containers' veths: as they shall be, and as they are."""
    asked = set(names(asks))
    have = {placed.veth.name for name, placed in survey.placed.items() if name in asked}
    return have | {tenants.veth_name(name) for name in asked}


def owned_by_others(survey: Survey, asks: Iterable[Ask]) -> dict[str, list[Range]]:
    """Ports of the containers that the task does not name, by container (or by link)."""
    ours = veths_of(survey, asks)
    known = {placed.veth.name: name for name, placed in survey.placed.items()}
    return {
        known.get(veth, veth): [Range(block.first, block.last) for block in blocks]
        for veth, blocks in survey.steered.blocks.items()
        if veth and veth not in ours
    }


def new_ports(asks: Iterable[Ask], had: Mapping[str, Container]) -> bool:
    """Whether somebody may get ports on which a process of the host could listen."""
    for ask in asks:
        have = had.get(ask.name)
        if ask.present and not ask.ignore_listeners:
            if have is None or have.ephemeral is None:
                return True
            if ask.ephemeral not in (None, have.ephemeral):
                return True
            if ports.subtract(ask.ports or (), have.service):
                return True
            if requests.missing(ask.request, have.named):
                return True
    return False


def blocks_of(decision: Decision, listed: Iterable[Block]) -> set[Block]:
    """The blocks whose entries concern the task: owned before, owned after, `listed` by veths."""
    containers = (*decision.placed, *decision.had.values())
    return {block for one in containers for block in one.blocks}.union(listed)


def wanted_objects(
    plane: Plane,
    host: Host,
    container: Container,
    handle: str,
    values: Mapping[str, str],
    known: State,
    leaf: str = "",
) -> State:
    """One container as it shall be; `handle` is the path of its handle, `values` its sysctls.

    `leaf`: the qdisc for what a limit makes wait.
    """
    objects: list[Object] = list(layout.container_objects(host, container, handle, values, leaf))
    objects += plane.of_container(host, container, known)
    return state(objects)


def sharing(survey: Survey, asks: Sequence[Ask]) -> tuple[set[str], set[str]]:
    """The veths that get what everybody gets, and those that do not.

    Requested containers joined, removed ones left out; all others, if they are known, stay.
    """
    veths = veths_of(survey, asks)
    present = {tenants.veth_name(ask.name) for ask in asks if ask.present}
    if not survey.steered.complete:
        return present, veths - present
    named = set(names(asks))
    present |= {
        placed.container.veth.link for name, placed in survey.placed.items() if name not in named
    }
    chains = survey.steered.copies.values()
    copied = {veth for chain in chains for targets in chain.values() for veth in targets}
    return present, copied - present
