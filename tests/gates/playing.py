# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run Ansible itself on the host of a lab, from a directory like a user's."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from documentation import COLLECTIONS
from lab import control
from lab.machines import Lab

# The only host is the lab's own, under the name that the documents give it.
INVENTORY = {
    "all": {
        "hosts": {"node1": {}},
        "vars": {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_become": False,
            "portmap_host_pyroute2": "skip",
        },
    }
}


@dataclass(frozen=True)
class Desk:
    """A directory with an inventory, and the host on which what is typed there runs."""

    lab: Lab
    directory: Path

    def __post_init__(self) -> None:
        (self.directory / "inventory").write_text(yaml.safe_dump(INVENTORY))

    def environment(self) -> list[str]:
        return [
            "env",
            f"--chdir={self.directory}",
            f"PATH={Path(sys.executable).parent}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            f"ANSIBLE_COLLECTIONS_PATH={COLLECTIONS}",
            "ANSIBLE_INVENTORY=inventory",
            "ANSIBLE_NOCOLOR=1",
            "ANSIBLE_LOCALHOST_WARNING=false",
            *control.environment(),
        ]

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """What a shell says to this command line; it must succeed."""
        done = self.lab.host.run(
            *self.environment(), "bash", "-euc", command, check=False, timeout=120
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        return done

    def play(self, plays: list[dict[str, Any]], name: str = "play.yml") -> str:
        (self.directory / name).write_text(yaml.safe_dump(plays, sort_keys=False))
        return self.type(f"ansible-playbook {name}").stdout

    def do(self, *tasks: dict[str, Any]) -> str:
        return self.play([{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}])
