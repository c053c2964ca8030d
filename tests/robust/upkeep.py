# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host and the processes of the tests take up, so that it shows when it is not given back."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from engine import Engine

# Of the whole machine, where others work, too.
SHARED = ("kernel memory", "files of the machine")
ENGINE_KB = 8 << 10
KERNEL_KB = (
    128 << 10
)  # more than the containers of a soak take; a filter lost in every run is more
PATIENCE = 60  # seconds: the kernel takes namespaces apart later

Figures = dict[str, int]


def taken(engine: Engine) -> Figures:
    """Counts of the host's objects and of the engine's process; memory in kB."""
    pid = engine.pid
    return {
        "namespaces": _count(engine, "ip netns list-id"),
        "links": _count(engine, "ip -o link show"),
        "actions": _count(engine, "tc actions list action mirred | grep 'action order'"),
        "mounts": _count(engine, "cat /proc/self/mountinfo"),
        "handles": _count(engine, "ls /run/netns"),
        "engine descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "engine memory": _kilobytes(Path(f"/proc/{pid}/status"), "VmRSS:"),
        "kernel memory": _kilobytes(Path("/proc/meminfo"), "SUnreclaim:"),
        "files of the machine": int(Path("/proc/sys/fs/file-nr").read_text().split()[0]),
    }


def given_back(engine: Engine, before: Figures) -> Figures:
    """The figures as soon as nothing is kept, or after a while."""
    give_up = time.monotonic() + PATIENCE
    now = taken(engine)
    while kept(before, now) and time.monotonic() < give_up:
        time.sleep(1)
        now = taken(engine)
    return now


def kept(before: Figures, after: Figures) -> list[str]:
    """What of our own has grown."""
    slack = {"engine memory": ENGINE_KB}
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


def _count(engine: Engine, script: str) -> int:
    return len(engine.shell(script).splitlines())


def _kilobytes(path: Path, name: str) -> int:
    return int(path.read_text(encoding="ascii").partition(name)[2].split()[0])
