# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed at any instant: nobody notices, and one more run finishes the work or takes it back.

Every point of every operation is tried (see faults.py); a point is counted in a run that succeeds,
not known beforehand.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import pytest
import stage as stages
import world
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

    @property
    def reverse(self) -> Operation:
        return Operation(self.undo, self.do, self.others, (*self.before, self.do))


HOST: Step = ("portmap_host", POOLS)
PLACED: Step = ("portmap_container", {"containers": inventory()})
PLACE = Operation(
    ("portmap_container", NEW),
    ("portmap_container", {"name": "new", "state": "absent"}),
    before=(HOST, PLACED),
)
RANGES = Operation(
    ("portmap_ranges", {"container": "db", "ports": ["31001-31010", "31200"], "state": "exact"}),
    ("portmap_ranges", {"container": "db", "ports": stages.PORTS["db"], "state": "exact"}),
    before=(HOST, ("portmap_container", {"containers": inventory("db")})),
    others=("db",),
)
PURGE = Operation(
    ("portmap_container", {"containers": inventory("web"), "purge": True}),
    ("portmap_container", {"containers": [NEW, *inventory()]}),
    others=("web",),
    before=(HOST, ("portmap_container", {"containers": [NEW, *inventory()]})),
)
REPARE = Operation(
    ("portmap_host", MOVED_POOLS),
    ("portmap_host", POOLS),
    before=(HOST, PLACED),
)
PREPARE = Operation(HOST, ("portmap_host", {"state": "absent"}), others=())
OPERATIONS = {
    "place": PLACE,
    "remove": PLACE.reverse,
    "change ports": RANGES,
    "purge": PURGE,
    "change the host": REPARE,
    "prepare the host": PREPARE,
    "take the host back": PREPARE.reverse,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_kill_at_any_point_harms_nobody_and_is_repaired(bare: Stage, name: str) -> None:
    operation = OPERATIONS[name]
    engine = bare.engine
    for step in operation.before:
        engine.do(*step)
    start = world.look(engine)
    points = engine.run(*operation.do).points
    done = world.look(engine)
    engine.do(*operation.undo)
    start = world.look(engine) if name == "prepare the host" else start
    assert world.difference(start, world.look(engine)) == ""
    assert start != done
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(stages.traffic(bare, *operation.others))
        for at, point in enumerate(points, 1):
            told = f"killed at {at} of {len(points)}, {point}"
            running.now(told)
            assert engine.run(*operation.do, at=at).killed, told
            assert leading_nowhere(engine) == [], told
            engine.do(*operation.do)
            assert world.difference(done, world.look(engine)) == "", told
            engine.do(*operation.undo)
            assert engine.run(*operation.do, at=at).killed, told
            engine.do(*operation.undo)
            assert world.difference(start, world.look(engine)) == "", told
            assert running.losses() == []
        assert running.finish()["lost"] == []


def leading_nowhere(engine: Any) -> list[str]:
    """Filters of the host's interfaces whose target is no link any more."""
    return [line for line in world.look(engine) if "Redirect to device *" in line]
