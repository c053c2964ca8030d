# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guards of a host: wanted by a task, written for the next start of a unit, attached at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..decide import guards as decide
from ..decide.guards import Wish
from ..engine.reconcile import Outcome
from ..linux import cgroups, durable, systemd
from ..linux.durable import Step
from ..memory import command_files, engine_copy, guard_units, units
from ..memory import guards as memory
from ..memory.engine_copy import EngineCopy
from ..memory.lock import host_lock
from ..sight import guards as sight
from ..values import guards as words
from ..values.errors import InvalidRequest, NotConverged, Unsupported
from ..values.guards import Guards
from . import attaching
from .guarded import group_of, groups_of, host_now, rules_of, take

NONE = Guards({})


class Run(NamedTuple):
    """`groups` are where the guards are attached, "" for what does not run."""

    outcome: Outcome
    guards: Guards
    groups: dict[str, str]


class Scene(NamedTuple):
    """What is there of guards, and what a run wants."""

    before: Guards
    after: Guards
    groups: dict[str, str]
    attached: dict[str, sight.Attached]
    files: dict[str, units.Found]
    unit: units.Found
    copied: engine_copy.Found


def place(wish: Wish, dry_run: bool) -> Run:
    """Have these guards.  Raises InvalidRequest, Unsupported or KernelRefused."""
    _check_machine()
    with host_lock(dry_run):
        scene = _look(wish)
        outcome = Outcome([], *_lines(scene))
        outcome.warnings += _warnings(scene)
        steps = list(_steps(scene))
        if steps:
            outcome.changes += decide.headlines(scene.before, scene.after)
        take(steps, outcome, dry_run)
        if not dry_run and steps:
            _verify(_look(wish))
        return Run(outcome, scene.after, scene.groups)


def _check_machine() -> None:
    cgroups.root()
    sight.shipped_tags()


def _verify(scene: Scene) -> None:
    left = [step.told for step in _steps(scene)]
    if left:
        raise NotConverged(
            f"cannot have the guards as they shall be: {left[0]} is still to be done; run the task"
            " again, and see who else changes units and groups"
        )


# --- what is there ------------------------------------------------------------------------------


def _look(wish: Wish) -> Scene:
    before = memory.load() or NONE
    containers = {guard.container for guard in before.guards.values()}
    containers |= {ask.container for ask in wish.asks}
    after = decide.wanted(before, wish, host_now(containers))
    both = [*before.guards.values(), *after.guards.values()]
    _check_systemd(after)
    groups = groups_of(both)
    paths = {guard_units.path(guard) for guard in both} | set(guard_units.there())
    return Scene(
        before,
        after,
        groups,
        {path: found for path in groups.values() for found in [_see(path)] if found},
        {path: guard_units.look(path) for path in sorted(paths) if path},
        guard_units.UNIT.look(),
        _COPY.look(),
    )


_COPY = EngineCopy()


def _see(path: str) -> sight.Attached | None:
    return sight.see(path) if path else None


def _check_systemd(after: Guards) -> None:
    kept = [one for one in after.guards.values() if one.kind != words.CGROUP]
    if kept and not systemd.is_there():
        raise Unsupported(
            f"cannot guard {kept[0].kind} {kept[0].target}: there is no systemd; guard its cgroup"
        )


def _warnings(scene: Scene) -> Iterator[str]:
    if scene.after.guards and not systemd.is_there():
        yield (
            "there is no systemd: after a boot nothing attaches the guards, and nobody tells what they"
            " saw; run this task again then"
        )


def _lines(scene: Scene) -> tuple[str, str]:
    attached = [path for path, found in scene.attached.items() if found.programs]
    paths = [group_of(one, scene.groups) for one in scene.after.guards.values()]
    now = [path for path in paths if path in scene.attached]
    return (
        decide.lines(scene.before, (f"attached to {path}" for path in attached)),
        decide.lines(scene.after, (f"attached to {path}" for path in now)),
    )


# --- what is done -------------------------------------------------------------------------------


