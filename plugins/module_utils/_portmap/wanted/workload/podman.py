# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The [Service] section of a workload that podman runs: what podman makes of a quadlet, by its command.

Before 4.4 podman has no quadlets, and a file of that kind would be ignored.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values.workloads import Workload
from .setting import Setting, environment_path, made_sandbox, sandbox_path
from .spelling import argument

PROGRAM = "/usr/bin/podman"
# podman's own masks are all of the usual ones but this.
_MASKS = ("/proc/key-users",)


def lines(workload: Workload, setting: Setting) -> Iterator[str]:
    name, wait = workload.name, workload.stop_timeout
    yield "Type=notify"
    yield "NotifyAccess=all"
    yield "KillMode=mixed"
    yield "Delegate=yes"
    if workload.sandbox:
        yield made_sandbox(name)
    # One that a killed podman left would be in the way.
    yield f"ExecStartPre=-{PROGRAM} rm --force --ignore --time 0 {name}"
    yield f"ExecStart={PROGRAM} {' '.join(map(argument, words(workload, setting)))}"
    yield f"ExecStop={PROGRAM} stop --ignore --time {wait} {name}"
    yield f"ExecStopPost=-{PROGRAM} rm --force --ignore --time 0 {name}"


def words(workload: Workload, setting: Setting) -> Iterator[str]:
    """The command line, without the program."""
    yield from ("run", "--rm", "--replace", "--detach", "--sdnotify=conmon", "--cgroups=no-conmon")
    yield f"--name={workload.name}"
    yield f"--network=ns:{setting.handle}"
    yield f"--env-file={environment_path(workload.name)}"
    yield from (f"--env={name}={value}" for name, value in workload.env)
    yield from _files(workload)
    yield from _rights(workload)
    if setting.ping_groups:  # podman would set another one in the container
        yield f"--sysctl=net.ipv4.ping_group_range={setting.ping_groups}"
    if workload.hostname:
        yield f"--hostname={workload.hostname}"
    yield f"--stop-timeout={workload.stop_timeout}"
    yield from workload.options
    if workload.rootfs:
        yield from ("--rootfs", workload.rootfs)
    else:
        yield workload.image
    yield from workload.command


def _files(workload: Workload) -> Iterator[str]:
    """Mounts of the host reach the workload later, too: hence rslave, which is not podman's default."""
    if workload.read_only:
        yield "--read-only"
    for volume in workload.volumes:
        how = "ro" if volume.read_only else "rw"
        yield f"--volume={volume.source}:{volume.target}:{how},rslave"
    # By default podman fills it from the image, and gives it the mode that the directory has there.
    yield from (f"--tmpfs={path}:mode=1777,notmpcopyup" for path in workload.tmpfs)
    sandbox = sandbox_path(workload.name) if workload.sandbox else ""
    if sandbox:
        owner = ",U" if workload.user else ""
        yield f"--volume={sandbox}:{sandbox}:rw,rslave{owner}"
        yield f"--env=SANDBOX={sandbox}"
    if workload.working_dir or sandbox:
        yield f"--workdir={workload.working_dir or sandbox}"


def _rights(workload: Workload) -> Iterator[str]:
    masks = _MASKS if workload.masks is None else workload.masks
    if masks:
        yield f"--security-opt=mask={':'.join(masks)}"
    yield "--security-opt=no-new-privileges"
    yield "--cap-drop=all"
    yield from (f"--cap-add={one}" for one in workload.capabilities)
    if workload.user:
        yield f"--user={workload.user}"
    yield from (f"--group-add={one}" for one in workload.groups)
