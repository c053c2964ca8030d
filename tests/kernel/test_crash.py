# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed in the middle: the next run finishes, or absent removes, and the others never notice.

strace delivers the kill at a chosen send, so that the module has no part in it.
"""

from __future__ import annotations

from typing import Any

import pytest

from lab import probes, state
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import DB, WEB, inventory

STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "host": ("portmap_host", {**POOLS, "ports": ["31000-32100"]}),
    "place": ("portmap_container", {"name": "new", "ports": ["31200-31299"]}),
    "change": ("portmap_ranges", {"container": "web", "ports": ["31001-31005"], "state": "exact"}),
    "remove": ("portmap_container", {"name": "cache", "state": "absent"}),
}
KILLED_AT = range(1, 40, 3)


def killed(modules: Modules, send: int) -> Modules:
    """The modules under a strace that kills at the given send of the process's main thread."""
    calls = "sendto,sendmsg"
    return modules.under(
        *("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:signal=KILL:when={send}"),
    )


@pytest.mark.parametrize("step", STEPS)
def test_the_next_run_finishes_what_a_killed_one_began(
    lab: Lab, prepared: Modules, step: str
) -> None:
    module, parameters = STEPS[step]
    prepared.container(containers=inventory())
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST)
        servers.listen(lab.container("db"), DB, HOST)
        deaths = 0
        for send in KILLED_AT:
            done = killed(prepared, send).execute(module, parameters)
            if done.out:
                break  # it was through before that send
            deaths += 1
            for port, owner in ((WEB, "web"), (DB, "db")):
                for source in (lab.peer, lab.host):
                    assert Probe(source.place, "tcp", HOST, port).run().who == owner
        assert deaths, "nothing was killed"
    result = prepared.call(module, parameters)
    assert not prepared.call(module, parameters)["changed"]
    assert prepared.info()["problems"] == []
    assert result["changes"] == [] or result["changed"]


def test_absent_removes_what_a_killed_run_began(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    before = state.unnumbered(state.of(lab.host))
    for send in KILLED_AT:
        done = killed(prepared, send).execute(*STEPS["place"])
        if done.out:
            break
        prepared.container(name="new", state="absent")
        after = state.unnumbered(state.of(lab.host))
        assert state.difference(before, after) == "", f"killed at send {send}"
        assert prepared.info()["problems"] == []


def test_a_killed_run_leaves_no_lock(prepared: Modules) -> None:
    done = killed(prepared, 3).execute(*STEPS["place"])
    assert not done.out
    assert prepared.container(name="new", ports=["31200-31299"])["container"]["name"] == "new"
