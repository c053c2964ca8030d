# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles do on a host, run by Ansible; what needs systemd at work is run by molecule."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from documentation import ROOT
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


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ("Ubuntu 22.04 Debian apt 3.10.12", "of Ubuntu 22.04 is older than pyroute2 0.7.2"),
        ("Debian 11.9 Debian apt 3.9.2", "of Debian 11.9 is older than pyroute2 0.7.2"),
        ("Debian 10.13 Debian apt 3.7.3", "Python 3.7.3 cannot be used"),
        ("SLES 15.6 Suse zypper 3.6.15", "Python 3.6.15 cannot be used"),
        ("Gentoo 2.15 Gentoo portage 3.12.1", "does not know what Gentoo calls the package"),
        ("Fedora 41 RedHat dnf 3.13.0", "dnf cannot install python3-pyroute2: "),
        ("openSUSE 16.0 Suse zypper 3.13.0", "zypper cannot install python3-pyroute2: "),
        ("Archlinux rolling Archlinux pacman 3.13.0", "pacman cannot install python-pyroute2: "),
    ],
)
def test_role_host_says_in_words_why_it_cannot_install_pyroute2(
    desk: Desk, facts: str, told: str
) -> None:
    """On a host that says it is another one: its package manager is not there."""
    keys = ("distribution", "distribution_version", "os_family", "pkg_mgr", "python_version")
    pretended = {**dict(zip(keys, facts.split())), "cacheable": True}
    role = {"name": "netiso.portmap.host", "tasks_from": "pyroute2_package"}
    tasks = [
        {"name": "Pretend", "ansible.builtin.set_fact": pretended},
        {"name": "Have pyroute2", "ansible.builtin.include_role": role},
    ]
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    (desk.directory / "play.yml").write_text(json.dumps(plays))
    said = desk.type("! ansible-playbook play.yml").stdout
    assert told in " ".join(said.replace("\\n", " ").split())
    assert "changed=0" in said


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


# --- what comes back after a boot -----------------------------------------------------------------


@pytest.mark.parametrize("off", ["left out", "text", "absent"])
def test_role_host_has_the_host_restored_at_boot_until_it_is_not_wanted(
    desk: Desk, off: str
) -> None:
    """What is installed, and that all of it goes, is the module's: see test_at_boot.py."""
    given = {**HOST, "portmap_host_restore_at_boot": True}
    play(desk, "host", **given)
    assert all(exists(desk, path) for path in (UNIT, f"{ENGINE}/current/_portmap", STATE))
    assert changed(play(desk, "host", **given)) == 0
    if off == "left out":
        play(desk, "host", **HOST)
    elif off == "text":  # as an inventory in INI says it, and -e
        play(desk, "host", "-e portmap_host_restore_at_boot=false", **HOST)
    else:
        play(desk, "host", **given, portmap_host_state="absent")
    assert not any(exists(desk, path) for path in (UNIT, ENGINE, STATE))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "roles").glob("*/templates/*.j2")), ids=lambda path: path.name
)
def test_systemctl_says_what_each_unit_is_for(path: Path) -> None:
    assert re.search(r"^Description=\S+ \S+", path.read_text(), re.MULTILINE)
