# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option restore_at_boot: what it installs, keeps up to date, foretells and takes away."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from installed import (
    ENGINE,
    OFF,
    ON,
    STATE,
    UNIT,
    UNITS,
    WANTED,
    check_refused,
    engines,
    files,
    of_the_role,
    restore,
)
from lab import machines
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.pools import POOLS
from scene import PORTS, inventory

# --- on -----------------------------------------------------------------------------------------


def test_the_host_gets_an_engine_a_unit_and_a_place_to_save(
    host: Machine, modules: Modules
) -> None:
    done = modules.host(**ON)
    version, link = engines(host)[1], os.readlink(host.path(f"{ENGINE}/current"))
    assert engines(host) == ["current", version]
    assert link == version
    assert done["changes"][0] == "have portmap-restore.service restore host and containers at boot"
    told = [
        line for line in done["changes"] if line.split()[0] in ("copy", "make", "write", "enable")
    ]
    assert told == [
        f"copy the engine to {ENGINE}/{version}",
        f"make the directory {STATE}",
        f"write {UNIT}",
        "enable portmap-restore.service",
    ]
    assert files(host)[STATE][0] == "drwx------ root"
    assert files(host)[UNIT][0] == "-rw-r--r-- root"
    assert files(host)[WANTED][2] == UNIT
    assert os.path.exists(host.path(f"{STATE}/desired.json")), "this run has not saved"


def test_the_unit_comes_after_the_network_and_before_containers_of_podman(
    host: Machine, installed: Modules
) -> None:
    said = [line for line in files(host)[UNIT][2].splitlines() if line[:1] not in ("", "#", "[")]
    assert said == [
        "Description=Containers that share the host's address, as Ansible last left them",
        "Wants=network-online.target",
        "After=network-online.target",
        "Before=podman-restart.service",
        f"RequiresMountsFor={ENGINE} {STATE}",
        "Type=oneshot",
        "RemainAfterExit=yes",
        f"Environment=PYTHONPATH={ENGINE}/current",
        f"ExecStart={sys.executable} -Bsm _portmap.restore",
        "TimeoutStartSec=10min",
        "WantedBy=multi-user.target",
    ]


def test_a_second_run_writes_nothing(host: Machine, installed: Modules) -> None:
    before = files(host)
    assert not installed.host(**ON)["changed"]
    assert not installed.host(**POOLS)["changed"]
    assert files(host) == before


def test_systemd_finds_no_fault_in_the_unit(host: Machine, installed: Modules) -> None:
    done = host.run("systemd-analyze", "verify", "--man=no", UNIT, check=False)
    assert [line for line in done.stderr.splitlines() if "portmap-restore" in line] == []
    said = host.run("systemctl", "is-enabled", "portmap-restore.service").stdout
    assert said == "enabled\n"


def test_what_is_installed_restores_the_host(lab: Lab, host: Machine, installed: Modules) -> None:
    """On another machine, which has the files of this one and has done nothing yet."""
    installed.container(containers=inventory())
    with machines.lab() as after:
        after.host.own_directories()
        archive = host.run(
            "sh", "-c", f"tar c {ENGINE} {STATE} {UNIT} 2>/dev/null | base64"
        ).stdout
        after.host.run("sh", "-c", "base64 -d | tar x -C /", text=archive)
        done = restore(after.host)
        assert (done.returncode, done.stdout) == (0, "")
        assert "restored the host and 3 of 3 containers" in done.stderr
        found = Modules(after.host).info()
        assert {one["name"]: one["ports"] for one in found["containers"]} == PORTS
        assert found["problems"] == []
        assert engines(after.host) == engines(host), "the engine has written beside itself"


STEPS: list[tuple[str, dict[str, Any]]] = [
    ("on", ON),
    ("off", OFF),
    ("left out", POOLS),
    ("absent", {"state": "absent"}),
]


@pytest.mark.parametrize("before", ["bare", "prepared", "installed", "of the role", "damaged"])
@pytest.mark.parametrize("parameters", [one for _, one in STEPS], ids=[name for name, _ in STEPS])
def test_check_mode_foretells_what_is_done_and_writes_nothing(
    host: Machine, modules: Modules, before: str, parameters: dict[str, Any]
) -> None:
    SCENES[before](host, modules)
    was = files(host)
    foretold = modules.checking().differing().host(**parameters)
    assert files(host) == was
    done = modules.differing().host(**parameters)
    assert foretold["changes"] == done["changes"]
    assert foretold["diff"] == done["diff"]
    assert not modules.host(**parameters)["changed"]
    diff = modules.differing().host(**parameters)["diff"]
    assert diff["before"] == diff["after"]


def bare(host: Machine, modules: Modules) -> None:
    pass


def prepared(host: Machine, modules: Modules) -> None:
    modules.host(**POOLS)


def turned_on(host: Machine, modules: Modules) -> None:
    modules.host(**ON)


