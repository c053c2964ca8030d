# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose is what on a shared pair of links, where containers are limited.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from ..objects.kind import Change, Object
from ..objects.shaper import Shaper
from ..objects.traffic_class import class_name
from ..values.errors import InvalidRequest
from ..values.marks import SHAPERS
from ..values.ports import Block
from ..values.tenants import Container, Host


class Shared(NamedTuple):
    """What is there: `own` has what is somebody's of the task, or nobody's; `common` is everybody's.

    `others`: somebody else is limited, too.
    """

    own: list[Object]
    common: list[Object]
    others: bool


class Concerned:
    """Whether a class is that of one of the `veths`, or of nobody.

    `blocks` are the ports by veth, "" for a veth that is gone.
    """

    def __init__(self, blocks: Mapping[str, Sequence[Block]], veths: Set[str]) -> None:
        self._others = {
            class_name(block.first >> 4)
            for veth, listed in blocks.items()
            if veth and veth not in veths
            for block in listed
            if not block.first & 0xF
        }

    def __call__(self, name: str) -> bool:
        return name not in self._others


def shared(found: Iterable[Object], concerned: Concerned) -> Shared:
    """What was found on the pairs, by whose it is."""
    own: list[Object] = []
    common: list[Object] = []
    others = False
    for item in found:
        name = class_of(item)
        if not name:
            common.append(item)
        elif concerned(name):
            own.append(item)
        else:
            others = True
    return Shared(own, common, others)


def class_of(item: Object) -> str:
    """The class that something is, or leads to; "" for none."""
    return next((name for how, name in item.leads_to if how == "class"), "")


def check(found: Iterable[Object]) -> None:
    """Raise InvalidRequest when a link of somebody else has the name of one of ours."""
    for item in found:
        if isinstance(item, Shaper) and not item.ours:
            raise InvalidRequest(
                f"cannot make the link {item.place}: a link of this name exists, and is not ours;"
                " rename it or delete it"
            )


def classes(host: Host, containers: Iterable[Container]) -> dict[str, str]:
    """Who has a class for what is sent: the containers' names by their classes."""
    return {class_name(one.number): one.name for one in containers if host.shapes(one)}


def is_common(change: Change) -> bool:
    """Whether it is about what all share who are limited."""
    place = change.subject.place
    links = {link for pair in SHAPERS for link in pair}
    return place is not None and place.link in links and not class_of(change.subject)
