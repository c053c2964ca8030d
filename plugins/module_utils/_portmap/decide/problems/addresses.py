# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of the host differ from those that containers have.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ...values.tenants import Host
from .problem import HOST, Problem

KIND = "addresses"


def problems(now: Host, given: Host, names: Sequence[str]) -> list[Problem]:
    """`given`: the host as all containers, these `names`, were last made after it."""
    if now.addresses == given.addresses:
        return []
    said = (
        f"{now.public} has the address {_written(now)} now, but containers were given {_written(given)}:"
        " they are not reached, and reach nobody"
    )
    return [Problem(KIND, said, tuple(names), HOST)]


def _written(host: Host) -> str:
    return ", ".join(f"{one.address}/{one.prefix}" for one in host.addresses)