def damaged(host: Machine, modules: Modules) -> None:
    modules.host(**ON)
    Path(host.path(f"{ENGINE}/current/_portmap/restore.py")).write_text("")
    Path(host.path(UNIT)).chmod(0o666)
    Path(host.path(STATE)).chmod(0o755)
    os.mkdir(host.path(f"{ENGINE}/engine-0123456789abcdef"))


SCENES = {
    "bare": bare,
    "prepared": prepared,
    "installed": turned_on,
    "of the role": of_the_role,
    "damaged": damaged,
}


# --- kept up to date ----------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [ON, POOLS], ids=["on", "left out"])
def test_a_host_of_the_role_is_moved_over_and_told(
    host: Machine, modules: Modules, parameters: dict[str, Any]
) -> None:
    of_the_role(host, modules)
    done = modules.host(**parameters)
    assert done["changes"][0] == "bring up to date what restores host and containers at boot"
    assert f"remove {ENGINE}/_portmap" in done["changes"]
    version = os.readlink(host.path(f"{ENGINE}/current"))
    assert engines(host) == ["current", version]
    assert restore(host).returncode == 0


@pytest.mark.parametrize("scene", ["installed", "of the role"])
def test_a_disabled_unit_is_left_alone_unless_it_is_asked_for(
    host: Machine, modules: Modules, scene: str
) -> None:
    SCENES[scene](host, modules)
    modules.host(**POOLS)
    host.run("systemctl", "disable", "portmap-restore.service")
    Path(host.path(UNIT)).write_text("[Service]\n")
    before = files(host)
    assert not modules.host(**POOLS)["changed"]
    assert files(host) == before
    assert "enable portmap-restore.service" in modules.host(**ON)["changes"]
    assert restore(host).returncode == 0


# --- off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [OFF, {"state": "absent"}], ids=["off", "absent"])
@pytest.mark.parametrize("scene", ["installed", "of the role", "damaged"])
def test_nothing_is_left_of_it(
    host: Machine, modules: Modules, scene: str, parameters: dict[str, Any]
) -> None:
    SCENES[scene](host, modules)
    modules.host(**POOLS)
    done = modules.host(**parameters)
    assert "have nothing restored at boot" in done["changes"]
    assert f"delete the desired state {STATE}/desired.json" in done["changes"]
    assert [path for path in files(host) if "portmap" in path] == []
    assert not modules.host(**parameters)["changed"]


@pytest.mark.parametrize("parameters", [OFF, {"state": "absent"}], ids=["off", "absent"])
def test_what_others_have_put_there_survives(
    host: Machine, installed: Modules, parameters: dict[str, Any]
) -> None:
    theirs = [f"{ENGINE}/notes", f"{STATE}/notes", f"{UNITS}/other.service", f"{UNIT}.d/own.conf"]
    os.mkdir(host.path(f"{UNIT}.d"))
    for path in theirs:
        Path(host.path(path)).write_text("mine")
    installed.host(**ON)
    installed.host(**parameters)
    left = {path: text for path, (mode, _, text) in files(host).items() if mode[0] != "d"}
    assert left == dict.fromkeys(theirs, "mine")


def test_a_place_to_save_that_somebody_has_made_stays_when_nothing_was_installed(
    host: Machine, modules: Modules
) -> None:
    host.run("mkdir", "--mode=700", STATE)
    modules.host(**POOLS)
    before = files(host)
    assert not modules.host(**OFF)["changed"]
    assert files(host) == before


# --- refused ------------------------------------------------------------------------------------

REFUSED = {
    "others may write where the engine is": (
        f"mkdir --mode=777 {ENGINE}",
        f"cannot use the directory {ENGINE}: others than root may write it",
    ),
    "somebody else's directory": (
        f"mkdir {ENGINE}; chown 65534 {ENGINE}",
        f"cannot use the directory {ENGINE}: its owner is user 65534 instead of root",
    ),
    "others may write where is saved": (
        f"mkdir --mode=777 {STATE}",
        f"cannot use the directory {STATE}: others than root may write it",
    ),
    "a file where is saved": (f"touch {STATE}", f"cannot save in {STATE}: it is not a directory"),
    "a masked unit": (
        f"ln -s /dev/null {UNIT}",
        f"{UNIT} is no plain file; take it away, or unmask",
    ),
    "no systemd": (
        "touch /run/nothing; mount --bind /run/nothing /usr/bin/systemctl",
        "there is no systemctl, so no systemd; leave out restore_at_boot, or set it to false",
    ),
}


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_had_is_refused_before_anything_is_done(
    modules: Modules, case: str
) -> None:
    check_refused(modules, ON, *REFUSED[case])


def test_a_host_without_systemd_can_do_without(host: Machine, modules: Modules) -> None:
    host.run("sh", "-ec", REFUSED["no systemd"][0])
    for parameters in (POOLS, OFF, {"state": "absent"}):
        modules.host(**parameters)
