# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A guard is not where it shall be, or does not judge what it shall.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .problem import Problem

KIND = "guard_detached"
# Without guards of its own a run brings those that there are to what they shall be.
REPAIR = "ansible HOST -b -m netiso.portmap.portmap_guard -a '{\"guards\": []}'"


def problem(guard: str, differences: Iterable[str]) -> list[Problem]:
    """What differs of one guard, a line each; nothing when nothing does."""
    told = tuple(differences)
    if not told:
        return []
    return [Problem(KIND, f"the guard {guard}: {told[0]}", (), REPAIR, told)]


def damaged(why: str) -> Problem:
    return Problem(KIND, why)
