# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The route of the host differs from the one that containers have.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ...values.tenants import Host
from .problem import HOST, Problem, few

KIND = "route"


def problems(now: Host, given: Host, names: Sequence[str]) -> list[Problem]:
    """`given`: the host as all containers, these `names`, were last made after it."""
    found = []
    if now.gateways != given.gateways:
        said = f"the host's default route through {now.public} leads {_whither(now)} now"
        found.append(f"{said}, but that of containers {_whither(given)}")
    more, less = _without(now, given), _without(given, now)
    if more or less:
        said = "; ".join(filter(None, [_said("does not know", more), _said("still has", less)]))
        found.append(
            f"the host sends to other networks than its containers know: a container {said}; it may choose"
            " another source address or packet size than the host"
        )
    return [Problem(KIND, said, tuple(names), HOST) for said in found]


def _without(one: Host, other: Host) -> list[str]:
    return [str(network) for network in one.networks if network not in other.networks]


def _said(verb: str, networks: Sequence[str]) -> str:
    return f"{verb} {few(networks)}" if networks else ""


def _whither(host: Host) -> str:
    if not host.gateways:
        return "nowhere"
    return f"to {host.ipv4_gateway}" if host.ipv4_gateway else "to the link itself"
