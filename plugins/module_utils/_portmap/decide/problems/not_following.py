# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's changes are to be followed, and the service that does it is dead.  Pure."""

from __future__ import annotations

from .problem import Problem

KIND = "not_following"


def problem(unit: str) -> Problem:
    said = f"{unit} does not run, so containers do not follow when the host changes; ask systemctl status {unit}"
    return Problem(KIND, said, (), f"systemctl start {unit}")
