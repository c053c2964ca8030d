# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process of the host listens on a port that is not its own: a guard's, or one of the pools.  Pure."""

from __future__ import annotations

from ...values.guards import Guard
from ...values.sockets import Listener
from .problem import Problem

KIND = "taken_port"


def guarded(guard: Guard, one: Listener, process: str) -> Problem:
    """It has got the socket before the guard was attached, or from a process that nobody guards."""
    return Problem(
        KIND,
        f"{process} in {guard.kind} {guard.target} listens on {one}, which is not one of the ports of"
        f" the guard {guard.name} ({guard.ports}); restart it",
    )


def unguarded(one: Listener, process: str) -> Problem:
    return Problem(
        KIND,
        f"{process} listens on {one}, which is for containers, and nobody gave it; give it to a guard,"
        " or have the process listen elsewhere",
    )
