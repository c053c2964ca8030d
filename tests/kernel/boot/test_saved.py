# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules save for the next boot."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from lab import state
from lab.machines import Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from reboots import DIRECTORY, FILE, keep, saved, text, write
from scene import PORTS, inventory


def test_without_the_directory_nothing_is_saved(lab: Lab, modules: Modules) -> None:
    lab.host.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
    modules.host(**POOLS)
    modules.container(containers=inventory())
    assert os.listdir(lab.host.path("/var/lib")) == []


def test_the_host_is_saved_as_it_was_asked_for(lab: Lab, keeping: Modules) -> None:
    changes = keeping.host(**POOLS)["changes"]
    assert [line for line in changes if line.startswith("save host")]
    data = json.loads(text(lab.host))
    assert data["version"] == 1
    assert data["containers"] == []
    assert data["host"] == {
        "public_interface": "",
        "loopback_interface": "",
        "ports": ["31000-32000"],
        "ephemeral_ports": "30001-30999",
        "ephemeral_ports_per_container": 16,
        "host_ephemeral_ports": None,
        "rp_filter": "relax",
    }


def test_what_is_saved_is_roots_alone(lab: Lab, placed: Modules) -> None:
    found = os.stat(lab.host.path(FILE))
    assert (found.st_mode & 0o7777, found.st_uid) == (0o600, 0)
    assert os.listdir(lab.host.path(DIRECTORY)) == ["desired.json"]


def test_every_module_saves_what_it_has_done(lab: Lab, placed: Modules) -> None:
    assert saved(lab.host)["web"] == {
        "name": "web",
        "netns": "web",
        "origin": "created",
        "ports": PORTS["web"],
        "ephemeral_ports": "30016-30031",
    }
    placed.ranges(container="web", ports=["31200"])
    assert saved(lab.host)["web"]["ports"] == ["31000-31007", "31100", "31200"]
    placed.container(name="db", state="absent")
    assert sorted(saved(lab.host)) == ["cache", "web"]
    placed.container(containers=[{"name": "cache"}], purge=True)
    assert sorted(saved(lab.host)) == ["cache"]
    placed.container(containers=[], purge=True)
    assert saved(lab.host) == {}
    placed.host(**{**POOLS, "ports": ["31000-31999"]})
    assert json.loads(text(lab.host))["host"]["ports"] == ["31000-31999"]
    assert f"delete the desired state {FILE}" in placed.host(state="absent")["changes"]
    assert os.listdir(lab.host.path(DIRECTORY)) == []
    assert not placed.host(state="absent")["changed"]


OPTIONS: dict[str, Any] = {
    "public_interface": "eth0",
    "ports": ["31000-32000", "32100"],
    "ephemeral_ports": "30001-30998",
    "ephemeral_ports_per_container": 32,
    "host_ephemeral_ports": "40000-49999",
    "rp_filter": "keep",
}


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_of_the_host_is_saved_when_it_alone_changes(
    lab: Lab, placed: Modules, option: str
) -> None:
    before = json.loads(text(lab.host))["host"]
    changes = placed.host(**{**POOLS, option: OPTIONS[option]})["changes"]
    assert json.loads(text(lab.host))["host"] == {**before, option: OPTIONS[option]}
    assert [line for line in changes if line.startswith("save host ")]
    assert not placed.host(**{**POOLS, option: OPTIONS[option]})["changed"]


OTHERWISE: dict[str, Any] = {
    "ports": ["31000-31006", "31100"],
    "ephemeral_ports": "30528-30543",
    "origin": "kept",
}


@pytest.mark.parametrize("key", OTHERWISE)
def test_a_container_that_would_come_back_otherwise_is_told(
    lab: Lab, placed: Modules, key: str
) -> None:
    data = json.loads(text(lab.host))
    web = next(one for one in data["containers"] if one["name"] == "web")
    web[key] = OTHERWISE[key]
    write(lab.host, json.dumps(data))
    (told,) = placed.problems()
    assert told["description"] == f"the next boot would not bring web back as now (see {FILE})"
    assert told["containers"] == ["web"]
    assert placed.info(container="web")["problems"] == [told]
    assert placed.info(container="db")["problems"] == []
    placed.container(name="web")
    assert placed.info()["problems"] == []


