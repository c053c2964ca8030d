# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container that is a process is started again, as docker and podman do: its namespace is another one."""

from __future__ import annotations

import os

import shape
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import POOLS


def test_the_next_run_places_the_new_process(lab: Lab, modules: Modules) -> None:
    modules.host(**POOLS)
    modules.container(name="db", ports=["31008-31015"])
    with lab.host.tenant() as first:
        placed = modules.container(name="web", pid=first.pid, ports=["31000-31007"])["container"]
        assert placed["namespace_inode"] == inode(first.pid)
        assert shape.matrix(lab) == {}
    with lab.host.tenant() as second:
        again = {"name": "web", "pid": second.pid, "ports": ["31000-31007"]}
        foreseen = modules.checking().container(**again)
        placed = modules.container(**again)
        assert foreseen["changed"]
        assert placed["changed"]
        assert placed["container"]["ephemeral_ports"] == "30032-30047"
        assert placed["container"]["namespace_inode"] == inode(second.pid)
        assert not placed["container"]["created"]  # another has made it, and runs in it
        assert shape.matrix(lab) == {}
        assert not modules.container(**again)["changed"]
        assert modules.problems() == []


def inode(pid: int) -> int:
    return os.stat(f"/proc/{pid}/ns/net").st_ino
