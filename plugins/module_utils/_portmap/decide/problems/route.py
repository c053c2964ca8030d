# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The route of the host differs from the one that containers have.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ...values.tenants import Host
from .problem import HOST, Problem

KIND = "route"


def problems(now: Host, given: Host, names: Sequence[str]) -> list[Problem]:
    """`given`: the host as all containers, these `names`, were last made after it."""
    if now.gateways == given.gateways:
        return []
    said = f"the host's default route through {now.public} leads {_whither(now)} now"
    return [Problem(KIND, f"{said}, but that of containers {_whither(given)}", tuple(names), HOST)]


def _whither(host: Host) -> str:
    if not host.gateways:
        return "nowhere"
    return f"to {host.ipv4_gateway}" if host.ipv4_gateway else "to the link itself"
