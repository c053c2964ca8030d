# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refused in the middle: what was done is undone, the message says so, and another run repairs.

The points of every operation (see points.py) fail once, with one error after the other; when
thorough, each point fails with each error.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

import stage as stages
from lab import state, steering
from lab.modules import Modules, Run
from lab.pools import POOLS
from lab.steering import BPF
from operations import NEW, OPERATIONS, Operation, begin
from points import chosen
from stage import Stage

ERRORS = ("ENOSPC", "EBUSY", "ENODEV", "EPERM", "ENOBUFS", "deaf")
ABSENT = {"name": "new", "state": "absent"}
# How a run that had begun to write ends its message.
ACCOUNT = re.compile(
    r"^cannot converge: after \d+ changes these are still to do \(.+\); something else changes this"
    r"|^cannot .*\. (\d+ of \d+ changes were done before \(.+\); "
    r"(?P<undone>all of it was undone|nothing was changed|not undone: .+; the next run repairs it)"
    r"|\d+ changes were done before, and stay, .+)$"
)
SITE = "ansible-playbook netiso.portmap.site -i inventory --limit HOST"
ENTRY = "fh 302:79:4e0"  # 31200-31207 in the table of ports


@pytest.mark.thorough("18 times as many runs: each error at each point")
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", ["do", "undo"])
def test_an_error_at_any_point_is_undone_and_told(
    bare: Stage, name: str, way: str, thorough: bool
) -> None:
    operation = OPERATIONS[name]
    modules = bare.modules
    begin(modules, operation)
    if way == "undo":
        modules.call(*operation.do)
        operation = Operation(operation.undo, operation.do)
    start = stages.look(modules)
    points = modules.run(*operation.do).points
    done = stages.look(modules)
    modules.call(*operation.undo)
    for at in chosen(points, thorough):
        for error in ERRORS if thorough else (ERRORS[at % len(ERRORS)],):
            told = f"{error} at {at} of {len(points)}, {points[at - 1]}"
            run = modules.run(*operation.do, at=at, fault=error)
            after = stages.look(modules)
            if run.failed:
                assert run.msg.startswith("cannot "), f"{told}: {run.msg}"
                undone = not state.difference(start, after)
                # All was done, but not verified, or not written down.
                late = run.msg.startswith(("cannot hear", "cannot write the "))
                assert undone or "not undone" in run.msg or late, (
                    f"{told}: {run.msg}\n{state.difference(start, after)}"
                )
                if undone:
                    continue
            else:
                assert state.difference(done, after) == "", told
            modules.call(*operation.do)
            assert state.difference(done, stages.look(modules)) == "", told
            modules.call(*operation.undo)
            assert state.difference(start, stages.look(modules)) == "", told


GONE = {
    "the namespace's handle": "ip netns delete web",
    "the veth": "ip link delete pm-web",
    "the container's link": "nsenter --net=/run/netns/web ip link delete eth0",
    "the veth's name": "ip link set pm-web down; ip link set pm-web name other",
    "the container's link's name": "nsenter --net=/run/netns/web sh -ec"
    " 'ip link set eth0 down; ip link set eth0 name other'",
    "the public interface": "ip link delete eth0",
    "the public interface's name": "ip link set eth0 down; ip link set eth0 name wan",
    "the ingress qdisc": "tc qdisc delete dev eth0 clsact",
}


@pytest.mark.parametrize("what", GONE)
@pytest.mark.parametrize("at", [3, 4, 5, 8])
def test_what_vanishes_between_looking_and_writing_is_told(
    placed: Stage, what: str, at: int
) -> None:
    """Point 3 is the first change: all was seen, nothing was written."""
    modules = placed.modules
    change = ("portmap_ranges", {"container": "web", "ports": ["31200-31207"]})
    run = modules.run(*change, at=at, fault=f"run:{GONE[what]}")
    check_account(modules, run, what)
    if "public" in what:
        return
    modules.call("portmap_host", POOLS)
    modules.call("portmap_container", {"containers": stages.inventory()})
    modules.call(*change)
    assert modules.problems() == []


