# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed at any instant: nobody notices, and one more run finishes the work or takes it back.

Every point of every operation is tried (see faults.py); a point is counted in a run that succeeds,
not known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import stage as stages
import world
from engine import Engine
from stage import POOLS, Stage, inventory

Step = tuple[str, dict[str, Any]]
NEW = {"name": "new", "ports": ["31200-31299"]}
MOVED_POOLS = {**POOLS, "ports": ["31000-32100"], "rp_filter": "keep"}


@dataclass(frozen=True)
class Operation:
    """Something to do, and how to take it back; `others` have traffic meanwhile."""

    do: Step
    undo: Step
    others: tuple[str, ...] = ("web", "db")
    before: tuple[Step, ...] = ()
    saving: bool = False  # for the next boot
    # An ingress qdisc that comes or goes makes the kernel stop the link's sending for a moment.
    silent: bool = False


SAVING = "mount -t tmpfs tmpfs /var/lib && mkdir -m 700 /var/lib/netiso-portmap"
HOST: Step = ("portmap_host", POOLS)
PLACED: Step = ("portmap_container", {"containers": inventory()})
OPERATIONS = {
    "prepare the host, or take that back": Operation(
        HOST,
        ("portmap_host", {"state": "absent"}),
        others=(),
        silent=True,
    ),
    "change the host": Operation(
        ("portmap_host", MOVED_POOLS),
        HOST,
        before=(HOST, PLACED),
    ),
    "place a container, or remove it": Operation(
        ("portmap_container", NEW),
        ("portmap_container", {"name": "new", "state": "absent"}),
        before=(HOST, PLACED),
    ),
    "change ports": Operation(
        (
            "portmap_ranges",
            {"container": "db", "ports": ["31003-31010", "31200"], "state": "exact"},
        ),
        ("portmap_ranges", {"container": "db", "ports": stages.PORTS["db"], "state": "exact"}),
        before=(HOST, ("portmap_container", {"containers": inventory("db")})),
        others=("db",),
    ),
    "change the host, and save it": Operation(
        ("portmap_host", MOVED_POOLS),
        HOST,
        before=(HOST, PLACED),
        saving=True,
    ),
    "change ports, and save them": Operation(
        ("portmap_ranges", {"container": "db", "ports": ["31200"]}),
        ("portmap_ranges", {"container": "db", "ports": ["31200"], "state": "absent"}),
        before=(HOST, PLACED),
        saving=True,
    ),
    "purge, or place all at once": Operation(
        ("portmap_container", {"containers": inventory("web"), "purge": True}),
        ("portmap_container", {"containers": [*inventory(), NEW]}),
        before=(HOST, ("portmap_container", {"containers": [*inventory(), NEW]})),
        others=("web",),
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_kill_at_any_point_harms_nobody_and_is_repaired(bare: Stage, name: str) -> None:
    operation = OPERATIONS[name]
    engine = bare.engine
    if operation.saving:
        engine.must(SAVING)
    for step in operation.before:
        engine.do(*step)
    engine.do(*operation.do)
    engine.do(*operation.undo)  # the lock and what cannot be restored are there from now on
    start = world.look(engine)
    doing = engine.run(*operation.do).points
    done = world.look(engine)
    undoing = engine.run(*operation.undo).points
    assert world.difference(start, world.look(engine)) == ""
    assert start != done
    with stages.traffic(bare, *operation.others) as running:

        def kill(step: Step, points: tuple[str, ...], at: int) -> str:
            told = f"killed at {at} of {len(points)} of {step[0]}, {points[at - 1]}"
            running.now(told)
            assert engine.run(*step, at=at).killed, told
            assert leading_nowhere(engine) == [], told
            return told

        for at in range(1, max(len(doing), len(undoing)) + 1):
            if at <= len(doing):
                told = kill(operation.do, doing, at)
                engine.do(*operation.undo)
                assert world.difference(start, world.look(engine)) == "", told
                told = kill(operation.do, doing, at)
            engine.do(*operation.do)
            if at <= len(doing):
                assert world.difference(done, world.look(engine)) == "", told
            if at <= len(undoing):
                told = kill(operation.undo, undoing, at)
            engine.do(*operation.undo)
            if at <= len(undoing):
                assert world.difference(start, world.look(engine)) == "", told
            assert operation.silent or running.losses() == []
        assert running.finish()["lost"] == [] or operation.silent


def leading_nowhere(engine: Engine) -> list[str]:
    """Filters of the host's interfaces whose target is no link any more."""
    lines = engine.shell(
        "printf 'filter show dev eth0 ingress\nfilter show dev lo ingress' | tc -batch -"
    )
    return [line for line in lines.splitlines() if "Redirect to device *" in line]
