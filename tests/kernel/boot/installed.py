# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that restores itself at boot: what is installed there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab import state
from lab.machines import Lab, Machine
from lab.modules import ROOT, ModuleError, Modules
from lab.pools import POOLS

ENGINE = "/usr/local/lib/netiso-portmap"
STATE = "/var/lib/netiso-portmap"
UNITS = "/etc/systemd/system"
UNIT = f"{UNITS}/portmap-restore.service"
WANTED = f"{UNITS}/multi-user.target.wants/portmap-restore.service"
ON = {**POOLS, "restore_at_boot": True}
OFF = {**POOLS, "restore_at_boot": False}


@pytest.fixture
def host(lab: Lab) -> Machine:
    lab.host.own_directories()
    return lab.host


@pytest.fixture
def installed(host: Machine, modules: Modules) -> Modules:
    modules.host(**ON)
    return modules


def files(machine: Machine) -> dict[str, tuple[str, int, str]]:
    """Whatever there is where we write: kind and mode, inode, link or content."""
    script = (
        f"find {ENGINE} {STATE} {UNITS} -mindepth 0 -printf '%p\\t%M %u\\t%i\\t%l\\n' 2>/dev/null"
    )
    found = {}
    for line in machine.run("sh", "-c", script, check=False).stdout.splitlines():
        path, mode, inode, link = line.split("\t")
        plain = mode.startswith("-")
        text = Path(machine.path(path)).read_text() if plain else link
        found[path] = (mode, int(inode), text)
    return found


def engines(machine: Machine) -> list[str]:
    return sorted(os.listdir(machine.path(ENGINE)))


def restore(machine: Machine) -> subprocess.CompletedProcess[str]:
    """What the unit does at a boot, word for word."""
    unit = Path(machine.path(UNIT)).read_text()
    variable = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    command = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)[0].split()
    return machine.run("env", *variable, *command, check=False)


def of_the_role(host: Machine, modules: Modules) -> None:
    """As the role of earlier releases left it: files copied one by one, and its own unit."""
    host.run("mkdir", "--parents", f"{ENGINE}/_portmap", f"{UNITS}/multi-user.target.wants")
    host.run("mkdir", "--parents", "--mode=700", STATE)
    source = ROOT / "plugins" / "module_utils" / "_portmap"
    host.run("sh", "-ec", f"cp -r {source}/* {ENGINE}/_portmap/")
    Path(host.path(UNIT)).write_text(
        f"[Service]\nEnvironment=PYTHONPATH={ENGINE}\nExecStart={sys.executable} -Bsm _portmap.restore\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )
    host.run("ln", "-sf", UNIT, WANTED)


def check_refused(modules: Modules, options: dict[str, Any], script: str, why: str) -> None:
    """After the script the options are refused, in check mode too, and nothing is done."""
    host = modules.machine
    host.run("sh", "-ec", script)
    kernel, before = state.of(host), files(host)
    for some in (modules.checking(), modules):
        with pytest.raises(ModuleError, match=re.escape(why)):
            some.host(**options)
    assert state.difference(kernel, state.of(host)) == ""
    assert files(host) == before
