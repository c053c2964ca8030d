# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode and the real run of a playbook agree, whatever its tasks need of each other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import shape
from lab import control, state
from lab.machines import Lab
from lab.modules import COLLECTIONS, Modules

HOST: dict[str, Any] = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
    "ansible_become": False,
    "portmap_host_pyroute2": "skip",
    "portmap_host_ports": ["31000-31999"],
    "portmap_host_ephemeral_ports": "30001-30999",
    "portmap_host_ephemeral_ports_per_container": 16,
    "portmap_containers_purge": True,
}


def play(
    lab: Lab, folder: Path, name: str, *options: str, pythonpath: str = "", **values: Any
) -> str:
    """Run a playbook of the collection on the host, which is this machine; what it said at the end.

    `pythonpath`: where its modules look first.
    """
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"node": {**HOST, **values}}}}))
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), f"netiso.portmap.{name}", "-i", str(inventory), *options]
    environment = [f"ANSIBLE_COLLECTIONS_PATH={COLLECTIONS}", "ANSIBLE_NOCOLOR=1"]
    environment += control.environment()
    environment += [f"PYTHONPATH={pythonpath}"] * bool(pythonpath)
    done: subprocess.CompletedProcess[str] = lab.host.run(
        "env", *environment, *command, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout
    return next(line for line in done.stdout.splitlines() if line.startswith("node "))


def both(lab: Lab, folder: Path, name: str, **values: Any) -> None:
    """The playbook in check mode, which changes nothing, then for real."""
    before = state.of(lab.host)
    assert "changed=0" not in play(lab, folder, name, "--check", **values)
    assert state.difference(before, state.of(lab.host)) == ""
    assert "changed=0" not in play(lab, folder, name, **values)


def test_a_host_from_its_first_pool_to_its_end(lab: Lab, tmp_path: Path) -> None:
    """Widened and used, shrunk while a container goes, taken away: in one run of a playbook each."""
    web, db = shape.CONTAINERS
    both(lab, tmp_path, "site", portmap_containers=[web, db])
    new = {"name": "new", "ports": ["32100-32107"]}
    wider = ["31000-31999", "32100-32199"]
    both(lab, tmp_path, "site", portmap_host_ports=wider, portmap_containers=[web, db, new])
    fewer = [web, {"name": "db", "state": "absent"}]  # one is named, the other one purged
    values = {"portmap_host_ports": ["31000-31007"], "portmap_containers": fewer}
    both(lab, tmp_path, "site", **values)
    assert [one["name"] for one in Modules(lab.host).info()["containers"]] == ["web"]
    assert "changed=0" in play(lab, tmp_path, "site", **values)
    both(lab, tmp_path, "teardown")
    assert "changed=0" in play(lab, tmp_path, "teardown")
