# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes with which containers were placed have ended.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .problem import CONTAINER, Problem, few

KIND = "dead_process"


def problems(names: Sequence[str]) -> list[Problem]:
    """`names` of containers in namespaces of others, in which nobody is any more."""
    if not names:
        return []
    said = (
        f"no process is in the namespace of {few(names)} any more: what it was placed with has ended, or was"
        " started again in another one; place it with the new process, or remove it"
    )
    return [Problem(KIND, said, tuple(names), _repair(names))]


def _repair(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{CONTAINER} 'name={names[0]} pid=PID'"
    listed = ", ".join(f'{{"name": "{name}", "pid": PID}}' for name in names)
    return f"{CONTAINER} '{{\"containers\": [{listed}]}}'"
