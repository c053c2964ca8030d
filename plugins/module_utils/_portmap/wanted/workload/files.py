# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a workload: a unit, its sockets, a drop-in on the mount of its container's handle, an environment.

The mount is a unit of systemd's as soon as it is there, with the drop-ins that it has then.  All that ties
the workload to it stands there.  A unit that named the mount, by BindsTo= or After=, would keep a stub of
it in systemd's memory while there is none, whenever something else keeps the unit, as a target does at
which it is enabled: and a stub that becomes a mount does not look for drop-ins any more.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ...values.workloads import (
    ALWAYS,
    DOCKER,
    NEVER,
    NSPAWN,
    OCI,
    ON_FAILURE,
    PODMAN,
    STARTED,
    STORES,
    SYSTEMD,
    File,
    Workload,
)
from . import bundle, docker, listening, nspawn, oci, podman, service
from .setting import UNITS, Setting, environment_path, sandbox_path
from .spelling import unit_of_path, word

DROP_IN = "50-portmap"
_MARK = "# netiso.portmap workload"
_HEADER = re.compile(
    rf'(?:{{"annotations": {{"netiso.portmap": ")?{_MARK} (\S+): container=(\S+) engine=(\S+) unit=([^\s"]+)'
)
_STEPS_SINCE = 254

ENGINES: dict[str, Callable[[Workload, Setting], Iterator[str]]] = {
    SYSTEMD: service.lines,
    NSPAWN: nspawn.lines,
    PODMAN: podman.lines,
    DOCKER: docker.lines,
    OCI: oci.lines,
}
# Seconds more than the processes have, for an engine that ends them by itself.
GRACE = {SYSTEMD: 0, NSPAWN: 0, PODMAN: 10, DOCKER: 10, OCI: 10}
# How an engine ends whose processes were told to, and did not say how they end.
ENDED = {NSPAWN: nspawn.ENDED, **dict.fromkeys((PODMAN, DOCKER, OCI), oci.ENDED)}


class Label(NamedTuple):
    """What the first line of every file of ours says: whose it is."""

    workload: str
    container: str
    engine: str
    unit: str


def read_label(text: str) -> Label | None:
    """None for a file that is not ours."""
    found = _HEADER.match(text)
    return Label(*found.groups()) if found else None


def files(workload: Workload, setting: Setting) -> tuple[File, ...]:
    """In the order in which they are written: the drop-in on the mount starts what the others describe."""
    variables = "".join(f"{name}={value}\n" for name, value in setting.environment.items())
    found = [
        File(environment_path(workload.name), _header(workload) + variables),
        File(unit_path(workload), _header(workload) + _unit(workload, setting)),
        *(_socket(workload, setting, one) for one in listening.of(workload)),
    ]
    if workload.engine == OCI and not workload.unit:
        config = bundle.text(workload, setting, _header(workload).strip())
        found.insert(1, File(f"{bundle.directory(workload.name)}/{bundle.CONFIG}", config))
    if workload.state == STARTED:
        mount = unit_of_path(setting.handle, "mount")
        path = f"{UNITS}/{mount}.d/{DROP_IN}-{workload.name}.conf"
        found.append(File(path, _header(workload) + _tie(workload)))
    return tuple(found)


def unit_path(workload: Workload) -> str:
    """Of a unit of others, that of a drop-in."""
    if workload.unit:
        return f"{UNITS}/{workload.unit}.d/{DROP_IN}.conf"
    return f"{UNITS}/{workload.unit_name}"


def programs(workload: Workload) -> list[str]:
    """What the host must have to run it, besides systemd."""
    of_engine = {
        NSPAWN: nspawn.PROGRAM,
        PODMAN: podman.PROGRAM,
        DOCKER: docker.PROGRAM,
        OCI: workload.runtime,
    }
    return (
        [of_engine[workload.engine]] if workload.engine in of_engine and not workload.unit else []
    )


def needs(workload: Workload) -> list[str]:
    """Directories and files of the host that must be there before it starts."""
    image = workload.image if workload.engine not in STORES else ""
    paths = [workload.rootfs, image, *(volume.source for volume in workload.volumes)]
    if workload.engine == NSPAWN and workload.rootfs:
        paths += (f"{workload.rootfs}{path}" for path in nspawn.points(workload))
    return [path for path in paths if path]


