# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether somebody who sends to a container's port is answered there, and why not.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

from ..values.sockets import HostSocket

EVERYWHERE = ("0.0.0.0", "*")


class Reach(NamedTuple):
    """`outside`: from other machines; `host`: from the host and its containers.  None: it cannot be told.

    `reasons` say why not, or not certainly.
    """

    outside: bool | None
    host: bool | None
    reasons: list[str]


def reach(
    name: str,
    address: str,
    heard: Sequence[HostSocket] | None,
    broken: Sequence[str] = (),
    doubts: Sequence[str] = (),
) -> Reach:
    """Of one port of container `name`, which has the host's `address`.

    `heard`: what is bound to the port inside; None: nobody could look.  `broken` says why no packet arrives
    there, `doubts` what is wrong and may be why.
    """
    if heard is None:
        inside = outside = None
        said = [f"what listens in {name} cannot be seen"]
    else:
        outside = any(_hears(one.address, address) for one in heard)
        inside = outside or any(_is_loopback(one.address) for one in heard)
        said = [] if outside else [_unheard(name, heard)]
    if broken:
        return Reach(False, False, [*broken, *doubts, *said])
    if doubts:
        outside, inside = outside and None, inside and None
    return Reach(outside, inside, [*said, *doubts])


def _unheard(name: str, heard: Sequence[HostSocket]) -> str:
    if not heard:
        return f"nobody listens there in {name}"
    bound = ", ".join(sorted({one.address for one in heard}))
    return f"it is bound to {bound} only, where no packet from outside arrives"


def _hears(bound: str, address: str) -> bool:
    return bound in EVERYWHERE or bound == address


def _is_loopback(bound: str) -> bool:
    try:
        return ip_address(bound).is_loopback and ":" not in bound
    except ValueError:
        return False
