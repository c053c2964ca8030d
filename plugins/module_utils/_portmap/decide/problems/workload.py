# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A workload does not run, or runs where nobody reaches it.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...sight.processes_seen import WorkloadSeen
from .problem import Problem

KIND = "workload"
_LOOP = 3  # so many starts by systemd itself are no accident any more


def problems(
    workloads: Iterable[tuple[str, WorkloadSeen]], inodes: Mapping[str, int]
) -> Iterator[Problem]:
    """`inodes` are those of the namespaces of containers that are placed: in others nothing runs."""
    for name, seen in workloads:
        label = seen.label
        if label and label.container in inodes:
            said = _fault(name, seen, label.unit, inodes[label.container])
            if said:
                repair = f"systemctl restart {label.unit}"
                yield Problem(
                    KIND, f"{said}; see journalctl -u {label.unit}", (label.container,), repair
                )


def _fault(name: str, seen: WorkloadSeen, unit: str, inode: int) -> str:
    """ "" for a workload that runs where it shall, or that is stopped."""
    if seen.unit.runs:
        if seen.spaces and inode not in seen.spaces:
            return f"workload {name} sits in another network namespace than its container's: nobody reaches it"
        return ""
    if not any(".mount.d/" in path for path in seen.files):
        return ""
    if seen.unit.restarts >= _LOOP and seen.unit.active == "activating":
        ended = (
            f"{seen.unit.restarts} times, the last time with {seen.unit.result} {seen.unit.status}"
        )
        return f"workload {name} ends and is started again by systemd, {ended}"
    return f"workload {name} does not run: {unit} is {seen.unit.active} ({seen.unit.result})"
