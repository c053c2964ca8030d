# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option follow: what it installs, beside what restore_at_boot does, foretells and takes away."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from changing import CONTAINERS, NEW, lives, renumber
from installed import ENGINE, STATE, UNITS, check_refused, engines, files
from lab.follower import following, until
from lab.machines import Lab, Machine
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

UNIT = f"{UNITS}/portmap-follow.service"
RESTORE_UNIT = f"{UNITS}/portmap-restore.service"
WANTED = f"{UNITS}/multi-user.target.wants/portmap-follow.service"
ON = {**POOLS, "follow": True}
OFF = {**POOLS, "follow": False}
BOTH = {**ON, "restore_at_boot": True}


def test_the_host_gets_an_engine_and_a_unit(host: Machine, modules: Modules) -> None:
    done = modules.host(**ON)
    version = os.readlink(host.path(f"{ENGINE}/current"))
    assert engines(host) == ["current", version]
    headline = "have portmap-follow.service follow the host's address, MAC, MTU and gateway"
    assert done["changes"][0] == headline
    told = [line for line in done["changes"] if line.split()[0] in ("copy", "write", "enable")]
    assert told == [
        f"copy the engine to {ENGINE}/{version}",
        f"write {UNIT}",
        "enable portmap-follow.service",
    ]
    assert files(host)[UNIT][0] == "-rw-r--r-- root"
    assert files(host)[WANTED][2] == UNIT
    assert not os.path.exists(host.path(STATE)), "following saves nothing"
    before = files(host)
    for parameters in (ON, POOLS):
        assert not modules.host(**parameters)["changed"]
    assert files(host) == before


def test_the_unit_comes_after_what_a_boot_restores_and_is_started_for_ever(
    host: Machine, modules: Modules
) -> None:
    modules.host(**ON)
    said = [line for line in files(host)[UNIT][2].splitlines() if line[:1] not in ("", "#", "[")]
    assert said == [
        "Description=Containers follow the host's address, MAC, MTU and gateway",
        "After=portmap-restore.service",
        f"RequiresMountsFor={ENGINE}",
        "StartLimitIntervalSec=0",
        "Type=notify",
        f"Environment=PYTHONPATH={ENGINE}/current",
        f"ExecStart={sys.executable} -Bsm _portmap.follow",
        "Restart=always",
        "RestartSec=5s",
        "TimeoutStopSec=5min",
        "WantedBy=multi-user.target",
    ]
    done = host.run("systemd-analyze", "verify", "--man=no", UNIT, check=False)
    assert [line for line in done.stderr.splitlines() if "portmap-follow" in line] == []
    assert host.run("systemctl", "is-enabled", "portmap-follow.service").stdout == "enabled\n"


def test_what_is_installed_follows_the_host(lab: Lab, host: Machine, modules: Modules) -> None:
    modules.host(**ON)
    modules.container(containers=CONTAINERS)
    with following(host, engine=Path(f"{ENGINE}/current")) as follower:
        follower.rests()
        renumber(lab)
        until(lambda: lives(lab, NEW), "packets pass again")
        assert len(engines(host)) == 2, "the engine has written beside itself"


SCENES: dict[str, dict[str, Any] | None] = {
    "bare": None,
    "neither": POOLS,
    "restored": {**POOLS, "restore_at_boot": True},
    "followed": ON,
    "both": BOTH,
}
STEPS: dict[str, dict[str, Any]] = {
    "on": ON,
    "off": OFF,
    "the other instead": {**OFF, "restore_at_boot": True},
    "instead of the other": {**ON, "restore_at_boot": False},
    "neither": {**OFF, "restore_at_boot": False},
    "left out": POOLS,
    "absent": {"state": "absent"},
}


@pytest.mark.parametrize("before", SCENES)
def test_check_mode_foretells_what_is_done_and_nothing_is_left_that_nobody_needs(
    host: Machine, modules: Modules, before: str
) -> None:
    for name, parameters in STEPS.items():
        modules.host(**POOLS, restore_at_boot=False, follow=False)
        modules.host(state="absent")
        given = SCENES[before]
        if given is not None:
            modules.host(**given)
        was = files(host)
        foretold = modules.checking().differing().host(**parameters)
        assert files(host) == was
        done = modules.differing().host(**parameters)
        assert (foretold["changes"], foretold["diff"]) == (done["changes"], done["diff"]), name
        assert not modules.host(**parameters)["changed"]
        diff = modules.differing().host(**parameters)["diff"]
        assert diff["before"] == diff["after"]
        assert there(host) == wanted(given or {}, parameters), name


def there(host: Machine) -> dict[str, bool]:
    found = files(host)
    return {
        "unit": UNIT in found,
        "restore": RESTORE_UNIT in found,
        "engine": ENGINE in found,
        "state": STATE in found,
    }


def wanted(before: dict[str, Any], parameters: dict[str, Any]) -> dict[str, bool]:
    on = {
        name: parameters.get(name, before.get(name, False)) and "state" not in parameters
        for name in ("follow", "restore_at_boot")
    }
    follow, restore = on["follow"], on["restore_at_boot"]
    return {"unit": follow, "restore": restore, "engine": follow or restore, "state": restore}


def test_a_unit_that_was_disabled_is_left_alone_unless_it_is_asked_for(
    host: Machine, modules: Modules
) -> None:
    modules.host(**ON)
    host.run("systemctl", "disable", "portmap-follow.service")
    before = files(host)
    assert not modules.host(**POOLS)["changed"]
    modules.host(**POOLS, restore_at_boot=True)
    modules.host(**POOLS, restore_at_boot=False)
    assert files(host)[UNIT][2] == before[UNIT][2]
    assert f"{ENGINE}/current" in files(host), "it is of no use without its engine"
    assert "enable portmap-follow.service" in modules.host(**ON)["changes"]


REFUSED = {
    "a masked unit": (f"ln -s /dev/null {UNIT}", f"{UNIT} is no plain file; take it away, or"),
    "no systemd": (
        "touch /run/nothing; mount --bind /run/nothing /usr/bin/systemctl",
        "cannot have containers follow the host: there is no systemctl, so no systemd; leave out follow, or",
    ),
}


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_had_is_refused_before_anything_is_done(
    modules: Modules, case: str
) -> None:
    check_refused(modules, ON, *REFUSED[case])


def test_a_service_that_is_dead_is_a_problem_and_the_next_run_would_start_it(
    host: Machine, modules: Modules
) -> None:
    """Where systemd is at work.  That it is started then, molecule shows with a real one."""
    modules.host(**ON)
    assert modules.info()["host"]["follow"] == "on"
    assert modules.problems() == []
    host.run("mkdir", "-p", "/run/systemd/system")
    told = modules.info()
    assert told["host"]["follow"] == "dead"
    assert [one["kind"] for one in told["problems"]] == ["not_following"]
    assert "portmap-follow.service does not run" in told["problems"][0]["description"]
    foretold = modules.checking().host(**POOLS)["changes"]
    assert foretold == [
        "have portmap-follow.service follow the host again",
        "start portmap-follow.service",
    ]
    with pytest.raises(ModuleError, match=r"cannot run systemctl start portmap-follow\.service: "):
        modules.host(**POOLS)
    assert modules.info()["host"]["follow"] == "dead"
