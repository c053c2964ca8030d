# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process of the machine, for messages.  Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNIT = r":{top}/system\.slice/(?:[^/\n]+/)*([\w.@:-]+\.service)$"


class Process(NamedTuple):
    """`unit`: the service of systemd that it belongs to, or ""."""

    pid: str
    name: str
    unit: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


def unit_of(cgroups: str, top: str) -> str:
    """The service of systemd that a process with these control groups (/proc/PID/cgroup) belongs to.

    `top` is the group in which systemd has its own, "" where that is the root.
    """
    found = re.search(_UNIT.format(top=re.escape(top)), cgroups, re.MULTILINE)
    return found[1] if found else ""
