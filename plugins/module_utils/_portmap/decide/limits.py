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
from ..values.tenants import Container


class Shared(NamedTuple):
    """What is there: `own` has what is somebody's of the task, or nobody's; `common` is everybody's.

    `others`: somebody else is limited, too.
    """

    own: list[Object]
    common: list[Object]
    others: bool


def shared(
    found: Iterable[Object], blocks: Mapping[str, Sequence[Block]], veths: Set[str]
) -> Shared:
    """`blocks` are the ports by veth, "" for a veth that is gone; `veths` those of the task."""
    starts = {block.first: veth for veth, listed in blocks.items() for block in listed}
    owners = {class_name(first >> 4): veth for first, veth in starts.items() if not first & 0xF}
    told = Shared([], [], False)
    others = False
    for item in found:
        name = class_of(item)
        owner = owners.get(name, "")
        if not name:
            told.common.append(item)
        elif not owner or owner in veths:
            told.own.append(item)
        else:
            others = True
    return told._replace(others=others)


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


def classes(containers: Iterable[Container]) -> dict[str, str]:
    """Who is limited in what is sent: the containers' names by their classes."""
    return {class_name(one.number): one.name for one in containers if one.limits.send}


def is_common(change: Change) -> bool:
    """Whether it is about what all share who are limited."""
    place = change.subject.place
    links = {link for pair in SHAPERS for link in pair}
    return place is not None and place.link in links and not class_of(change.subject)
