# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards of containers follow the ports that these are given, in the run that gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from ..decide import guards as decide
from ..engine.reconcile import Outcome
from ..linux import systemd
from ..linux.durable import Step
from ..memory import guard_units
from ..memory import guards as memory
from ..sight import guards as sight
from ..values.errors import InvalidRequest
from ..values.guards import Guard, Guards
from ..values.tenants import Container
from . import attaching
from .guarded import group_of, groups_of, inside, rules_of, take


def follow(placed: Iterable[Container], outcome: Outcome, dry_run: bool) -> None:
    """Tell the guards of these containers of their ports, for who holds the host's lock."""
    try:
        found = memory.load()
    except InvalidRequest as error:
        outcome.warnings.append(str(error))
        return
    told = inside(placed)
    guards = {} if found is None else found.guards
    mine = {name: guard for name, guard in guards.items() if guard.container in told}
    if found is None or not mine:
        return
    now = {name: guard._replace(**told[guard.container]._asdict()) for name, guard in mine.items()}
    after = found._replace(guards={**guards, **now})
    outcome.before += decide.lines(Guards(mine), ())
    outcome.after += decide.lines(Guards(now), ())
    outcome.changes += decide.headlines(found, after)
    take(_steps(found, after, list(now.values())), outcome, dry_run)


def _steps(before: Guards, after: Guards, guards: list[Guard]) -> Iterator[Step]:
    if after != before:
        yield Step(f"write {memory.PATH}", lambda: memory.save(after))
    groups = groups_of(guards)
    for guard in guards:
        path = group_of(guard, groups)
        found = sight.see(path) if path else None
        if found is not None and found.rules != rules_of(guard):
            yield Step(f"give the guard {guard.name} its ports", partial(_give, path, guard))
    unit = guard_units.UNIT
    if after != before and systemd.is_there() and unit.look().runs:
        yield Step(f"start {unit.name} anew", lambda: systemd.restart(unit.name))


def _give(path: str, guard: Guard) -> None:
    rules = rules_of(guard)
    if rules is not None:
        attaching.attach(path, rules)
