# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process of the machine, for messages.  Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNIT = re.compile(r":/system\.slice/(?:[^/\n]+/)*([\w.@:-]+\.service)$", re.MULTILINE)


class Process(NamedTuple):
    """`unit`: the service of systemd that it belongs to, or ""."""

    pid: str
    name: str
    unit: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


def unit_of(cgroups: str) -> str:
    """The service of systemd that a process with these control groups (/proc/PID/cgroup) belongs to."""
    found = _UNIT.search(cgroups)
    return found[1] if found else ""
