# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of workloads that leave: what runs, what runs on, and what starts without them.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..sight.processes_seen import WorkloadSeen
from ..values.workloads import ABSENT, Unit
from ..wanted.workload.setting import UNITS
from .workloads import STOP, Course


def warnings(courses: Sequence[Course], seen: Mapping[str, WorkloadSeen]) -> list[str]:
    """About services of others that nobody binds any more, and that the host starts."""
    return [
        f"{one.unit} is enabled: without the workload {one.workload.name} the host starts it at its next boot,"
        f" in no container; to keep it from that: systemctl disable {one.unit}"
        for one in courses
        if one.workload.state == ABSENT
        and one.changes
        and f"{UNITS}/{one.unit}" not in seen[one.workload.name].files
        and seen[one.workload.name].unit.enabled
    ]


def stopped(courses: Sequence[Course]) -> list[Course]:
    """Those that are stopped to be removed."""
    return [one for one in courses if one.workload.state == ABSENT and one.act == STOP]


def left(one: Course, unit: Unit, process: str, words: str) -> str:
    """What is wrong when its unit was stopped, and its files are about to go; "" for nothing."""
    if not unit.is_up:
        return ""
    whom = f", with {process}" if process else ""
    ending = f": {words}" if words else ""
    return (
        f"cannot remove {one.workload.name}: {one.unit} is still {unit.active}{whom}{ending};"
        " stop it, and run the task again"
    )
