# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Having processes run in containers: files written, systemd told, and what came of it looked at."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ..decide import workload_leaving as leaving
from ..decide import workloads as decide
from ..decide.workloads import RESTART, Course, Home
from ..linux import durable, netns, procsys, systemd, units
from ..linux.durable import Step
from ..linux.view import viewed
from ..memory import record
from ..memory.lock import host_lock
from ..sight import survey as surveys
from ..sight import workloads as sight
from ..sight.processes_seen import WorkloadSeen
from ..steering import choose
from ..values.errors import InvalidRequest, Unplaced
from ..values.workloads import ABSENT, STARTED, STOPPED, File, Workload
from ..wanted.environment import environment
from ..wanted.sysctls import PING_GROUPS
from ..wanted.workload import sound
from ..wanted.workload.setting import ENVIRONMENTS, Setting
from .uplink import look_anyway

_OWED = f"{record.DIRECTORY}/restart"  # a file for each workload whose restart is still to come
# A service of Type=simple is started before its process has joined the namespace.
_PAUSES = (0.1, 0.4, 1.0)
_TOLD = 3  # workloads that an error tells about


class Run(NamedTuple):
    """What a task did, or would do: a course for each workload, in order."""

    courses: Sequence[Course]
    changes: list[str]
    warnings: list[str]
    diff: tuple[str, str] | None

    @property
    def results(self) -> list[dict[str, object]]:
        return [decide.result(one) for one in self.courses]

    @property
    def restarted(self) -> list[str]:
        return [one.workload.name for one in self.courses if one.act == RESTART]


def run(workloads: Sequence[Workload], *, purge: bool, dry_run: bool, with_diff: bool) -> Run:
    """Start, stop or remove the workloads; `purge` removes every other one."""
    sound.check_all(workloads)
    version = units.version()
    sound.check_version(workloads, version)
    with host_lock(dry_run):
        found = sight.all_files()
        if purge:
            workloads = decide.purging(workloads, found)
        homes = _homes(workloads, version)
        handles = {name: home.setting.handle for name, home in homes.items()}
        seen = sight.see(workloads, found, handles)
        owed = _owed()
        courses = []
        for one in workloads:
            home = _home(one, homes)
            course = decide.course(one, seen[one.name], home, one.name in owed)
            if one.state != ABSENT:
                decide.check_seen(one, seen[one.name], found, course.wanted)
            courses.append(course)
        warnings = [*_check_host(workloads, dry_run), *leaving.warnings(courses, seen)]
        _check_units(courses, version)
        told = decide.diff(courses, seen) if with_diff else None
        if not dry_run:
            _prepare(courses)
    # Without the lock: what starts may wait for the restoring of containers, which takes it.
    changes = decide.changes(courses)
    if not dry_run:
        _act(courses, changes)
        _finish(courses, changes)
    return Run(courses, changes, warnings, told)


def _home(workload: Workload, homes: Mapping[str, Home]) -> Home | None:
    """Raises InvalidRequest for a workload that shall run in a container that is not placed."""
    home = homes.get(workload.container)
    if home is None and workload.state == STARTED:
        raise InvalidRequest(
            f"cannot start {workload.name}: there is no container {workload.container} on this host;"
            " place it with netiso.portmap.portmap_container"
        )
    return home


def _homes(workloads: Iterable[Workload], version: int) -> dict[str, Home]:
    """The containers that are placed, of those that are needed."""
    states = {one.container: one.state for one in workloads if one.state != ABSENT}
    if not states:
        return {}
    prepared, why = record.read()
    if prepared is None:
        if STARTED in states.values():
            raise InvalidRequest(why)
        return {}
    with viewed() as view:
        uplink = look_anyway(view, prepared)
        if uplink.fault:
            raise InvalidRequest(f"cannot run workloads: {uplink.fault}")
        plane, pools = choose.plane(prepared.options.steering), prepared.options.pools
        placed = surveys.survey(view, plane, uplink.host, list(states), pools).containers
    address = uplink.host.ipv4.address
    groups = " ".join((procsys.read(PING_GROUPS) or "").split())
    homes = {}
    for name, container in placed.items():
        path = netns.handle_path(container.handle)
        inode = sight.inode(path)
        if inode:
            told = environment(container, address)
            homes[name] = Home(Setting(path, told, version, groups), inode)
    return homes


# --- before the first write -----------------------------------------------------------------------


