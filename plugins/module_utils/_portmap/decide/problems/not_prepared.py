# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host is not prepared: nothing tells service from ephemeral ports, nor what should be.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .problem import SITE, Problem, few

KIND = "not_prepared"


def problem(why: str, placed: Sequence[str]) -> Problem:
    """`why` there is no record; `placed` are the containers that are there all the same."""
    names = tuple(sorted(placed))
    more = f"; containers are placed on it: {few(names)}" if names else ""
    return Problem(KIND, why + more, names, SITE)
