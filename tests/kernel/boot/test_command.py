# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option command: what it installs, keeps up to date, foretells and takes away."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from installed import ENGINE, UNIT, engines
from installed import host as host  # a machine with directories of its own
from lab import state
from lab.machines import Machine
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

PROGRAM = "/usr/local/bin/portmapctl"
COMPLETION = "/usr/local/share/bash-completion/completions/portmapctl"
PAGE = "/usr/local/share/man/man8/portmapctl.8"
FILES = [PROGRAM, COMPLETION, PAGE]
ON = {**POOLS, "command": True}
OFF = {**POOLS, "command": False}
BOTH = {**ON, "restore_at_boot": True}


def there(machine: Machine) -> dict[str, tuple[int, int, str]]:
    """Mode, inode and text of what is in the places of our files, and the version of the engine in use."""
    found = {}
    for path in FILES:
        here = Path(machine.path(path))
        if here.exists():
            about = here.stat()
            found[path] = (about.st_mode & 0o7777, about.st_ino, here.read_text())
    link = machine.path(f"{ENGINE}/current")
    if os.path.lexists(link):
        found[ENGINE] = (0, 0, os.readlink(link))
    return found


def test_the_host_gets_an_engine_a_program_its_completion_and_its_page(
    host: Machine, modules: Modules
) -> None:
    done = modules.host(**ON)
    assert done["changes"][0] == "install the command portmapctl"
    version = os.readlink(host.path(f"{ENGINE}/current"))
    told = [line for line in done["changes"] if line.split()[0] in ("copy", "write")]
    assert told == [
        f"copy the engine to {ENGINE}/{version}",
        *(f"write {path}" for path in FILES),
    ]
    found = there(host)
    assert [found[path][0] for path in FILES] == [0o755, 0o644, 0o644]
    assert found[PROGRAM][2].startswith(f"#!{sys.executable} -I\n")
    assert not Path(host.path(UNIT)).exists()
    assert host.run("portmapctl", "list").stdout == "there is no container\n"


def test_a_second_run_writes_nothing(host: Machine, modules: Modules) -> None:
    modules.host(**ON)
    host.run("portmapctl", "list")  # which leaves what Python has compiled beside the sources
    before = there(host)
    for parameters in (ON, POOLS):
        assert not modules.host(**parameters)["changed"]
    assert there(host) == before


def bare(host: Machine, modules: Modules) -> None:
    pass


def turned_on(host: Machine, modules: Modules) -> None:
    modules.host(**ON)


def both(host: Machine, modules: Modules) -> None:
    modules.host(**BOTH)
    host.run("portmapctl", "list")


def damaged(host: Machine, modules: Modules) -> None:
    modules.host(**ON)
    Path(host.path(f"{ENGINE}/current/_portmap/portmapctl.py")).write_text("")
    Path(host.path(PROGRAM)).chmod(0o777)
    os.unlink(host.path(PAGE))
    Path(host.path("/usr/local/bin/.portmapctl.new")).write_text("a killed run")


def of_before(host: Machine, modules: Modules) -> None:
    """Another version of the collection has written it."""
    modules.host(**ON)
    for path in (PROGRAM, f"{ENGINE}/current/_portmap/portmapctl.py"):
        file = Path(host.path(path))
        file.write_text(file.read_text() + "# of before\n")


SCENES = {one.__name__: one for one in (bare, turned_on, both, damaged, of_before)}
RUNS: dict[str, dict[str, Any]] = {
    "on": ON,
    "off": OFF,
    "left out": POOLS,
    "absent": {"state": "absent"},
    "only at boot": {**OFF, "restore_at_boot": True},
    "no more at boot": {**POOLS, "restore_at_boot": False},
}
# Where neither scene nor run decides, it stays: by scene, whether the command and the unit are there.
WAS = {name: (name != "bare", name == "both") for name in SCENES}
WANTED = {
    "on": (True, None),
    "off": (False, None),
    "left out": (None, None),
    "absent": (False, False),
}
WANTED.update({"only at boot": (False, True), "no more at boot": (None, False)})


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("run", RUNS)
def test_what_is_foretold_is_done_and_the_engine_stays_for_who_needs_it(
    host: Machine, modules: Modules, scene: str, run: str
) -> None:
    SCENES[scene](host, modules)
    before = there(host)
    foretold = modules.checking().differing().host(**RUNS[run])
    assert there(host) == before
    done = modules.differing().host(**RUNS[run])
    assert (foretold["changes"], foretold["diff"]) == (done["changes"], done["diff"])
    command, unit = (
        was if wanted is None else wanted for was, wanted in zip(WAS[scene], WANTED[run])
    )
    assert [path in there(host) for path in FILES] == [command] * 3
    assert Path(host.path(UNIT)).exists() == unit
    assert (len(engines(host)) if os.path.exists(host.path(ENGINE)) else 0) == 2 * (
        command or unit
    )
    assert not os.path.lexists(host.path("/usr/local/bin/.portmapctl.new"))
    if command:
        assert host.run("portmapctl", "list").stdout == "there is no container\n"
    diff = modules.differing().host(**RUNS[run])
    assert not diff["changed"]
    assert diff["diff"]["before"] == diff["diff"]["after"]


STRANGE = {
    "a program of others": f"echo '#!/bin/sh' >{PROGRAM}",
    "a link": f"ln -s /bin/true {PROGRAM}",
    "a directory": f"mkdir -p {PAGE}",
}


@pytest.mark.parametrize("case", STRANGE)
def test_what_others_have_in_its_place_is_left_alone(
    host: Machine, modules: Modules, case: str
) -> None:
    host.run("sh", "-ec", STRANGE[case])
    listing = f"ls -ldi {PROGRAM} {PAGE} 2>/dev/null || true"
    kernel, before = state.of(host), host.shell(listing)
    for some in (modules.checking(), modules):
        with pytest.raises(ModuleError, match=r"cannot install portmapctl: \S+ is not ours; move"):
            some.host(**ON)
    assert state.difference(kernel, state.of(host)) == ""
    assert host.shell(listing) == before
    for parameters in (POOLS, OFF, {"state": "absent"}):
        modules.host(**parameters)
    assert host.shell(listing) == before