STEPS: list[tuple[str, dict[str, Any]]] = [
    ("portmap_host", {**POOLS, "ports": ["31000-32100"]}),
    ("portmap_container", {"name": "new", "ports": ["31400"]}),
    ("portmap_container", {"name": "web", "state": "absent"}),
    ("portmap_container", {"containers": [], "purge": True}),
    ("portmap_ranges", {"container": "web", "ports": ["31200"]}),
]


@pytest.mark.parametrize("step", STEPS, ids=[f"{name} {list(o)[-1]}" for name, o in STEPS])
def test_check_mode_tells_what_would_be_saved(
    lab: Lab, placed: Modules, step: tuple[str, dict[str, Any]]
) -> None:
    before, inode = text(lab.host), os.stat(lab.host.path(FILE)).st_ino
    foretold = placed.checking().differing().call(*step)
    assert (text(lab.host), os.stat(lab.host.path(FILE)).st_ino) == (before, inode)
    done = placed.differing().call(*step)
    assert foretold["changes"] == done["changes"]
    assert foretold["diff"] == done["diff"]
    assert "saved host " in done["diff"]["after"]
    assert [line for line in done["changes"] if line.startswith(("save ", "forget "))]
    after, inode = text(lab.host), os.stat(lab.host.path(FILE)).st_ino
    assert after != before
    assert not placed.call(*step)["changed"]
    assert os.stat(lab.host.path(FILE)).st_ino == inode, "a second run has written"


def test_switched_on_later_it_saves_what_is_there(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    keep(lab.host)
    kinds = [problem["kind"] for problem in prepared.info()["problems"]]
    assert kinds == ["drift"]
    assert prepared.host(**POOLS)["changed"]
    assert {name: one["ports"] for name, one in saved(lab.host).items()} == PORTS
    assert prepared.info()["problems"] == []


def test_a_lost_file_is_written_anew_by_any_run(lab: Lab, placed: Modules) -> None:
    whole = saved(lab.host)
    os.unlink(lab.host.path(FILE))
    placed.ranges(container="cache", ports=PORTS["cache"])
    assert saved(lab.host) == whole


@pytest.mark.parametrize("content", ["", "{", '{"version": 7}'])
def test_a_damaged_file_is_named_and_written_anew(lab: Lab, placed: Modules, content: str) -> None:
    whole = saved(lab.host)
    write(lab.host, content)
    assert FILE in placed.info()["problems"][0]["description"]
    assert placed.host(**POOLS)["changes"][0].startswith(f"write {FILE} anew: ")
    assert saved(lab.host) == whole
    assert placed.info()["problems"] == []
    assert not placed.host(**POOLS)["changed"]


def test_a_container_that_is_lost_is_saved_still_but_not_its_ports_when_others_have_them(
    lab: Lab, placed: Modules
) -> None:
    lab.host.ip("link del pm-web")
    placed.host(**POOLS)
    assert saved(lab.host)["web"]["ports"] == PORTS["web"]
    assert [one["containers"] for one in placed.problems()] == [["web"]]
    placed.container(name="new", ports=["31003", "31100"], ephemeral_ports="30128-30143")
    assert saved(lab.host)["web"]["ports"] == ["31000-31002", "31004-31007"]
    placed.container(name="newer", ports=[], ephemeral_ports="30016-30031")
    assert "web" not in saved(lab.host)


def test_a_directory_that_others_can_write_is_refused(lab: Lab, keeping: Modules) -> None:
    os.chmod(lab.host.path(DIRECTORY), 0o777)
    before = state.of(lab.host)
    with pytest.raises(ModuleError, match="others than root may write it"):
        keeping.host(**POOLS)
    assert state.difference(before, state.of(lab.host)) == ""


def test_one_container_asks_the_kernel_nothing_more(lab: Lab, placed: Modules) -> None:
    """Saving looks at no other container: the kernel is asked the same as without it."""
    counted = []
    log = "/run/log"
    for wanted in (True, False):
        traced = placed.under("strace", "-f", "-qq", "-e", "trace=sendto,sendmsg", "-o", log)
        traced.ranges(container="web", ports=["31200"])
        counted.append(lab.host.run("grep", "-c", "send", log).stdout)
        placed.ranges(container="web", ports=["31200"], state="absent")
        lab.host.run("mv", DIRECTORY, "/var/lib/not-wanted", check=wanted)
    assert counted[0] == counted[1]
