# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A workload does not run, or runs where nobody reaches it.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...sight.processes_seen import WorkloadSeen
from ...wanted.workload import files, listening
from .problem import Problem

KIND = "workload"
_ENDED = ("inactive", "success")
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
                if seen.sockets:  # which open only while their service is stopped
                    units = " ".join((label.unit, *seen.sockets))
                    repair = f"systemctl stop {units} && systemctl start {units}"
                yield Problem(
                    KIND, f"{said}; see journalctl -u {label.unit}", (label.container,), repair
                )


def _fault(name: str, seen: WorkloadSeen, unit: str, inode: int) -> str:
    """ "" for a workload that runs where it shall, waits for who comes, has ended as it may, or is stopped."""
    tied = any(".mount.d/" in path for path in seen.files)
    deaf = [unit for unit, one in seen.sockets.items() if not one.heard]
    if deaf and (tied or seen.unit.runs):
        state = seen.sockets[deaf[0]].unit
        return f"nobody listens for workload {name} on {listening.named(deaf)}: {deaf[0]} is {state.active}"
    if seen.restarts >= _LOOP:
        return f"workload {name} ends again and again: systemd started it {seen.restarts} times within a minute"
    if seen.unit.runs:
        if seen.spaces and inode not in seen.spaces and not files.is_elsewhere(seen.files):
            return f"workload {name} sits in another network namespace than its container's: nobody reaches it"
        return ""
    may_end = bool(seen.sockets) or files.may_end(seen.files)
    if not tied or (may_end and (seen.unit.active, seen.unit.result) == _ENDED):
        return ""
    if seen.unit.restarts >= _LOOP and seen.unit.active == "activating":
        ended = (
            f"{seen.unit.restarts} times, the last time with {seen.unit.result} {seen.unit.status}"
        )
        return f"workload {name} ends and is started again by systemd, {ended}"
    return f"workload {name} does not run: {unit} is {seen.unit.active} ({seen.unit.result})"
