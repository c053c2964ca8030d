# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of the host differ from those that containers have.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ...values.tenants import Host
from .problem import HOST, Problem, few

KIND = "addresses"


def problems(now: Host, given: Host, names: Sequence[str]) -> list[Problem]:
    """`given`: the host as all containers, these `names`, were last made after it."""
    found = []
    if now.ipv4 != given.ipv4:
        found.append(
            f"{now.public} has the address {_written(now)} now, but containers were given {_written(given)}:"
            " they are not reached, and reach nobody"
        )
    more, less = _others(now) - _others(given), _others(given) - _others(now)
    if more:
        found.append(
            f"the host has {few(sorted(more))} besides now, which containers were not given: they are not"
            " reached there"
        )
    if less:
        found.append(f"the host has {few(sorted(less))} no more, but containers still do")
    return [Problem(KIND, said, tuple(names), HOST) for said in found]


def _written(host: Host) -> str:
    return f"{host.ipv4.address}/{host.ipv4.prefix}"


def _others(host: Host) -> set[str]:
    return {one.address for one in host.addresses if one != host.ipv4}
