# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container has left behind that is gone, or lead to a link of nobody.  Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set

from ...sight.seen import Survey
from ...values import ports, tenants
from .drift import KIND
from .problem import SITE, Problem, few

_COPIES = "ARP and ICMP are mirrored"


def problems(survey: Survey, handles: Sequence[str], entries: bool) -> list[Problem]:
    """`handles`: those that we made, and of which no link is left.

    `entries`: also what leads to no container on the host's interfaces, if all of that was looked at.
    """
    veths = {tenants.veth_name(name) for name in survey.placed}
    led, copied = _leading_elsewhere(survey, veths) if entries else ({}, set())
    found = []
    for veth in sorted({*led, *copied} - {""}):
        said = _leading(led.get(veth, ""), veth in copied, f"{veth}, which is no container's")
        found.append(Problem(KIND, "; ".join(said), (), f"ip link delete dev {veth}", tuple(said)))
    said = _leading(led.get("", ""), "" in copied, "a link that is gone")
    said += [
        f"the namespace handle {name} was made for it, but there is no link" for name in handles
    ]
    if said:
        gone = f"the link of {few(handles)} is gone: " if handles else ""
        told = gone + few(said) + "; remove what is not to come back (state=absent)"
        found.append(Problem(KIND, told, tuple(handles), SITE, tuple(said)))
    return found


def interrupted(names: Sequence[str]) -> list[Problem]:
    """Containers that a killed run was placing: what they were to have, only the inventory knows."""
    if not names:
        return []
    said = (
        f"a run that was placing {few(names)} was interrupted; run it again, or remove what is not to be"
        " there (state=absent)"
    )
    return [Problem(KIND, said, tuple(names), SITE)]


def _leading_elsewhere(survey: Survey, veths: Set[str]) -> tuple[dict[str, str], set[str]]:
    """By link: the ports that lead to it.  And the links that copies lead to."""
    led = {veth: ports.text(owned) for veth, owned in survey.owners().items() if veth not in veths}
    chains = survey.steered.copies.values()
    copied = {veth for chain in chains for targets in chain.values() for veth in targets}
    return led, copied - veths


def _leading(owned: str, copied: bool, whither: str) -> list[str]:
    said = [f"ports {owned} lead to {whither}"] if owned else []
    return said + ([f"{_COPIES} to {whither}"] if copied else [])
