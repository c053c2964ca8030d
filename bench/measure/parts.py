# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the benchmark, each with as much work as there is time for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import control, engines, fleet, guard, info, limits, memory, sites, startup, traffic, usage

LOAD = sites.ROOT / ".build" / "bench" / "load"

Say = Callable[[str], None]
Parts = dict[str, Callable[[], Iterator[dict[str, Any]]]]


def full(say: Say, largest: int, rounds: int) -> Parts:
    """Half an hour, when nothing else runs on the machine."""
    several, few = (min(5, rounds), min(9, rounds)), min(3, rounds)
    seconds = upto(largest, {1000: 340, 100: 80, 10: 20, 1: 15})
    look = upto(largest, {1000: 60, 100: 15, 10: 10, 1: 10})
    flow = upto(largest, {1000: 180, 100: 90, 1: 60})
    grown = upto(largest, {1000: 1, 100: few})
    cases = [("containers", 1, few), ("containers", 100, 1), ("ports", 1, few)]
    cases += [("ports", 16, few), ("ports", 100, few), ("ports", 1000, 1), ("ports", 10000, 1)]
    cases = [case for case in cases if case[1] <= 10 * largest]
    hosts = fleet.runs(min(50, largest), min(20, largest), (5, 20, 50))
    return {
        "startup": lambda: startup.measure(min(7, rounds)),
        "ports": lambda: control.many_ports(min(5, rounds)),
        "forked": lambda: control.one_by_one(1),
        "control": lambda: control.measure(seconds, several, say),
        "info": lambda: info.measure(look, several, say),
        "traffic": lambda: traffic.measure(LOAD, flow, several, 0.3, say),
        "memory": lambda: memory.measure(grown, say),
        "guard": lambda: guard.measure(
            (5, min(15, rounds)), 60, {0: few, 2000: few, 8000: few}, say
        ),
        "limits": lambda: limits.measure((1, 10, 100, 1000), several[0], say),
        "usage": lambda: usage.measure(upto(largest, {100: 1, 1000: 1}), several[0], say),
        "fleet": lambda: fleet.measure(hosts, say),
        "engines": lambda: engines.measure(cases, 300, say),
    }


def quick(say: Say, largest: int, rounds: int) -> Parts:
    """Three minutes."""
    seconds = upto(largest, {1: 3, 10: 5, 100: 20})
    look = upto(largest, {1: 3, 10: 3, 100: 5})
    flow = upto(largest, {1: 5, 100: 10})
    cases = [(kind, 1, 1) for kind in ("containers", "ports")]
    cases += [("ports", ports, 1) for ports in (16, 100) if ports <= 10 * largest]
    return {
        "startup": lambda: startup.measure(min(2, rounds)),
        "ports": lambda: control.many_ports(1),
        "forked": lambda: control.one_by_one(1),
        "control": lambda: control.measure(seconds, (1, min(3, rounds)), say),
        "info": lambda: info.measure(look, (1, min(3, rounds)), say),
        "traffic": lambda: traffic.measure(LOAD, flow, (1, min(2, rounds)), 0.1, say),
        "memory": lambda: memory.measure(upto(largest, {100: 1}), say),
        "guard": lambda: guard.measure((1, 2), 5, {0: 1, 2000: 1}, say),
        "limits": lambda: limits.measure((10,), 1, say),
        "usage": lambda: usage.measure(upto(largest, {10: 1}), 1, say),
        "fleet": lambda: fleet.measure(fleet.runs(5, 5, (2, 5)), say),
        "engines": lambda: engines.measure(cases, 15, say),
    }


def upto(largest: int, counts: dict[int, Any]) -> dict[int, Any]:
    return {count: value for count, value in counts.items() if count <= largest}