def sandbox(workload: Workload) -> str:
    """Where the processes find it."""
    return nspawn.SANDBOX if workload.engine == NSPAWN else sandbox_path(workload.name)


def sockets(paths: Iterable[str]) -> list[str]:
    """The units of sockets among files."""
    return [path.rpartition("/")[2] for path in paths if path.endswith(listening.SUFFIX)]


def is_elsewhere(texts: Mapping[str, str]) -> bool:
    """Whether, of a workload with these files, only its sockets are in the container."""
    services = [text for path, text in texts.items() if not path.endswith(listening.SUFFIX)]
    return bool(sockets(texts)) and not any("\nNetworkNamespacePath=" in text for text in services)


def may_end(texts: Mapping[str, str]) -> bool:
    """Whether systemd lets a workload with these files end by itself: its mount does not uphold it."""
    return any(".mount.d/" in path and "\nWants=" in text for path, text in texts.items())


def _sockets(workload: Workload) -> list[str]:
    return [one.unit for one in listening.of(workload)]


def _socket(workload: Workload, setting: Setting, one: listening.Listen) -> File:
    text = "\n".join((*listening.lines(workload, setting, one), ""))
    return File(f"{UNITS}/{one.unit}", _header(workload) + text)


def _header(workload: Workload) -> str:
    said = f"{_MARK} {workload.name}: container={workload.container}"
    return f"{said} engine={workload.engine} unit={workload.unit_name}\n"


def _tie(workload: Workload) -> str:
    """What the mount does with the workload: start it, and stop it when the mount goes."""
    # Upholds= starts what has ended by itself, too.
    verb = "Upholds" if workload.restart_policy == ALWAYS else "Wants"
    units = " ".join((*_sockets(workload), workload.unit_name))
    lines = ["[Unit]", *(f"{one}={units}" for one in ("Before", verb, "PropagatesStopTo"))]
    if workload.sockets and verb != "Upholds":  # what ends is started again by who comes
        lines.append(f"Upholds={' '.join(_sockets(workload))}")
    return "\n".join((*lines, ""))


def _unit(workload: Workload, setting: Setting) -> str:
    sockets = _sockets(workload)
    section = [
        "[Unit]",
        " ".join(("After=portmap-restore.service", *_daemons(workload), *sockets)),
        # Without them it would not only hear nobody: a socket opens only while its service is stopped.
        *([f"BindsTo={' '.join(sockets)}"] if sockets else []),
        f"ConditionPathIsMountPoint={word(setting.handle)}",
        "StartLimitIntervalSec=0",
    ]
    if not workload.unit:
        said = f"Workload {workload.name} in container {workload.container}"
        section.insert(1, f"Description={said} (to stop it: state=stopped)")
    return "\n".join([*section, "", "[Service]", *_service(workload, setting), ""])


def _daemons(workload: Workload) -> list[str]:
    """Which the engine needs for as long as the workload runs."""
    return [docker.UNIT] if workload.engine == DOCKER and not workload.unit else []


def _service(workload: Workload, setting: Setting) -> Iterator[str]:
    if workload.unit:
        yield f"EnvironmentFile={environment_path(workload.name)}"
        if workload.join:
            yield f"NetworkNamespacePath={word(setting.handle)}"
        return
    yield from ENGINES[workload.engine](workload, setting)
    yield from _life(workload, setting.version)
    if workload.engine == SYSTEMD:
        yield from workload.options


def _life(workload: Workload, version: int) -> Iterator[str]:
    yield f"Restart={workload.restart_policy}"
    if workload.restart_policy != NEVER:
        if version >= _STEPS_SINCE:
            yield from ("RestartSec=1", "RestartSteps=6", "RestartMaxDelaySec=60")
        else:
            yield "RestartSec=5"
    # A hundred that start at once on a busy host take long, and to begin anew would not help.
    yield "TimeoutStartSec=600"
    yield f"TimeoutStopSec={workload.stop_timeout + GRACE[workload.engine]}"
    if workload.engine in ENDED:
        yield f"SuccessExitStatus={ENDED[workload.engine]}"
        if workload.restart_policy == ON_FAILURE:  # processes that were killed have not ended well
            yield f"RestartForceExitStatus={ENDED[workload.engine]}"
