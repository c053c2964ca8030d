# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only changes of the kernel need pyroute2: a host that has none of ours can be asked and taken down without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import shape
from lab import state
from lab.machines import Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from test_playbooks import play

NEW = {"name": "new", "ports": ["31020"]}
ABSENT = (
    ("portmap_container", {"name": "web", "state": "absent"}),
    ("portmap_container", {"containers": [], "purge": True}),
    ("portmap_host", {"state": "absent"}),
)


@pytest.fixture
def hidden(tmp_path: Path) -> str:
    """A folder that hides pyroute2, when Python looks there first."""
    (tmp_path / "pyroute2.py").write_text("raise ImportError('No module named pyroute2')\n")
    os.chmod(tmp_path, 0o755)
    return str(tmp_path)


@pytest.fixture
def without(modules: Modules, hidden: str) -> Modules:
    return Modules(modules.machine, paths=(hidden, *modules.paths))


def test_nothing_is_to_be_taken_away_where_nothing_is(lab: Lab, without: Modules) -> None:
    before = state.of(lab.host)
    for module, parameters in ABSENT:
        for run in (without.checking(), without):
            said = run.call(module, parameters)
            assert (said["changed"], said["changes"]) == (False, [])
    assert [one["kind"] for one in without.problems()] == ["not_prepared"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_what_is_ours_is_told_with_what_is_missing(
    lab: Lab, modules: Modules, without: Modules
) -> None:
    shape.place(modules)
    before = state.of(lab.host)
    for module, parameters in (*ABSENT[:2], ("portmap_container", NEW)):
        for run in (without.checking(), without):
            with pytest.raises(ModuleError, match="install python3-pyroute2"):
                run.call(module, parameters)
    assert [one["name"] for one in without.info()["containers"]] == ["db", "web"]
    assert without.problems() == []
    assert not without.host(**POOLS)["changed"]
    assert state.difference(before, state.of(lab.host)) == ""
    modules.container(containers=[], purge=True)
    for run in (without.checking(), without):
        with pytest.raises(ModuleError, match="install python3-pyroute2"):
            run.host(state="absent")


def test_a_host_that_was_never_prepared_is_torn_down(
    lab: Lab, hidden: str, tmp_path: Path
) -> None:
    before = state.of(lab.host)
    assert "changed=0" in play(lab, tmp_path, "teardown", pythonpath=hidden)
    assert state.difference(before, state.of(lab.host)) == ""
