# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports guard under kills, against processes that try for ever, and in numbers."""

from __future__ import annotations

import statistics
import time
from typing import Any

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import cgroups
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import (
    programs as bpf_programs,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.call import closing

from guarding import FOREIGN, OWN, POLICED, guard, on_host, programs
from guarding import group as group
from guarding import guarded as guarded
from guarding import lab as lab
from guarding import modules as modules
from lab import cgroups as groups
from lab import scanner
from lab.cgroups import Group
from lab.modules import Modules
from lab.ways import I4, TCP, bind

OTHER = 31100
MOST_POINTS = 100


def bound(group: Group, lab: Any, port: int) -> bool:
    return group.run(on_host(lab, lambda: bind(I4, TCP, port))) == "bound"


def killed_everywhere(modules: Modules, given: dict[str, Any], reset: Any, check: Any) -> int:
    """Kill a run at each of its points, from the same start; how many there are."""
    for at in range(1, MOST_POINTS):
        reset()
        run = modules.run("portmap_guard", given, at=at)
        check(run.points[-1] if run.points else "")
        if not run.killed:
            assert not run.failed, run.msg
            return at - 1
    raise AssertionError("a run has no end")


def test_a_killed_change_leaves_the_old_guard_or_the_new_one(lab, modules, group):
    """OWN and OTHER change places: at any time exactly one of both is refused, and FOREIGN is."""
    old, new = guard(group, ports=[str(OWN)]), guard(group, ports=[str(OTHER)])

    def check(point: str) -> None:
        first, second = bound(group, lab, OWN), bound(group, lab, OTHER)
        assert first != second, point
        assert not bound(group, lab, FOREIGN), point

    assert killed_everywhere(modules, new, lambda: modules.guard(**old), check) >= 4
    assert modules.guard(**new)["changes"] == []
    assert len(programs(group)) == 4


def test_a_killed_run_over_damaged_programs_leaves_one_that_refuses(lab, modules, group):
    """One hook of four is empty: all are attached anew, each in its turn, in place of the old one."""
    given = guard(group)

    def damage() -> None:
        modules.guard(**given)
        _detach(group, 3)  # sock_ops, which refuses nothing

    def check(point: str) -> None:
        assert bound(group, lab, OWN), point
        assert not bound(group, lab, FOREIGN), point

    assert killed_everywhere(modules, given, damage, check) >= 5
    modules.guard(**given)
    assert modules.guard(**given)["changes"] == []
    assert len(programs(group)) == 4


def test_a_killed_removal_is_finished_by_the_next_run(lab, modules, group):
    given = {"guards": [], "purge": True}
    killed_everywhere(modules, given, lambda: modules.guard(**guard(group)), lambda point: None)
    assert programs(group) == set()
    assert modules.guard(**given)["changes"] == []


def _detach(group: Group, hook: int) -> None:
    with group.open() as directory:
        for number in cgroups.attached(directory, hook):
            with closing(bpf_programs.by_id(number)) as one:
                cgroups.detach(directory, one, hook)


# --- against who tries for ever -----------------------------------------------------------------

ATTEMPTS = 1000
OTHERS = 2000


def test_of_a_thousand_short_listeners_none_is_had(lab, guarded):
    assert guarded.run(on_host(lab, lambda: scanner.flicker(FOREIGN, ATTEMPTS))) == "0"


def test_of_as_many_a_scanner_misses_most_on_a_host_with_others(lab, group):
    """It looks as often as the kernel answers, where the original looked every 30 seconds."""

    def act() -> str:
        had: list[int] = []
        with scanner.crowd(OTHERS):
            told = scanner.scanned(FOREIGN, lambda: had.append(scanner.flicker(FOREIGN, ATTEMPTS)))
        return f"{had[0]} {told.seen}"

    had, seen = map(int, group.run(on_host(lab, act)).split())
    assert had == ATTEMPTS  # nobody is in its way
    assert 0 < seen < ATTEMPTS / 2


# --- in numbers ---------------------------------------------------------------------------------

ROUNDS, BINDS = 15, 300


def cost(group: Group, lab: Any) -> float:
    """CPU seconds of socket, bind, listen and close."""

    def act() -> str:
        began = time.process_time()
        for _ in range(BINDS):
            bind(I4, TCP, OWN)
        return str(time.process_time() - began)

    return float(group.run(on_host(lab, act)))


def test_a_guard_costs_a_bind_next_to_nothing(lab, guarded, group):
    """The same in a group beside it, in turns; the best of each, since others disturb."""
    with groups.group() as free:
        turns = [(cost(guarded, lab), cost(free, lab)) for _ in range(ROUNDS)]
    ratio = min(one for one, _ in turns) / min(other for _, other in turns)
    assert ratio < 1.3, f"{ratio:.2f} {statistics.median(a / b for a, b in turns):.2f}"


MANY = 1000


def test_a_thousand_guards_are_one_run(lab, modules, group):
    listed = [
        {
            "name": f"g{number}",
            "cgroup": f"/{group.path.name}/{number}",
            "ports": [str(31000 + number)],
        }
        for number in range(MANY)
    ]
    children = [group.child(str(number)) for number in range(MANY)]
    given = {"guards": listed, "policed": POLICED, "action": "deny", "scan_interval": 0}
    began = time.monotonic()
    modules.guard(**given)
    first = time.monotonic() - began
    again = modules.guard(**given)
    assert again["changes"] == []
    assert time.monotonic() - began < 120, f"{first:.0f} s for the first run"
    for number in (0, 1, MANY - 1):
        assert bound(children[number], lab, 31000 + number)
        assert not bound(children[number], lab, 31000 + (number + 1) % MANY)
