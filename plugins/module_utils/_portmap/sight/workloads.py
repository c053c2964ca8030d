# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of workloads: files of ours, what systemd says, and where their processes sit."""

from __future__ import annotations

import contextlib
import glob
import grp
import os
import pwd
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from ..linux import docker, durable, netns, processes, programs, sockets, systemd, units
from ..values.workloads import DOCKER, SYSTEMD, Unit, Workload
from ..wanted.workload import files, listening
from ..wanted.workload.bundle import CONFIG
from ..wanted.workload.files import Label
from ..wanted.workload.setting import ENVIRONMENTS, UNITS
from .processes_seen import FileSeen, SocketSeen, WorkloadSeen

_PLACES = (
    f"{UNITS}/*.service",
    f"{UNITS}/*@*{listening.SUFFIX}",
    f"{UNITS}/*.d/{files.DROP_IN}*.conf",
    f"{ENVIRONMENTS}/*.env",
    f"{ENVIRONMENTS}/*/{CONFIG}",
)


def all_files() -> dict[str, FileSeen]:
    """Every file where ours may be, by path.  Of somebody else's the text is not kept."""
    found = {}
    for pattern in _PLACES:
        for path in (*glob.glob(pattern), *glob.glob(durable.draft(pattern))):
            with (
                contextlib.suppress(OSError),
                open(path, encoding="utf-8", errors="replace") as file,
            ):
                first = file.readline()
                label = files.read_label(first)
                whole = not os.path.islink(path) and label is not None
                found[path] = FileSeen(
                    label if whole else None, first + file.read() if whole else ""
                )
    return found


def see(
    workloads: Iterable[Workload], found: Mapping[str, FileSeen], handles: Mapping[str, str]
) -> dict[str, WorkloadSeen]:
    """Each of the workloads as it is, by name; `handles` are paths, by container."""
    ours: dict[str, dict[str, str]] = {}
    labels: dict[str, Label] = {}
    for path, one in found.items():
        if one.label:
            ours.setdefault(one.label.workload, {})[path] = one.text
            labels[one.label.workload] = one.label
    names = {
        one.name: labels[one.name].unit if one.name in labels else one.unit_name
        for one in workloads
    }
    listeners = {name: files.sockets(ours.get(name, ())) for name in names}
    told = _told([*names.values(), *chain.from_iterable(listeners.values())], labels, found)
    waiting = {
        labels[name].container: _waiting(handles.get(labels[name].container, ""))
        for name, some in listeners.items()
        if some
    }
    families = processes.families(unit.main for unit in told.values() if unit.main)
    spaces = processes.networks(families)
    return {
        name: WorkloadSeen(
            ours.get(name, {}),
            labels.get(name),
            told[unit],
            spaces.get(told[unit].main, frozenset()),
            {
                one: SocketSeen(
                    told[one], _port(ours[name], one) in waiting[labels[name].container]
                )
                for one in listeners[name]
            },
            processes.has_own_root(families.get(told[unit].main, ())),
            process=process(told[unit]),
        )
        for name, unit in names.items()
    }


def _told(
    asked: Sequence[str], labels: Mapping[str, Label], found: Mapping[str, FileSeen]
) -> dict[str, Unit]:
    """What systemd says of the units, and docker of the processes that it runs for some of them.

    The main process that systemd knows of those has started docker's, and waits in the host's network.
    """
    told = units.show(asked)
    by_docker = {
        one.unit: one.workload
        for one in labels.values()
        if one.engine == DOCKER and one.unit in told and f"{UNITS}/{one.unit}" in found
    }
    mains = docker.mains(list(by_docker.values()))
    for unit, name in by_docker.items():
        told[unit] = told[unit]._replace(main=mains.get(name, 0))
    return told


def process(unit: Unit) -> str:
    """The main process of a unit, for messages; "" when it has none."""
    return f"{processes.name(str(unit.main))} (pid {unit.main})" if unit.main else ""


def _port(ours: Mapping[str, str], unit: str) -> tuple[str, int] | None:
    """Protocol and port of a socket, by its unit."""
    return listening.read(ours[f"{UNITS}/{unit}"])


def _waiting(handle: str) -> set[tuple[str, int] | None]:
    """Protocols and ports at which somebody listens in a container."""
    with netns.at(handle) as descriptor:
        if descriptor is None:
            return set()
        return {(one.protocol, one.port) for one in sockets.waiting_in(descriptor)}


def see_all(handles: Mapping[str, str], container: str | None = None) -> dict[str, WorkloadSeen]:
    """Every workload of which there are files, or those of one container; `handles` as above."""
    found = all_files()
    there = {
        one.label.workload: Workload(one.label.workload, one.label.container)
        for one in found.values()
        if one.label and container in (None, one.label.container)
    }
    if not there or not systemd.booted():
        return {}
    restarted = units.restarted_lately()
    return {
        name: one._replace(restarts=restarted[one.label.unit] if one.label else 0)
        for name, one in see(there.values(), found, handles).items()
    }


def inode(handle: str) -> int:
    """That of the namespace at the path; 0 when there is none."""
    with netns.at(handle) as descriptor:
        return netns.inode(descriptor) if descriptor is not None else 0


def missing(workload: Workload) -> list[str]:
    """What the workload names of the host, and is not there."""
    told = [name for name in files.programs(workload) if not programs.is_there(name)]
    told += [path for path in files.needs(workload) if not os.path.exists(path)]
    if workload.engine != SYSTEMD:  # which alone looks users up on the host
        return told
    if workload.user and not _is_user(workload.user):
        told.append(f"user {workload.user}")
    return told + [f"group {one}" for one in workload.groups if not _is_group(one)]


def hindrance(workload: Workload) -> str:
    """Why its engine cannot join the network of a container; "" for nothing."""
    return docker.apart() if workload.engine == DOCKER and not workload.unit else ""


def _is_user(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name))
    return False


def _is_group(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(grp.getgrgid(int(name)) if name.isdecimal() else grp.getgrnam(name))
    return False
