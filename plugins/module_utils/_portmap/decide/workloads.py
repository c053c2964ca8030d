# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task about workloads leads to, decided from what was seen.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..sight.processes_seen import FileSeen, WorkloadSeen
from ..values.errors import InvalidRequest
from ..values.workloads import ABSENT, ALWAYS, DOCKER, ENGINES, STARTED, STOPPED, File, Workload
from ..wanted.workload import files, listening
from ..wanted.workload.setting import ENVIRONMENTS, UNITS, Setting
from ..wanted.workload.spelling import filled

START, RESTART, STOP = "start", "restart", "stop"
VERBS = (STOP, RESTART, START)  # in the order in which it is done


class Course(NamedTuple):
    """What is done about one workload, in this order: `write`, `act`, `remove`; `why` says it to people.

    What lets systemd start the workload goes before it is stopped: that is `let_go`.  `wanted` are
    the files as they shall be, `handle` is the path of its container's.  `sockets` are units that are
    acted on together with `unit`, and those `closed` are stopped before.
    """

    workload: Workload
    unit: str
    wanted: tuple[File, ...]
    write: tuple[File, ...] = ()
    let_go: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    act: str = ""
    why: str = ""
    reload: bool = False
    handle: str = ""
    sockets: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    def units(self, verb: str) -> list[str]:
        """On which this is done.

        A socket opens only while its service is stopped; systemd 252 leaves some closed when both are
        restarted in one go.
        """
        verbs = (STOP, START) if self.act == RESTART and self.sockets else (self.act,)
        acted = [self.unit, *self.sockets] if verb in verbs else []
        return [*acted, *self.closed] if verb == STOP else acted

    @property
    def changes(self) -> bool:
        return bool(self.write or self.let_go or self.remove or self.act or self.closed)


class Home(NamedTuple):
    """The container of a workload as it is placed; `inode` is that of its namespace."""

    setting: Setting
    inode: int


def purging(workloads: Sequence[Workload], found: Mapping[str, FileSeen]) -> list[Workload]:
    """The workloads asked for, and of all others that they shall be absent."""
    asked = {one.name for one in workloads}
    labels = {one.label.workload: one.label for one in found.values() if one.label}
    others = [labels[name] for name in sorted(labels.keys() - asked)]
    return [*workloads, *(Workload(one.workload, one.container, ABSENT) for one in others)]


def known(workload: Workload, setting: Setting) -> dict[str, str]:
    """What may stand as ${NAME} in a command and in env."""
    sandbox = {"SANDBOX": files.sandbox(workload)} if workload.sandbox else {}
    return {**setting.environment, **sandbox}


def filled_in(workload: Workload, setting: Setting) -> Workload:
    """The workload with the values of its container where it names them."""
    values = known(workload, setting)
    env = tuple((name, filled(value, values, "env")) for name, value in workload.env)
    values = {**values, **dict(env)}
    command = tuple(filled(one, values, "command") for one in workload.command)
    sockets = tuple((name, filled(port, values, "sockets")) for name, port in workload.sockets)
    workload = workload._replace(env=env, command=command, sockets=sockets)
    listening.check(workload, setting)
    return workload


def check_seen(
    workload: Workload, seen: WorkloadSeen, found: Mapping[str, FileSeen], wanted: Sequence[File]
) -> None:
    """Raise InvalidRequest where something of somebody else is in the way."""
    name = workload.name
    if seen.label and seen.label.unit != workload.unit_name:
        raise InvalidRequest(
            f"cannot run {name} by {workload.unit_name}: it is run by {seen.label.unit}; remove it first"
            " with state: absent"
        )
    if seen.label and DOCKER == seen.label.engine != workload.engine:  # it would run on
        raise InvalidRequest(
            f"cannot run {name} by {workload.engine}: docker runs it; remove it first with state: absent"
        )
    for file in wanted:
        there = found.get(file.path)
        if there and (there.label is None or there.label.workload != name):
            whose = f"workload {there.label.workload}" if there.label else "somebody else"
            raise InvalidRequest(f"cannot write {file.path} for {name}: it is a file of {whose}")
    if workload.unit and seen.unit.load == "not-found":
        raise InvalidRequest(
            f"cannot bind {workload.unit} to {workload.container}: there is no such unit"
        )
    own = files.unit_path(workload)
    if not workload.unit and seen.unit.path not in ("", own):
        raise InvalidRequest(
            f"cannot write {own}: there is a unit of this name already, {seen.unit.path}; bind it with"
            " 'unit', or give the workload another name"
        )


