# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode changes nothing and says what the real run then does and returns."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from lab import state, steering, trace
from lab.machines import HOST, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from scene import inventory

# What comes before, and the step that is first predicted and then done.
STEPS: dict[str, tuple[list[tuple[str, dict[str, Any]]], tuple[str, dict[str, Any]]]] = {}

HOST_STEP = ("portmap_host", POOLS)
PLACED = ("portmap_container", {"containers": inventory()})


def step(
    title: str, /, *before: tuple[str, dict[str, Any]], module: str, **parameters: Any
) -> None:
    STEPS[title] = (list(before), (module, parameters))


step("prepare", module="portmap_host", **POOLS)
step("prepare again", HOST_STEP, module="portmap_host", **POOLS)
step("move the host", module="portmap_host", **POOLS, host_ephemeral_ports="40000-41000")
step("other pools", HOST_STEP, module="portmap_host", **{**POOLS, "ports": ["31000-31999"]})
step("unprepare", HOST_STEP, module="portmap_host", state="absent")
step("unprepare nothing", module="portmap_host", state="absent")
step("place one", HOST_STEP, module="portmap_container", name="new", ports=["31200-31299"])
step("place many", HOST_STEP, module="portmap_container", containers=inventory())
step("place again", HOST_STEP, PLACED, module="portmap_container", containers=inventory())
step("place a fourth", HOST_STEP, PLACED, module="portmap_container", name="new", ports=["31200"])
step("change ports", HOST_STEP, PLACED, module="portmap_container", name="web", ports=["31003"])
step(
    "change ephemeral ports",
    HOST_STEP,
    PLACED,
    module="portmap_container",
    name="web",
    ephemeral_ports="30528-30559",
)
step("remove one", HOST_STEP, PLACED, module="portmap_container", name="db", state="absent")
step("remove nobody", HOST_STEP, PLACED, module="portmap_container", name="x", state="absent")
step("purge all", HOST_STEP, PLACED, module="portmap_container", containers=[], purge=True)
step(
    "purge some",
    HOST_STEP,
    PLACED,
    module="portmap_container",
    containers=[{"name": "cache"}, {"name": "new", "ports": ["31000-31007"]}],
    purge=True,
)
for wanted in ("present", "absent", "exact"):
    step(
        f"ranges {wanted}",
        HOST_STEP,
        PLACED,
        module="portmap_ranges",
        container="web",
        ports=["31002-31005", "31200"],
        state=wanted,
    )


@pytest.mark.parametrize("name", STEPS)
def test_check_mode_tells_the_truth_and_does_nothing(
    lab: Lab, modules: Modules, tmp_path: Path, name: str
) -> None:
    earlier, (module, parameters) = STEPS[name]
    for done in earlier:
        modules.call(*done)
    before = state.of(lab.host)
    careful = modules.checking().differing()
    traced = trace.run(careful, module, tmp_path / "trace", **parameters)
    assert state.difference(before, state.of(lab.host)) == ""
    assert (traced.writes, traced.files) == ([], [])
    done_for_real = modules.differing().call(module, parameters)
    _assert_foretold(traced.result, done_for_real)
    assert not modules.checking().call(module, parameters)["changed"]


def _assert_foretold(foretold: dict[str, Any], came: dict[str, Any]) -> None:
    """All is the same, but for the number of a namespace that is still to be made: it is the kernel's."""
    told, done = _told(foretold), _told(came)
    for before, after in zip(_containers(told), _containers(done), strict=True):
        if after["namespace_inode"] and before["namespace_inode"] is None:
            assert after["created"]
            before["namespace_inode"] = after["namespace_inode"]
    assert told == done


def _told(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "invocation"}


def _containers(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a module that tells of none, or of one, or of many."""
    single = told.get("container")
    return [single] if single else told.get("containers", [])


@pytest.mark.parametrize(
    "damage",
    [
        "tc filter del dev eth0 ingress",
        "tc filter del dev pm-web ingress",
        "ip link del pm-web",
        "ip link set pm-web down",
        "umount /run/netns/web",
        f"nsenter --net=/run/netns/web ip address del {HOST}/24 dev eth0",
    ],
)
def test_check_mode_predicts_a_repair(lab: Lab, prepared: Modules, damage: str) -> None:
    prepared.container(containers=inventory())
    lab.host.run(*damage.split())
    time.sleep(0.3)  # a namespace that lost its handle goes in the background, its pair with it
    for module, parameters in (HOST_STEP, PLACED):
        before = state.of(lab.host)
        predicted = prepared.checking().differing().call(module, parameters)
        assert state.difference(before, state.of(lab.host)) == ""
        _assert_foretold(predicted, prepared.differing().call(module, parameters))


@pytest.mark.smoke
def test_the_diff_shows_the_objects_line_by_line(prepared: Modules) -> None:
    diff = prepared.differing().container(name="web", ports=["31000-31007"])["diff"]
    before, after = diff["before"].splitlines(), diff["after"].splitlines()
    assert after.pop(0) == "web: ports 31000-31007, ephemeral ports 30016-30031"  # for people
    assert before == sorted(before)
    assert after == sorted(after)
    assert set(before) < set(after)  # the first one replaces nothing
    new = "\n".join(set(after) - set(before))
    steered = steering.by_way("redirect", "lead to pm-web")
    for part in ("pm-web", "31000-31007", HOST, steered, "ip_local_port_range"):
        assert part in new


def test_the_diff_of_a_second_container_replaces_the_mirrors_that_u32_has(
    prepared: Modules,
) -> None:
    prepared.container(name="web", ports=["31000-31007"])
    diff = prepared.differing().container(name="db", ports=["31008"])["diff"]
    before, after = set(diff["before"].splitlines()), set(diff["after"].splitlines())
    gone = before - after
    assert len(gone) == steering.by_way(2, 0)  # of ARP, of ICMP
    for line in gone:
        assert "mirror dev pm-web" in line
        assert line.replace("mirror dev", "mirror dev pm-db mirror dev") in after


def test_without_diff_none_is_returned(prepared: Modules) -> None:
    assert "diff" not in prepared.container(name="web", ports=["31000"])


def test_the_diff_of_a_second_run_is_empty(prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    diff = prepared.differing().container(name="web", ports=["31000"])["diff"]
    assert diff["before"] == diff["after"]


def test_check_mode_refuses_what_the_real_run_refuses(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    with pytest.raises(ModuleError) as checked:
        prepared.checking().container(name="db", ports=["31000"])
    with pytest.raises(ModuleError) as real:
        prepared.container(name="db", ports=["31000"])
    assert checked.value.msg == real.value.msg
