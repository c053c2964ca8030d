# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles do on a host, run by Ansible; what needs systemd is run by molecule."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2.nativetypes import NativeEnvironment

from documentation import ROOT, read_yaml
from lab.pools import DOCUMENTED
from playing import Desk

UNIT = "/etc/systemd/system/portmap-restore.service"
ENGINE = "/usr/local/lib/netiso-portmap"
STATE = "/var/lib/netiso-portmap"
HOST = {f"portmap_host_{name}": value for name, value in DOCUMENTED.items()}


def play(desk: Desk, role: str, options: str = "", **variables: Any) -> str:
    task = {"ansible.builtin.include_role": {"name": f"netiso.portmap.{role}"}, "vars": variables}
    plays = [{"hosts": "all", "gather_facts": False, "tasks": [{"name": "Have the role", **task}]}]
    (desk.directory / "play.yml").write_text(json.dumps(plays))
    return desk.type(f"ansible-playbook {options} play.yml").stdout


def changed(said: str) -> int:
    found = re.search(r"^node1 +: ok=\d+ +changed=(\d+) ", said, re.MULTILINE)
    assert found, said
    return int(found[1])


def record(desk: Desk) -> dict[str, Any]:
    return dict(json.loads(Path(desk.lab.host.path("/run/portmap/host.json")).read_text()))


def exists(desk: Desk, path: str) -> bool:
    return Path(desk.lab.host.path(path)).exists()


def test_every_option_of_role_host_reaches_the_host(desk: Desk) -> None:
    desk.lab.host.ip("link add wan0 type veth peer name wan1", "address add 10.9.0.1/24 dev wan0")
    given = {
        **HOST,
        "portmap_host_public_interface": "wan0",
        "portmap_host_loopback_interface": "lo",
        "portmap_host_ephemeral_ports_per_container": 64,
        "portmap_host_rp_filter": "keep",
    }
    play(desk, "host", **given)
    kept = record(desk)
    for name, value in given.items():
        assert kept[name.removeprefix("portmap_host_")] == value
    play(desk, "host", portmap_host_state="absent")
    assert not exists(desk, "/run/portmap/host.json")


def test_role_host_leaves_out_what_is_not_given(desk: Desk) -> None:
    play(desk, "host", **HOST)
    kept = record(desk)
    assert (kept["ephemeral_ports_per_container"], kept["rp_filter"]) == (1024, "relax")
    assert kept["public_interface"] == "eth0"
    assert not exists(desk, UNIT)
    assert changed(play(desk, "host", **HOST)) == 0


def test_role_containers_places_and_purges(desk: Desk) -> None:
    play(desk, "host", **HOST)
    handles = Path(desk.lab.host.path("/run/netns"))
    for names, purge in (("a", False), ("b", False), ("c", True)):
        wanted = [{"name": name} for name in names]
        play(desk, "containers", portmap_containers=wanted, portmap_containers_purge=purge)
    assert [handle.name for handle in handles.iterdir()] == ["c"]
    play(desk, "containers", portmap_containers=[{"name": "d"}])
    assert sorted(handle.name for handle in handles.iterdir()) == ["c", "d"]


def test_role_containers_can_be_checked_before_there_is_a_host(desk: Desk) -> None:
    said = play(desk, "containers", "--check", portmap_containers=[{"name": "a"}])
    assert changed(said) == 0
    play(desk, "host", **HOST)
    said = play(desk, "containers", "--check", portmap_containers=[{"name": "a"}])
    assert changed(said) == 1


# --- what comes back after a boot: run under systemd by molecule, read here ------------------------


def tasks(name: str) -> list[dict[str, Any]]:
    """The tasks of a file of role host, those of blocks among them."""
    found: list[dict[str, Any]] = []
    for task in read_yaml(ROOT / "roles" / "host" / "tasks" / f"{name}.yml"):
        found += [task, *task.get("block", [])]
    return found


def test_what_restores_the_host_is_roots_alone_to_write() -> None:
    modes = {}
    for task in tasks("restore_at_boot"):
        for module in ("template", "file", "copy"):
            written = task.get(f"ansible.builtin.{module}")
            if written:
                assert (written["owner"], written["group"]) == ("root", "root"), task["name"]
                for item in task.get("loop", [{"path": written.get("dest"), **written}]):
                    modes[item["path"]] = item["mode"]
                    assert item.get("directory_mode", "0755") == "0755"
    assert modes == {
        UNIT: "0644",
        ENGINE: "0755",
        f"{ENGINE}/_portmap": "0755",
        f"{ENGINE}/_portmap/": "0644",
        STATE: "0700",
    }


def test_what_was_written_for_a_boot_is_removed_again() -> None:
    removed = [task for task in tasks("no_restore_at_boot") if "loop" in task]
    assert [task["loop"] for task in removed] == [[STATE, ENGINE, UNIT]]
    assert removed[0]["ansible.builtin.file"]["state"] == "absent"
    services = [
        task.get("ansible.builtin.systemd_service", {}) for task in tasks("no_restore_at_boot")
    ]
    assert {"name": "portmap-restore.service", "enabled": False} in services


@pytest.mark.parametrize(
    ("state", "restoring", "made"),
    [
        ("present", True, True),
        ("present", False, False),
        ("absent", True, False),
        ("absent", False, False),
    ],
)
def test_the_unit_is_made_or_removed_never_both(state: str, restoring: bool, made: bool) -> None:
    """As Ansible decides it, with the conditions that stand in the role."""
    conditions = {
        task["ansible.builtin.include_tasks"]: task["when"]
        for task in tasks("main")
        if "ansible.builtin.include_tasks" in task
    }
    known = {"portmap_host_state": state, "portmap_host_restore_at_boot": restoring}
    decided = {
        name: NativeEnvironment().from_string("{{ " + conditions[name] + " }}").render(known)
        for name in ("restore_at_boot.yml", "no_restore_at_boot.yml")
    }
    assert decided == {"restore_at_boot.yml": made, "no_restore_at_boot.yml": not made}


def test_the_unit_comes_after_the_network_and_before_containers_of_podman() -> None:
    text = (ROOT / "roles/host/templates/portmap-restore.service.j2").read_text()
    assert [line for line in text.splitlines() if "=" in line and not line.startswith("#")] == [
        "Description=Containers that share the host's address, as Ansible last left them",
        "Wants=network-online.target",
        "After=network-online.target",
        "Before=podman-restart.service",
        f"RequiresMountsFor={ENGINE} {STATE}",
        "Type=oneshot",
        "RemainAfterExit=yes",
        f"Environment=PYTHONPATH={ENGINE}",
        "ExecStart={{ ansible_facts.python.executable }} -Bsm _portmap.restore",
        "TimeoutStartSec=10min",
        "WantedBy=multi-user.target",
    ]
