# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host and the processes of the tests take up, so that it shows when it is not given back."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from lab.modules import Modules

# Of the whole machine, where others work, too.
SHARED = ("kernel memory", "files of the machine")
RUNNER_KB = 8 << 10
KERNEL_KB = (
    128 << 10
)  # more than the containers of a soak take; a filter lost in every run is more
PATIENCE = 60  # seconds: the kernel takes namespaces apart later

Figures = dict[str, int]


def taken(modules: Modules) -> Figures:
    """Counts of the host's objects and of the runner's process; memory in kB."""
    pid = modules.pid
    return {
        "namespaces": _count(modules, "ip netns list-id"),
        "links": _count(modules, "ip -o link show"),
        "actions": _count(modules, "tc actions list action mirred | grep 'action order'"),
        "mounts": _count(modules, "cat /proc/self/mountinfo"),
        "handles": _count(modules, "ls /run/netns"),
        "runner descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "runner memory": _kilobytes(Path(f"/proc/{pid}/status"), "VmRSS:"),
        "kernel memory": _kilobytes(Path("/proc/meminfo"), "SUnreclaim:"),
        "files of the machine": int(Path("/proc/sys/fs/file-nr").read_text().split()[0]),
    }


def given_back(modules: Modules, before: Figures) -> Figures:
    """The figures as soon as nothing is kept, or after a while."""
    give_up = time.monotonic() + PATIENCE
    now = taken(modules)
    while kept(before, now) and time.monotonic() < give_up:
        time.sleep(1)
        now = taken(modules)
    return now


def kept(before: Figures, after: Figures) -> list[str]:
    """What of our own has grown."""
    slack = {"runner memory": RUNNER_KB}
    return [
        f"{name}: {after[name]} instead of {before[name]}"
        for name in before
        if name not in SHARED and after[name] > before[name] + slack.get(name, 0)
    ]


def least(samples: Sequence[Figures]) -> dict[str, tuple[int, int]]:
    """Of what all of the machine take up: the least in the first third, and in the last.

    What others take comes and goes; a leak stays.
    """
    third = max(1, len(samples) // 3)
    return {
        name: (
            min(sample[name] for sample in samples[:third]),
            min(sample[name] for sample in samples[-third:]),
        )
        for name in SHARED
    }


def _count(modules: Modules, script: str) -> int:
    return len(modules.machine.shell(script, check=False).splitlines())


def _kilobytes(path: Path, name: str) -> int:
    return int(path.read_text(encoding="ascii").partition(name)[2].split()[0])
