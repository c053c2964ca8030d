# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed at any instant: nobody notices, and one more run finishes the work or takes it back.

The points of every operation are tried (see lab/faults.py and points.py); a point is counted in a
run that succeeds, not known beforehand.
"""

from __future__ import annotations

import re
from itertools import zip_longest

import pytest

import stage as stages
from lab import state
from lab.modules import Modules
from operations import OPERATIONS, Step, begin
from points import WHY, chosen
from stage import Stage

# What a run writes down, wherever: not what it is for.
FILES = re.compile(r"^write the record$|^(open|mkdir|rename|remove) /(run/portmap|var/lib)/")


@pytest.mark.thorough(WHY)
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_kill_at_any_point_harms_nobody_and_is_repaired(
    bare: Stage, name: str, thorough: bool
) -> None:
    operation = OPERATIONS[name]
    modules = bare.modules
    begin(modules, operation)
    start = stages.look(modules)
    doing = modules.run(*operation.do).points
    done = stages.look(modules)
    undoing = modules.run(*operation.undo).points
    assert state.difference(start, stages.look(modules)) == ""
    assert not all(FILES.search(point) for point in doing), "do changes no kernel"
    assert not all(FILES.search(point) for point in undoing), "undo changes no kernel"
    with stages.traffic(bare, *operation.others) as running:

        def kill(step: Step, points: tuple[str, ...], at: int) -> str:
            running.now(told := f"killed at {at} of {len(points)} of {step[0]}, {points[at - 1]}")
            assert modules.run(*step, at=at).killed, told
            assert leading_nowhere(modules) == [], told
            return told

        pairs = zip_longest(chosen(doing, thorough), chosen(undoing, thorough))
        for in_doing, in_undoing in pairs:
            if in_doing:
                told = kill(operation.do, doing, in_doing)
                modules.call(*operation.undo)
                assert state.difference(start, stages.look(modules)) == "", told
                told = kill(operation.do, doing, in_doing)
            modules.call(*operation.do)
            if in_doing:
                assert state.difference(done, stages.look(modules)) == "", told
            if in_undoing:
                told = kill(operation.undo, undoing, in_undoing)
            modules.call(*operation.undo)
            if in_undoing:
                assert state.difference(start, stages.look(modules)) == "", told
            assert operation.silent or running.losses() == []
        assert running.finish()["lost"] == [] or operation.silent


def leading_nowhere(modules: Modules) -> list[str]:
    """Filters of the host's interfaces whose target is no link any more."""
    lines = modules.machine.shell(
        "printf 'filter show dev eth0 ingress\nfilter show dev lo ingress' | tc -batch -",
        check=False,
    )
    return [line for line in lines.splitlines() if "Redirect to device *" in line]
