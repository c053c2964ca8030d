# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed at any instant: nobody notices, and one more run finishes the work or takes it back.

Every point of every operation is tried (see faults.py); a point is counted in a run that succeeds,
not known beforehand.
"""

from __future__ import annotations

import pytest

import stage as stages
import world
from engine import Engine
from operations import OPERATIONS, SAVING, Step
from stage import Stage


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