def course(workload: Workload, seen: WorkloadSeen, home: Home | None, owed: bool) -> Course:
    """`home` is None while the container is not placed; `owed`: an earlier run could not restart it."""
    unit = seen.label.unit if seen.label else workload.unit_name
    if workload.state == ABSENT:
        return _leaving(workload, unit, seen)
    if home is None:  # stopped, and nothing can be said of what it would be given
        gone = tuple(path for path in seen.files if _is_upholding(path))
        return _stopping(Course(workload, unit, (), let_go=gone, reload=bool(gone)), seen)
    wanted = files.files(filled_in(workload, home.setting), home.setting)
    paths = {file.path for file in wanted}
    write = tuple(file for file in wanted if seen.files.get(file.path) != file.text)
    gone = tuple(path for path in seen.files if path not in paths)
    stale = any(unit.stale for unit in (seen.unit, *(one.unit for one in seen.sockets.values())))
    of_systemd = [path for path in (*gone, *(file.path for file in write)) if _is_systemds(path)]
    reload = stale or bool(of_systemd)
    found = Course(workload, unit, wanted, write, gone, reload=reload, handle=home.setting.handle)
    closed = tuple(one for one in files.sockets(gone) if seen.sockets[one].unit.is_up)
    found = found._replace(closed=closed)
    if workload.state == STOPPED:
        return _stopping(found, seen)
    return _running(found, seen, home, owed)


def _leaving(workload: Workload, unit: str, seen: WorkloadSeen) -> Course:
    let_go = tuple(path for path in seen.files if _is_upholding(path))
    rest = tuple(path for path in seen.files if path not in let_go)
    if not seen.files:
        return Course(workload, unit, ())
    why = f"removed, with {seen.process}" if seen.process else "removed"
    left = Course(workload, unit, (), (), let_go, rest, why=why, reload=bool(let_go))
    return left._replace(act=STOP if _is_up(seen) else "", sockets=tuple(seen.sockets))


def _stopping(found: Course, seen: WorkloadSeen) -> Course:
    if _is_up(seen) and seen.label:
        return found._replace(act=STOP, why="stopped", sockets=tuple(seen.sockets), closed=())
    return found._replace(why="set up" if not seen.files else "changed while stopped")


def _running(found: Course, seen: WorkloadSeen, home: Home, owed: bool) -> Course:
    name = found.workload.container
    written = files.sockets(file.path for file in found.write)
    gone = files.sockets(found.let_go)
    unheard = [
        unit
        for unit, one in seen.sockets.items()
        if not one.heard and unit not in written and unit not in gone
    ]
    found = found._replace(sockets=(*written, *unheard))
    if not seen.unit.runs:
        if _waits(found.workload, seen) and not found.sockets:
            return found._replace(why="changed while it waits for who comes")
        up = [one for one in found.sockets if one in seen.sockets and seen.sockets[one].unit.is_up]
        closed = (*found.closed, *up)
        return found._replace(act=START, why=f"started in container {name}", closed=closed)
    reasons = []
    deaf = is_deaf(found, seen, home.inode)
    if deaf:
        reasons.append("it sat in another network namespace than its container's")
    if unheard:
        reasons.append(f"nobody listened for it on {listening.named(unheard)}")
    reasons += _changed(found, seen)
    if owed:
        reasons.append("an earlier run was cut short")
    if reasons and (found.workload.restart or deaf or unheard):
        return found._replace(act=RESTART, why=f"restarted: {', '.join(reasons)}")
    found = found._replace(sockets=())
    return found._replace(
        why=f"not restarted: {', '.join(reasons)}" if reasons else "kept running"
    )


def is_deaf(one: Course, seen: WorkloadSeen, inode: int) -> bool:
    """Whether it runs in another namespace than that of its container, of this inode."""
    return not one.workload.elsewhere and bool(seen.spaces) and inode not in seen.spaces


def _waits(workload: Workload, seen: WorkloadSeen) -> bool:
    """Whether it has ended because nobody came, and is started by who comes next."""
    ended = seen.unit.active == "inactive" and seen.unit.result == "success"
    return bool(seen.sockets) and ended and workload.restart_policy != ALWAYS


def _changed(found: Course, seen: WorkloadSeen) -> list[str]:
    """What of its files a running process does not know."""
    told = []
    for file in found.write:
        if _is_upholding(file.path):
            continue
        if file.path.endswith(".env"):
            names = _differing(seen.files.get(file.path, ""), file.text)
            told.append(
                f"its environment changed ({', '.join(names)})" if names else "its files changed"
            )
        elif not _is_systemds(file.path):
            told.append("its bundle changed")
        elif files.sockets([file.path]):
            told.append(f"its socket {listening.named(files.sockets([file.path]))} changed")
        else:
            told.append("its unit changed")
    return told


def _differing(before: str, after: str) -> list[str]:
    had, has = (
        dict(line.split("=", 1) for line in text.splitlines()[1:] if "=" in line)
        for text in (before, after)
    )
    return sorted(name for name in {*had, *has} if had.get(name) != has.get(name))


