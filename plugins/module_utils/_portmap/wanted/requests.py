# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports that a container wants by name and number, whichever they are.  Pure.

Each name has one run of ports.  It keeps them as long as it wants as many.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..values import ports
from ..values.errors import InvalidRequest
from ..values.ports import FreePorts, Range, Ranges
from ..values.tenants import Container, Named
from .busy import Busy

# A name is part of names of variables, where "-" becomes "_".
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 15  # as those of services: RFC 6335
_TAKEN_ENDING = "-outside"

Request = tuple[tuple[str, int], ...]  # names, and how many ports each wants


def read(given: Mapping[object, object], container: str) -> Request:
    """The option `request`.  Raises InvalidRequest naming the container."""
    return tuple((_name(name, container), _count(name, count)) for name, count in given.items())


def _name(name: object, container: str) -> str:
    text = str(name)
    if not _NAME.fullmatch(text) or len(text) > _LONGEST or text.endswith(_TAKEN_ENDING):
        raise InvalidRequest(
            f"cannot request ports for {container} as '{text}': a name has 1 to {_LONGEST} small letters,"
            f" digits and '-', starts with a letter, and does not end with '{_TAKEN_ENDING}'"
        )
    return text


def _count(name: object, count: object) -> int:
    text = str(count)
    if not text.isdecimal() or not 0 < int(text[:9]) <= ports.HIGHEST:
        raise InvalidRequest(
            f"cannot request {count!r} ports as '{name}': expected how many, from 1 to {ports.HIGHEST}"
        )
    return int(text)


def kept(request: Request | None, named: Sequence[Named]) -> tuple[Named, ...]:
    """What stays of the `named` ports: all, or those of which as many are requested."""
    wanted = {one.name: one.ports.size for one in named} if request is None else dict(request)
    return tuple(one for one in named if wanted.get(one.name) == one.ports.size)


def missing(request: Request | None, named: Sequence[Named]) -> Request:
    """What is still to be found."""
    have = {one.name for one in kept(request, named)}
    return tuple((name, count) for name, count in request or () if name not in have)


def find(
    container: str, wanted: Request, pool: Ranges, free: FreePorts, busy: Busy
) -> tuple[Named, ...]:
    """The lowest free run for each.  Raises InvalidRequest when there is none."""
    found = []
    for name, count in wanted:
        run = _run(free, count, busy)
        if run is None:
            raise InvalidRequest(
                f"cannot give {container} the {count} ports that it requests as {name}: so many free"
                f" ones in a row are not left in the host's pool {ports.text(pool) or '(empty)'}"
            )
        found.append(Named(name, run))
    return tuple(found)


def _run(free: FreePorts, count: int, busy: Busy) -> Range | None:
    """Where it starts at a multiple of a large power of two, the fewest filters match it."""
    multiple = 1 << (count.bit_length() - 1)
    while multiple:
        run = free.take(count, busy.connections, multiple)
        if run is not None:
            return run
        multiple >>= 1
    return None


def check_kept(container: Container, taken: Ranges) -> None:
    """Raise InvalidRequest when ports shall be taken away that the container has by a name."""
    for one in container.named:
        shared = ports.intersect(taken, [one.ports])
        if shared:
            raise InvalidRequest(
                f"cannot take ports {ports.text(shared)} from {container.name}: it has them as"
                f" {one.name}; leave that name out of its request instead"
            )
