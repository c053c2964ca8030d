# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that saves what is done to it, and the same host after a boot."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import engine, machines
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.pools import POOLS
from scene import inventory

DIRECTORY = "/var/lib/netiso-portmap"
FILE = f"{DIRECTORY}/desired.json"
FIX = "run the playbook of this host (such as netiso.portmap.site) to write it anew"


def keep(machine: Machine) -> None:
    """What restore_at_boot does: a directory in which the modules save."""
    machine.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
    machine.run("mkdir", "--mode", "700", DIRECTORY)


@pytest.fixture
def keeping(lab: Lab, modules: Modules) -> Modules:
    keep(lab.host)
    return modules


@pytest.fixture
def placed(keeping: Modules) -> Modules:
    keeping.host(**POOLS)
    keeping.container(containers=inventory())
    return keeping


@pytest.fixture
def reboot() -> Iterator[Lab]:
    """The host after the reboot."""
    with machines.lab() as built:
        keep(built.host)
        yield built


@pytest.fixture(scope="session")
def shipped() -> Path:
    return engine.shipped()


def restore(machine: Machine, shipped: Path, *prefix: str) -> subprocess.CompletedProcess[str]:
    """Restore as the unit does; `prefix` are words in front of the interpreter, such as strace."""
    environment = ("env", f"PYTHONPATH={shipped}", "PYTHONDONTWRITEBYTECODE=1")
    command = (*prefix, sys.executable, "-m", "_portmap.restore")
    return machine.run(*environment, *command, check=False, timeout=120)


def text(machine: Machine) -> str:
    return Path(machine.path(FILE)).read_text(encoding="utf-8")


def saved(machine: Machine) -> dict[str, Any]:
    """The saved containers by name."""
    return {one["name"]: one for one in json.loads(text(machine))["containers"]}


def write(machine: Machine, content: str) -> None:
    path = Path(machine.path(FILE))
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