def _is_up(seen: WorkloadSeen) -> bool:
    return any(unit.is_up for unit in (seen.unit, *(one.unit for one in seen.sockets.values())))


def _is_systemds(path: str) -> bool:
    return not path.startswith(f"{ENVIRONMENTS}/")


def _is_upholding(path: str) -> bool:
    """Whether the file is the one that has systemd start the workload with its container."""
    return ".mount.d/" in path


def counted(seen: Iterable[WorkloadSeen]) -> dict[str, int]:
    """How many run, by what runs them, and of all of them how many have a root directory of their own."""
    found = dict.fromkeys((*ENGINES, "unit", "own_root"), 0)
    for one in seen:
        if one.label and one.unit.runs:
            ours = f"{UNITS}/{one.label.unit}" in one.files
            found[one.label.engine if ours else "unit"] += 1
            found["own_root"] += one.own_root
    return found


# --- for people -----------------------------------------------------------------------------------


def changes(courses: Sequence[Course]) -> list[str]:
    """Lines about each workload that changes, then what is done to files and to systemd, in order."""
    told = [f"{one.workload.name}: {one.why}" for one in courses if one.changes]
    told += [f"write {file.path}" for one in courses for file in one.write]
    told += [f"remove {path}" for one in courses for path in one.let_go]
    if any(one.reload for one in courses):
        told.append("reload systemd")
    for verb in VERBS:
        told += [f"{verb} {unit}" for one in courses for unit in one.units(verb)]
    rest = [f"remove {path}" for one in courses for path in one.remove]
    return told + rest + (["reload systemd"] if rest else [])


def diff(courses: Sequence[Course], seen: Mapping[str, WorkloadSeen]) -> tuple[str, str]:
    """Before and after: a line for each workload, then the files that differ, whole."""
    before, after = [], []
    for one in sorted(courses, key=lambda course: course.workload.name):
        before.append(_line(one, *_state_before(seen[one.workload.name])))
        after.append(_line(one, one.workload.state, one.workload.container))
    for one in courses:
        had = seen[one.workload.name].files
        gone = [*one.let_go, *one.remove]
        before += [
            _whole(path, had[path])
            for path in (*(file.path for file in one.write), *gone)
            if path in had
        ]
        after += [_whole(file.path, file.text) for file in one.write]
    return "".join(before), "".join(after)


def _line(one: Course, state: str, container: str) -> str:
    if not state or state == ABSENT:
        return ""
    return f"{one.workload.name}: {state} in container {container} by {one.unit}\n"


def _state_before(seen: WorkloadSeen) -> tuple[str, str]:
    if not seen.label:
        return "", ""
    up = seen.unit.runs or any(one.unit.is_up for one in seen.sockets.values())
    return (STARTED if up else STOPPED), seen.label.container


def _whole(path: str, text: str) -> str:
    return f"{path}:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def result(one: Course) -> dict[str, object]:
    """A workload as the module returns it."""
    workload = one.workload
    there = workload.state != ABSENT
    return {
        "name": workload.name,
        "state": workload.state,
        "container": workload.container if there else None,
        "engine": workload.engine if there and not workload.unit else None,
        "unit": one.unit if there else None,
        "environment": _variables(one),
    }


def _variables(one: Course) -> dict[str, str]:
    text = next((file.text for file in one.wanted if file.path.endswith(".env")), "")
    return dict(line.split("=", 1) for line in text.splitlines()[1:])


def fault(one: Course, seen: WorkloadSeen, inode: int, words: str) -> str:
    """What is wrong with a workload that shall run; "" for nothing.  `words`: what it has said last."""
    unit = seen.unit
    ending = f": {words}" if words else ""
    if not unit.runs and not _waits(one.workload, seen):
        said = f"{one.unit} is {unit.active} ({unit.result}, status {unit.status})"
        return f"cannot start {one.workload.name}: {said}{ending}; see journalctl -u {one.unit}"
    if not inode:
        return f"cannot start {one.workload.name}: its container {one.workload.container} went meanwhile"
    deaf = [name for name, socket_seen in seen.sockets.items() if not socket_seen.heard]
    if deaf:
        said = f"nobody listens on {listening.named(deaf)}"
        state = seen.sockets[deaf[0]].unit
        said += f", {deaf[0]} is {state.active} ({state.result}); see journalctl -u {deaf[0]}"
        return f"cannot start {one.workload.name}: {said}"
    if is_deaf(one, seen, inode):
        said = f"{one.unit} does not run in the container {one.workload.container}"
        remedy = (
            "set join: true, or have the unit itself join /run/netns"
            if one.workload.unit
            else "take away the drop-ins of others that change its network"
        )
        return f"cannot start {one.workload.name}: {said}; {remedy}"
    return ""