def _check_host(workloads: Iterable[Workload], dry_run: bool) -> list[str]:
    """Raise InvalidRequest for what is not there; before it might still be made, only a warning."""
    told = [
        f"cannot run {one.name}: there is no {missing}"
        for one in workloads
        if one.state == STARTED
        for missing in sight.missing(one)
    ]
    told += [
        f"cannot run {one.name}: docker may not enter the network of its container: {why}"
        for one in workloads
        if one.state == STARTED and (why := sight.hindrance(one))
    ]
    if told and not dry_run:
        raise InvalidRequest("; ".join(told))
    return told


def _check_units(courses: Sequence[Course], version: int) -> None:
    """Raise InvalidRequest for a unit in which systemd finds a fault, or which it would read in part."""
    written = [
        file
        for one in courses
        for file in one.write
        if os.path.dirname(file.path) == systemd.UNITS
    ]
    if not written:
        return
    with tempfile.TemporaryDirectory() as directory:
        paths = [f"{directory}/{os.path.basename(file.path)}" for file in written]
        for path, file in zip(paths, written):
            durable.write_new(path, file.text.encode(), 0o644)
        faults = [line.replace(f"{directory}/", "") for line in units.faults(paths)]
    if faults:
        said = f"cannot write the units: systemd {version} does not understand them"
        raise InvalidRequest(f"{said}: {'; '.join(faults)}; change or leave out those options")


# --- doing it -------------------------------------------------------------------------------------


def _prepare(courses: Sequence[Course]) -> None:
    """Write the files, and have systemd read them.  What is cut short here, the next run finishes."""
    for one in courses:
        if one.act == RESTART:
            Step(f"note the restart of {one.unit}", partial(_note, one.workload.name)).take()
    for file in (file for one in courses for file in one.write):
        Step(f"write {file.path}", partial(_write, file)).take()
    _remove(path for one in courses for path in one.let_go)
    if any(one.reload for one in courses):
        systemd.reload()


def _act(courses: Sequence[Course], changes: list[str]) -> None:
    for verb in decide.VERBS:
        names = [unit for one in courses for unit in one.units(verb)]
        if names:
            units.act(verb, names)
    _check_ended(leaving.stopped(courses), changes)
    for one in courses:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{_OWED}/{one.workload.name}")
    with contextlib.suppress(OSError):  # it is not there, or more is owed
        os.rmdir(_OWED)
    gone = [path for one in courses for path in one.remove]
    if gone:
        _remove(gone)
        systemd.reload()


def _check_ended(courses: Sequence[Course], changes: list[str]) -> None:
    """Raise Unplaced for what runs on, while its files still say whose it is."""
    told = units.show([one.unit for one in courses])
    faults = [
        leaving.left(one, unit, sight.process(unit), units.last_words(one.unit))
        for one in courses
        if (unit := told[one.unit]).is_up
    ]
    if faults:
        raise Unplaced("; ".join(faults[:_TOLD]), changes)


def _finish(courses: Sequence[Course], changes: list[str]) -> None:
    """Raise Unplaced unless everything is as it shall be."""
    there = [one for one in courses if one.workload.state != ABSENT]
    seen = _look(there)
    for pause in _PAUSES:
        if not any(decide.is_deaf(one, seen[one.workload.name], _inode(one)) for one in there):
            break
        time.sleep(pause)
        seen = _look(there)
    faults = [fault for one in there if (fault := _fault(one, seen[one.workload.name]))]
    if faults:
        more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
        raise Unplaced("; ".join(faults[:_TOLD]) + more, changes)


def _look(there: Sequence[Course]) -> dict[str, WorkloadSeen]:
    handles = {one.workload.container: one.handle for one in there}
    return sight.see([one.workload for one in there], sight.all_files(), handles)


def _inode(one: Course) -> int:
    return sight.inode(one.handle)


def _fault(one: Course, seen: WorkloadSeen) -> str:
    if one.workload.state == STOPPED:
        return f"cannot stop {one.workload.name}: {one.unit} runs on" if seen.unit.runs else ""
    words = "" if seen.unit.runs else units.last_words(one.unit)
    return decide.fault(one, seen, _inode(one), words)


def _write(file: File) -> None:
    os.makedirs(os.path.dirname(file.path), mode=0o755, exist_ok=True)
    durable.replace(file.path, file.text.encode(), 0o644)


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        Step(f"remove {path}", partial(durable.remove, path)).take()
        directory = os.path.dirname(path)
        with contextlib.suppress(OSError):  # something else is in it
            if directory not in (systemd.UNITS, ENVIRONMENTS):
                os.rmdir(directory)


def _note(name: str) -> None:
    os.makedirs(_OWED, mode=0o755, exist_ok=True)
    with open(f"{_OWED}/{name}", "wb"):
        pass


def _owed() -> set[str]:
    return set(os.listdir(_OWED)) if os.path.isdir(_OWED) else set()