def check_account(modules: Modules, run: Run, what: str) -> None:
    """A run that met with trouble overcame it, or says what it had done, and what it left."""
    if not run.failed:
        left = modules.problems()
        if steering.used == BPF and "qdisc" in what:
            # Ports are in the maps, not in filters of the host: the run met with no trouble.
            assert [(one["kind"], one["repair"]) for one in left] in ([], [("drift", SITE)])
            return
        assert left == []
        return
    told = ACCOUNT.match(run.msg)
    assert told, run.msg
    if told["undone"] and not told["undone"].startswith("not undone"):
        for link in ("eth0", "lo"):
            filters = modules.machine.shell(f"tc filter show dev {link} ingress", check=False)
            assert ENTRY not in filters, run.msg
        assert "31200" not in stages.look(modules).get("steering", ""), run.msg


@contextlib.contextmanager
def tenant(stage: Stage) -> Iterator[tuple[dict[str, Any], str]]:
    """A process with a namespace of its own: what places it, and a fault that ends it."""
    with stage.lab.host.tenant() as process:
        space = f"/proc/{process.pid}/ns/net"
        ended = f"while readlink {space} >/dev/null; do sleep 0.01; done"
        yield {**NEW, "pid": process.pid}, f"run:kill -9 {process.pid}; {ended}"


def test_a_process_that_ends_before_its_namespace_is_opened_leaves_nothing(placed: Stage) -> None:
    modules = placed.modules
    start = stages.look(modules)
    with tenant(placed) as (given, end):
        run = modules.run("portmap_container", given, at=2, fault=end)
    assert run.points[1].startswith("open /run/portmap/lock")
    assert run.failed
    assert "there is no such process" in run.msg
    assert state.difference(start, stages.look(modules)) == ""


def test_a_process_may_end_once_its_namespace_is_open(placed: Stage) -> None:
    """The namespace lives on by our handle, and what was placed is found there by the same run."""
    modules = placed.modules
    start = stages.look(modules)
    with tenant(placed) as (given, _end):
        points = modules.run("portmap_container", given).points
    modules.call("portmap_container", ABSENT)
    assert points[2] == "new link"
    for at in (*range(3, 12), len(points) // 2, len(points)):
        with tenant(placed) as (given, end):
            run = modules.run("portmap_container", given, at=at, fault=end)
        assert not run.failed, f"{at}, {points[at - 1]}: {run.msg}"
        assert [one["kind"] for one in modules.problems()] == ["dead_process"]
        modules.call("portmap_container", ABSENT)
        assert state.difference(start, stages.look(modules)) == ""


def test_a_run_that_cannot_look_again_says_what_it_has_done(placed: Stage) -> None:
    modules = placed.modules
    last = len(modules.run("portmap_container", NEW).points)
    modules.call("portmap_container", ABSENT)
    fault = "run:" + GONE["the public interface's name"]
    run = modules.run("portmap_container", NEW, at=last, fault=fault)
    assert run.failed
    # The new name is followed, but the routes went with the old one.
    assert "no default route from 10.0.0.1 through wan" in run.msg
    assert re.search(r"\d\d changes were done before, and stay", run.msg), run.msg


def test_a_handle_whose_file_stays_leads_to_its_namespace_again(placed: Stage) -> None:
    modules = placed.modules
    remove = ("portmap_container", {"name": "db", "state": "absent"})
    points = modules.run(*remove).points
    modules.call("portmap_container", {"containers": stages.inventory()})
    start, inode = stages.look(modules), _inode(modules)
    run = modules.run(*remove, at=points.index("remove /run/netns/db") + 1, fault="EBUSY")
    assert "all of it was undone" in run.msg
    assert state.difference(start, stages.look(modules)) == ""
    assert _inode(modules) == inode


def test_what_was_in_a_namespace_that_went_is_told(placed: Stage) -> None:
    """Its number may be that of the namespace which the undoing makes."""
    modules = placed.modules
    remove = ("portmap_container", {"name": "db", "state": "absent"})
    points = modules.run(*remove).points
    modules.call("portmap_container", {"containers": stages.inventory()})
    run = modules.run(*remove, at=points.index("delete link") + 1, fault="EPERM")
    assert "not undone: what was in the namespace of db; " in run.msg
    modules.call(*remove)
    assert modules.problems() == []


def _inode(modules: Modules) -> int:
    return int(modules.machine.run("stat", "--format=%i", "/run/netns/db").stdout)


def test_a_run_that_fails_ends_with_an_error(placed: Stage) -> None:
    """What Ansible sees: `failed`, and a process that does not end with 0."""
    done = placed.modules.execute("portmap_container", {"name": "new", "ports": ["1-2"]})
    assert done.code != 0
    assert '"failed": true' in done.out