def _steps(scene: Scene) -> Iterator[Step]:
    """New before old: what is guarded stays guarded, whenever the run is killed."""
    before, after = scene.before, scene.after
    files = engine_copy.sources() if after.guards else {}
    union = Guards({**before.guards, **after.guards}, after.scan_interval)
    if after.guards:
        yield from _COPY.installing(scene.copied, files)
        if union != before or not os.path.exists(memory.PATH):
            yield from _directory()
            yield Step(f"write {memory.PATH}", lambda: memory.save(union))
    yield from _drop_ins(scene)
    yield from _attaching(scene)
    yield from _leaving(scene)
    if after.guards and union != after:
        yield Step(f"write {memory.PATH} without them", lambda: memory.save(after))
    if not after.guards and os.path.exists(memory.PATH):
        yield Step(f"remove {memory.PATH}", _forget)
    yield from _watching(scene, files)
    yield from _old_engines(scene, files)


def _directory() -> Iterator[Step]:
    path = memory.DIRECTORY
    if not os.path.isdir(path):
        yield Step(f"make the directory {path}", lambda: durable.make_directory(path, 0o700))


def _forget() -> None:
    memory.FILE.delete()
    if not os.listdir(memory.DIRECTORY):
        os.rmdir(memory.DIRECTORY)


def _drop_ins(scene: Scene) -> Iterator[Step]:
    told = []
    for guard in scene.after.guards.values():
        path = guard_units.path(guard)
        if not path:
            continue
        if scene.files[path].strange:
            raise InvalidRequest(
                f"cannot guard {guard.name}: {path} is no plain file; move it away"
            )
        text = guard_units.text(guard, sys.executable, _COPY.path)
        if scene.files[path].text != text:
            told.append(path)
            yield Step(f"write {path}", partial(_write, path, text))
    if told:
        yield Step("have systemd read its units again", systemd.reload)


def _write(path: str, text: str) -> None:
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        durable.make_directory(directory, 0o755)
    durable.replace(path, text.encode(), 0o644)


def _attaching(scene: Scene) -> Iterator[Step]:
    for guard in scene.after.guards.values():
        path = group_of(guard, scene.groups)
        found = scene.attached.get(path)
        if found is None:
            continue  # its start attaches it
        rules = rules_of(guard)
        if rules is None:
            continue  # nothing of it can run
        if not found.whole:
            told = f"attach the guard {guard.name} to {path}"
        elif found.rules != rules:
            told = f"give the guard {guard.name} its ports"
        else:
            continue
        yield Step(told, partial(attaching.attach, path, rules))


def _leaving(scene: Scene) -> Iterator[Step]:
    """What guards have left behind that are gone, or on something else now."""
    kept = list(scene.after.guards.values())
    files = {guard_units.path(guard) for guard in kept}
    told = [path for path, found in scene.files.items() if path not in files and found.text]
    for path in told:
        yield Step(f"remove {path}", partial(_remove, path))
    if told:
        yield Step("have systemd read its units again", systemd.reload)
    paths = {group_of(guard, scene.groups) for guard in kept}
    for path, found in scene.attached.items():
        if path not in paths and found.programs:
            yield Step(f"detach the guard from {path}", partial(attaching.detach, path))


def _remove(path: str) -> None:
    durable.remove(path)
    if not os.listdir(os.path.dirname(path)):
        os.rmdir(os.path.dirname(path))


def _watching(scene: Scene, files: dict[str, bytes]) -> Iterator[Step]:
    """The unit that attaches at a boot, tells and acts."""
    unit, name = guard_units.UNIT, guard_units.UNIT.name
    if not systemd.is_there():
        return
    if not scene.after.guards:
        yield from unit.disabling(scene.unit)
        yield from unit.removing(scene.unit)
        return
    steps = unit.installing(scene.unit, guard_units.watching(sys.executable, _COPY.path))
    yield from steps
    newer = scene.copied.files != files or scene.before != scene.after
    if newer and scene.unit.runs and not steps:
        yield Step(f"start {name} anew", lambda: systemd.restart(name))


def _old_engines(scene: Scene, files: dict[str, bytes]) -> Iterator[Step]:
    if scene.after.guards:
        yield from _COPY.cleaning(scene.copied, files)
    elif not command_files.look().there and all(
        unit.look().text is None for unit in (units.RESTORE, units.FOLLOW)
    ):
        yield from _COPY.removing(scene.copied)
