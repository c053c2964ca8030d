# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The [Service] section of a workload that systemd-nspawn runs.

Files of the kind .nspawn have no key for the path of a namespace, so all of it is a command line.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values.workloads import Workload
from .service import HOST_LINKS, MASKS
from .setting import (
    RUN,
    Setting,
    environment_path,
    made_sandbox,
    sandbox_path,
)
from .spelling import argument

PROGRAM = "/usr/bin/systemd-nspawn"
# Where the processes find the sandbox: a directory that is there whatever the root directory has.
SANDBOX = "/run/sandbox"
_ITS_OWN = ("/run", "/tmp", "/dev/shm")  # directories that it makes anew
# How it ends when it was told to: its process 1 has no capability to say that better.
ENDED = "255"
_FIND_MASKS = (
    'for one; do [ ! -e "$one" ] || found="$found --inaccessible=$one"; done;'
    ' echo "MASKS=$found" >"$RUNTIME_DIRECTORY/masks"'
)
# All that there are (linux/capability.h): what is not taken away by name, stays.
_CAPABILITIES = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
    "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
)  # fmt: skip


def lines(workload: Workload, setting: Setting) -> Iterator[str]:
    name = workload.name
    yield "Type=notify"
    yield "KillMode=mixed"
    yield "Delegate=yes"
    yield "DevicePolicy=closed"
    # What 257 mounts for itself on the host, it leaves there when it is killed, and does not start then.
    yield "PrivateMounts=yes"
    yield f"EnvironmentFile={environment_path(name)}"
    if workload.sandbox:
        yield made_sandbox(name, workload.user or "0")
    yield f"RuntimeDirectory={RUN}/{name}"
    if workload.image:  # its own --image= needs udev, which not every host has
        yield f"MountImages={workload.image}:{_root(workload)}"
    yield f"EnvironmentFile=-/run/{RUN}/{name}/masks"
    yield f"ExecStartPre=/bin/sh -c {argument(_FIND_MASKS)} masks {' '.join(_masks(workload, True))}"
    yield f"ExecStart={PROGRAM} {' '.join(words(workload, setting))}"


def words(workload: Workload, setting: Setting) -> Iterator[str]:
    """The command line as it stands in a unit, without the program."""
    yield from map(argument, _run(workload, setting))
    # systemd replaces these: with other ports the unit stays the same.
    yield from (f"--setenv={name}=${{{name}}}" for name in setting.environment)
    yield from map(argument, _files(workload))
    yield from map(argument, _rights(workload))
    yield "$MASKS"
    yield from map(argument, (*workload.options, "--", *workload.command))


def points(workload: Workload) -> list[str]:
    """What the root directory must have: where it is read-only, nothing is made in it to mount on."""
    if not workload.read_only:
        return ["/usr"]
    targets = [*workload.tmpfs, *(volume.target for volume in workload.volumes)]
    covered = tuple(f"{one}/" for one in (*_ITS_OWN, *targets))
    return [
        "/usr",
        *(one for one in targets if one not in _ITS_OWN and not one.startswith(covered)),
    ]


def _root(workload: Workload) -> str:
    """The root directory: one of the host, or where the unit mounts the image for its processes alone."""
    return workload.rootfs or f"/run/{RUN}/{workload.name}/root"


def _run(workload: Workload, setting: Setting) -> Iterator[str]:
    """A stub as process 1 passes the end on, and buries what nobody waits for."""
    yield from ("--quiet", "--keep-unit", "--register=no", "--as-pid2", "--kill-signal=SIGRTMIN+3")
    yield from ("--timezone=off", "--resolv-conf=off", "--link-journal=no", "--settings=no")
    yield f"--machine={workload.name}"
    yield f"--network-namespace-path={setting.handle}"
    yield f"--directory={_root(workload)}"
    if workload.hostname:
        yield f"--hostname={workload.hostname}"
    yield from (f"--setenv={name}={value}" for name, value in workload.env)


def _files(workload: Workload) -> Iterator[str]:
    if workload.read_only:
        yield "--read-only"
    yield from (f"--tmpfs={path}:mode=1777" for path in workload.tmpfs)
    if workload.sandbox:
        yield f"--bind={sandbox_path(workload.name)}:{SANDBOX}"
        yield f"--setenv=SANDBOX={SANDBOX}"
    for volume in workload.volumes:
        how = "--bind-ro" if volume.read_only else "--bind"
        yield f"{how}={volume.source}:{volume.target}"
    if workload.working_dir or workload.sandbox:
        yield f"--chdir={workload.working_dir or SANDBOX}"


def _rights(workload: Workload) -> Iterator[str]:
    yield "--no-new-privileges=yes"
    dropped = ",".join(one for one in _CAPABILITIES if one not in workload.capabilities)
    if dropped:
        yield f"--drop-capability={dropped}"
    if workload.capabilities:
        yield f"--capability={','.join(workload.capabilities)}"
    if workload.user:
        yield f"--user={workload.user}"
        if workload.capabilities:
            yield f"--ambient-capability={','.join(workload.capabilities)}"
    # In /proc it looks for what hides a path where the host has that.
    yield "--bind-ro=/run/systemd/inaccessible"
    yield from (f"--inaccessible={path}" for path in _masks(workload, False))


def _masks(workload: Workload, of_kernel: bool) -> list[str]:
    """Of the kernel's files, those that are there are found when it starts: it masks nothing else."""
    masks = (*(MASKS if workload.masks is None else workload.masks), *HOST_LINKS)
    return [path for path in masks if path.startswith(("/proc/", "/sys/")) == of_kernel]
