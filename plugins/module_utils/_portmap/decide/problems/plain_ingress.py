# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An interface has a qdisc of others without a hook for packets that leave: nothing is noted there.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ...values.places import Place
from .problem import Problem

KIND = "plain_ingress"


def warnings(places: Iterable[Place]) -> list[str]:
    return [one.description for one in problems(places)]


def problems(places: Iterable[Place]) -> list[Problem]:
    """One for each interface: whoever has made a qdisc decides what becomes of its filters."""
    return [Problem(KIND, _said(place)) for place in places]


def _said(place: Place) -> str:
    return (
        f"{place} has the qdisc ingress, which has no hook for packets that leave, so the steering cannot note what"
        f" the host sends there: where the host itself, or a network behind NAT on it, sends from a port of a"
        f" container, the answers go to the container; have its filters on the qdisc clsact instead (tc qdisc"
        f" delete dev {place.link} ingress takes them away), and run netiso.portmap.portmap_host"
    )
