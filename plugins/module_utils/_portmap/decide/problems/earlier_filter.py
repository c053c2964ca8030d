# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters and programs of others that packets meet before ours, or among them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...sight.seen import Survey
from ...steering.plane import Foreign
from ...values.places import OWN
from .problem import Problem, few

KIND = "earlier_filter"
_ENDING = "can keep packets from containers: it runs before ours, and can end the search"
_LEAVING = "can keep answers from the host: it runs before ours, and can end the search"
_AMONG = "can keep packets from containers: it stands where only ours belong"
_ADVICE = (
    "whoever made it decides: give it the action continue, or a priority over {}, or do without it"
)


def warnings(foreign: Iterable[Foreign], programs: Mapping[str, Sequence[int]]) -> list[str]:
    """What of others a packet meets before our filters; `programs` are those of tcx, by link."""
    told = [f"{item} of somebody else {_ending(item)}" for item in foreign if item.earlier]
    for link, ids in programs.items():
        told += [f"{_program(one, link)} {_ENDING}" for one in ids]
    return told


def problems(
    survey: Survey, foreign: Iterable[Foreign], programs: Mapping[str, Sequence[int]]
) -> list[Problem]:
    """One for each link: who hangs filters there hangs all that he needs."""
    names = {placed.veth.name: name for name, placed in survey.placed.items()}
    by_link: dict[str, list[tuple[Foreign, str]]] = {}
    for item in foreign:
        place = item.place
        name = place.netns or (names.get(place.link, place.link) if place.role == OWN else "")
        if name or item.between or item.earlier:
            by_link.setdefault(f"{place} {item.hook}", []).append((item, name))
    found = [_problem(group) for _link, group in sorted(by_link.items())]
    for link, ids in sorted(programs.items()):
        said = tuple(_program(one, link) for one in ids)
        if said:
            found.append(Problem(KIND, f"{few(said)} {_ENDING}", (), "", said))
    return found


def _problem(group: list[tuple[Foreign, str]]) -> Problem:
    """Only on links of containers nobody else has a filter to lose; elsewhere the operator decides."""
    filters, names = [item for item, _name in group], {name for _item, name in group if name}
    early = all(item.earlier for item in filters)
    said = f"{few(filters)} of somebody else {_ending(filters[0]) if early else _AMONG}"
    removing = _removing(filters[0])
    if not names:
        said += f"; {_ADVICE.format(filters[0].last)} ({removing})"
    told = tuple(map(str, filters))
    return Problem(KIND, said, tuple(sorted(names)), removing if names else "", told)


def _ending(item: Foreign) -> str:
    """Of what leaves, ours notes the flows of the host itself."""
    return _LEAVING if item.leaving else _ENDING


def _removing(item: Foreign) -> str:
    place = item.place
    enter = f"nsenter --net=/run/netns/{place.netns} " if place.netns else ""
    return f"{enter}tc filter delete dev {place.link} {item.hook} pref {item.priority}"


def _program(number: int, link: str) -> str:
    return f"the eBPF program {number} at the ingress of {link} (tcx)"
