# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""File systems without room: a run says which file it could not write, and what it has done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import state
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.pools import POOLS
from scene import inventory

DIRECTORY = "/var/lib/netiso-portmap"
SAVED = f"{DIRECTORY}/desired.json"
RECORD = "/run/portmap/host.json"
FULL = "No space left on device"


def fill(machine: Machine, directory: str) -> None:
    """Take all the room of a small file system that is mounted there."""
    machine.run("mount", "-o", "remount,size=64k", directory)
    machine.shell(f"dd if=/dev/zero of={directory}/ballast bs=4k 2>/dev/null || true")


@pytest.fixture
def keeping(lab: Lab, prepared: Modules) -> Modules:
    """A host that saves, in a small file system of its own."""
    lab.host.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/lib")
    lab.host.run("mkdir", "--mode", "700", DIRECTORY)
    prepared.container(containers=inventory())
    fill(lab.host, "/var/lib")
    return prepared


def saved(lab: Lab) -> list[str]:
    text = Path(lab.host.path(SAVED)).read_text(encoding="utf-8")
    return [one["name"] for one in json.loads(text)["containers"]]


def test_what_was_placed_but_not_saved_is_told(lab: Lab, keeping: Modules) -> None:
    result = keeping.result("portmap_container", {"name": "new", "ports": ["31200"]})
    assert result["failed"]
    assert f"cannot write the desired state {SAVED}: {FULL}" in result["msg"]
    assert "changes were done before, and stay (" in result["msg"]
    assert "add link pm-new" in result["msg"]
    assert "not done: save container new" in result["msg"]
    assert [one["name"] for one in keeping.info()["containers"]] == ["cache", "db", "new", "web"]
    assert saved(lab) == ["cache", "db", "web"]
    lab.host.run("rm", "/var/lib/ballast")
    again = keeping.container(name="new", ports=["31200"])
    assert [
        change for change in again["changes"] if "save" not in change and "new" not in change
    ] == []
    assert saved(lab) == ["cache", "db", "new", "web"]


def test_a_host_that_was_changed_but_not_saved_is_told(lab: Lab, keeping: Modules) -> None:
    result = keeping.result("portmap_host", {**POOLS, "ports": ["31000-32400"]})
    assert f"cannot write the desired state {SAVED}: {FULL}" in result["msg"]
    assert "1 change was done before, and stays (set ports to 31000-32400)" in result["msg"]
    assert "not done: save host" in result["msg"]


def test_without_room_for_the_record_nothing_is_changed(lab: Lab, modules: Modules) -> None:
    fill(lab.host, "/run")
    before = state.of(lab.host)
    result = modules.result("portmap_host", POOLS)
    assert f"cannot write the record {RECORD}: {FULL}" in result["msg"]
    after = state.of(lab.host)
    assert [line for line in state.difference(before, after).splitlines() if "portmap" not in line
            and line[:1] in "+-" and line[:3] not in ("+++", "---")] == []  # fmt: skip


def test_a_full_run_does_not_keep_containers_from_going(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    fill(lab.host, "/run")
    prepared.container(name="web", state="absent")
    prepared.container(name="web", ports=["31000"])  # an empty file has room
    prepared.container(containers=[], purge=True)
    assert prepared.info()["containers"] == []
