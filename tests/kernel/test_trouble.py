# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trouble that others had: leftovers, strange files, failures half-way, names that come back."""

from __future__ import annotations

import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import probes, state, steering
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import DB, WEB, inventory


def handles(text: str) -> list[str]:
    """Priority and handle of each filter that tc shows."""
    return re.findall(r"pref (\d+) .*?fh ([0-9a-f:]+)", text)


def test_no_two_filters_share_a_handle(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    for ports in (["31000-31031"], ["31001-31030"], ["31002-31003"]):
        prepared.container(name="db", ports=["31500-31999"])
        prepared.ranges(container="web", ports=[], state="exact")
        prepared.ranges(container="web", ports=ports, state="exact")
        for name in ("eth0", "lo", "pm-web", "pm-db"):
            counted = Counter(handles(state.filters(lab.host, name)))
            assert bool(counted) == steering.by_way(True, False)
            assert [handle for handle, times in counted.items() if times > 1] == []


def test_a_container_whose_pair_is_gone_is_removed(lab: Lab, prepared: Modules) -> None:
    before = state.of(lab.host)
    prepared.container(name="web", ports=["31000-31007"])
    lab.host.run("ip", "link", "del", "pm-web")
    with probes.servers() as servers:
        servers.listen(lab.host.place, WEB, HOST)
        assert prepared.container(name="web", state="absent")["changed"]
        assert Probe(lab.peer.place, "tcp", HOST, WEB).run().who == "host"
    assert state.difference(before, state.of(lab.host)) == ""


def test_purge_removes_what_is_left_of_a_pair(lab: Lab, prepared: Modules) -> None:
    before = state.of(lab.host)
    prepared.container(containers=inventory())
    lab.host.run("ip", "link", "del", "pm-db")
    prepared.container(containers=[], purge=True)
    assert prepared.info()["problems"] == []
    assert state.difference(before, state.of(lab.host)) == ""


def test_a_handle_in_use_can_be_removed(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    tenant = lab.host.start("sh", "-c", "echo ready; exec sleep 600", container="web")
    try:
        tenant.stdout.readline()
        assert prepared.container(name="web", state="absent")["changed"]
        assert os.listdir(lab.host.path("/run/netns")) == []
        assert tenant.poll() is None
        assert prepared.container(name="web", ports=["31000"])["changed"]
    finally:
        tenant.kill()
        tenant.communicate()


def test_strange_files_among_the_handles_are_left_alone(lab: Lab, prepared: Modules) -> None:
    lab.host.run("touch", "/run/netns/notes")
    lab.host.run("mkdir", "/run/netns/folder")
    lab.host.run("ln", "-s", "/nowhere", "/run/netns/link")
    prepared.container(containers=inventory())
    assert prepared.info()["problems"] == []
    prepared.container(containers=[], purge=True)
    prepared.host(state="absent")
    assert set(os.listdir(lab.host.path("/run/netns"))) == {"notes", "folder", "link"}


@pytest.mark.parametrize("name", ["portmap_host", "portmap_container", "portmap_info"])
def test_an_error_of_the_system_is_told_without_a_traceback(
    lab: Lab, prepared: Modules, name: str
) -> None:
    """A record that is a link to itself: an error that nobody thought of."""
    lab.host.run("ln", "-sf", "host.json", "/run/portmap/host.json")
    given = {"portmap_host": POOLS, "portmap_container": {"name": "web"}, "portmap_info": {}}
    for modules in (prepared, prepared.checking()):
        result = modules.result(name, given[name])
        assert result["failed"]
        assert result["msg"].startswith("cannot go on: ")
        assert "/run/portmap/host.json" in result["msg"]


def test_the_handle_directory_may_be_reached_by_a_link(lab: Lab, modules: Modules) -> None:
    lab.host.run("mkdir", "/run/real")
    lab.host.run("ln", "-s", "/run/real", "/run/netns")
    modules.host(**POOLS)
    modules.container(name="web", ports=["31000"])
    assert os.listdir(lab.host.path("/run/real")) == ["web"]
    assert not modules.host(**POOLS)["changed"]
    assert not modules.container(name="web", ports=["31000"])["changed"]
    assert "web" in lab.host.run("ip", "netns", "list").stdout


def test_the_same_name_with_another_process_moves_to_it(lab: Lab, prepared: Modules) -> None:
    """A service that was started again has a new namespace under the old name."""
    with lab.host.tenant() as first, lab.host.tenant() as second:
        for tenant in (first, second):
            assert prepared.container(name="web", pid=tenant.pid, ports=["31000-31007"])["changed"]
            inner = os.stat(f"/proc/{tenant.pid}/ns/net").st_ino
            assert os.stat(lab.host.path("/run/netns/web")).st_ino == inner
            with probes.servers() as servers:
                servers.listen(lab.container("web"), WEB, HOST)
                assert Probe(lab.peer.place, "tcp", HOST, WEB).run().who == "web"
        assert prepared.info()["problems"] == []


NEW = ("portmap_container", {"name": "new", "ports": ["31200-31299"]})
TOLD = re.compile(r"cannot .*\. (\d+) of (\d+) changes were done before \(.*\); (.*)$")
UNTOUCHED = ("all of it was undone", "nothing was changed")


def failing(modules: Modules, call: str, error: str, when: str) -> Modules:
    """The modules under a strace that has the given calls fail."""
    return modules.under(
        *("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"),
        *("-e", f"inject={call}:error={error}:when={when}"),
    )


@pytest.mark.parametrize(
    ("call", "step"), [("mount", 1), ("sendto,sendmsg", 2)], ids=["mount", "send"]
)
def test_a_failure_half_way_is_told_and_undone(
    lab: Lab, prepared: Modules, call: str, step: int
) -> None:
    """The n-th call fails, and none after it, for each n."""
    prepared.container(containers=inventory())
    before = state.unnumbered(state.of(lab.host))
    undone = 0
    for number in range(1, 1000, step):
        error = ("ENOSPC", "EPERM", "ENODEV")[number % 3]
        result = failing(prepared, call, error, str(number)).result(*NEW)
        if not result.get("failed"):
            break  # it was through before that call
        after = state.unnumbered(state.of(lab.host))
        told = TOLD.match(result["msg"])
        if told:
            assert told[3] in UNTOUCHED, result["msg"]
            undone += told[3] == UNTOUCHED[0]
        if "and stay" in result["msg"]:  # all was done, and looking again failed
            prepared.container(name="new", state="absent")
            after = state.unnumbered(state.of(lab.host))
        assert state.difference(before, after) == "", result["msg"]
    assert undone > 0
    assert prepared.info()["problems"] == []


@pytest.mark.parametrize("error", ["ENOSPC", "EPERM", "ENODEV"])
def test_what_cannot_be_undone_is_told_and_removed_by_the_next_run(
    lab: Lab, prepared: Modules, error: str
) -> None:
    """From the n-th request on the kernel takes none any more."""
    prepared.container(containers=inventory())
    before = state.unnumbered(state.of(lab.host))
    left = 0
    for number in range(1, 40, 4):
        result = failing(prepared, "sendto,sendmsg", error, f"{number}+").result(*NEW)
        if not result.get("failed"):
            break
        after = state.unnumbered(state.of(lab.host))
        if state.difference(before, after):
            left += 1
            assert "not undone" in result["msg"] or "and stay" in result["msg"], result["msg"]
        prepared.container(name="new", state="absent")
        after = state.unnumbered(state.of(lab.host))
        assert state.difference(before, after) == ""
    assert left > 0
    assert prepared.container(**NEW[1])["changed"]
    assert prepared.info()["problems"] == []


def test_touching_pools_are_cut_apart(modules: Modules) -> None:
    """Service ports 31008 and up beside ephemeral ports that end at 31007."""
    modules.host(
        ports=["31008-32000"],
        ephemeral_ports="30992-31007",
        ephemeral_ports_per_container=16,
    )
    made = modules.container(name="web", ports=["31008-31023"])["container"]
    assert (made["ports"], made["ephemeral_ports"]) == (["31008-31023"], "30992-31007")
    assert not modules.container(name="web", ports=["31008-31023"])["changed"]
    modules.ranges(container="web", ports=["31008-31023"], state="absent")
    told = modules.info(container="web")["containers"][0]
    assert (told["ports"], told["ephemeral_ports"]) == ([], "30992-31007")


def test_runs_at_once_give_each_its_container(prepared: Modules) -> None:
    names = [f"n{number}" for number in range(6)]
    with ThreadPoolExecutor() as pool:
        made = list(
            pool.map(
                lambda name: prepared.container(name=name, ports=[f"311{name[1]}0-311{name[1]}7"]),
                names,
            )
        )
    ranges = [item["container"]["ephemeral_ports"] for item in made]
    assert len(set(ranges)) == len(names)
    told = prepared.info()
    assert [item["name"] for item in told["containers"]] == names
    assert told["problems"] == []


def test_nobody_notices_a_host_that_is_prepared_again(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    with probes.servers() as servers:
        servers.listen(lab.container("db"), DB, HOST)
        for pool in (["31000-32000", "33000"], ["31000-32000"]):
            if pool[-1] == "33000":
                lab.host.place.set_sysctl("ipv4/ip_local_port_range", "40000 60999")
            prepared.host(**{**POOLS, "ports": pool})
            assert Probe(lab.peer.place, "tcp", HOST, DB).run().who == "db"
