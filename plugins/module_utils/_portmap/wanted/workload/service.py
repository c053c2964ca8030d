# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The [Service] section of a workload that systemd itself runs.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ...values.workloads import NONE, PRIVATE, Workload
from .setting import SANDBOXES, Setting, environment_path, sandbox_path
from .spelling import argument, word

# The version of systemd that first does what an option wants.
PIDS_SINCE = 257
HOSTNAME_SINCE = 258
_SYSFS_SINCE = 254
# Usual masks: what /proc and /sys tell about the whole machine.
MASKS = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
)  # fmt: skip
# The host's interfaces, where /sys is the host's.
HOST_LINKS = ("/sys/class/net", "/sys/devices/virtual/net")
_SHM = "/dev/shm"


def lines(workload: Workload, setting: Setting) -> Iterator[str]:
    yield "Type=exec"
    if workload.network == NONE:
        yield "PrivateNetwork=yes"
    else:
        yield f"NetworkNamespacePath={word(setting.handle)}"
    yield f"EnvironmentFile={environment_path(workload.name)}"
    yield from _root(workload)
    yield from _kernel(workload, setting.version)
    yield from _rights(workload)
    if workload.hostname:
        yield f"ProtectHostname=private:{workload.hostname}"
    if workload.pid == PRIVATE:
        yield "PrivatePIDs=yes"
    for name, value in workload.env:
        yield f"Environment={word(f'{name}={value}')}"
    sandbox = sandbox_path(workload.name) if workload.sandbox else ""
    if sandbox:
        yield f"StateDirectory={SANDBOXES}/{workload.name}"
        yield f"Environment=SANDBOX={sandbox}"
    if workload.working_dir or sandbox:
        yield f"WorkingDirectory={workload.working_dir or sandbox}"
    yield f"ExecStart={' '.join(map(argument, workload.command))}"


def _root(workload: Workload) -> Iterator[str]:
    """The file system that the processes see."""
    if workload.rootfs:
        yield f"RootDirectory={workload.rootfs}"
    if workload.image:
        yield f"RootImage={workload.image}"
    if workload.rootfs or workload.image:
        yield "MountAPIVFS=yes"
    if workload.read_only:
        yield "ProtectSystem=strict"
    for volume in workload.volumes:
        how = "BindReadOnlyPaths" if volume.read_only else "BindPaths"
        yield f"{how}={volume.source}:{volume.target}"
    if "/tmp" in workload.tmpfs:
        yield "PrivateTmp=yes"
    yield f"TemporaryFileSystem={_SHM}:mode=1777,size=64m"
    for path in workload.tmpfs:
        if path not in ("/tmp", _SHM):
            yield f"TemporaryFileSystem={path}:mode=1777,nosuid,nodev"


def _kernel(workload: Workload, version: int) -> Iterator[str]:
    """What the processes see of the kernel and of the machine.

    The + has the path looked for below the root of the service: without it nothing in there is masked.
    """
    yield "PrivateDevices=yes"
    yield "PrivateIPC=yes"
    yield "ProtectKernelTunables=yes"
    yield "ProtectControlGroups=yes"
    yield "ProtectProc=invisible"
    masks = MASKS if workload.masks is None else workload.masks
    if version < _SYSFS_SINCE:  # the /sys of the service is the host's there
        masks = (*masks, *HOST_LINKS)
    if masks:
        yield f"InaccessiblePaths={' '.join(f'-+{path}' for path in masks)}"


def _rights(workload: Workload) -> Iterator[str]:
    yield "NoNewPrivileges=yes"
    capabilities = " ".join(workload.capabilities)
    yield f"CapabilityBoundingSet={capabilities}"
    if workload.user:
        yield f"User={workload.user}"
        if capabilities:
            yield f"AmbientCapabilities={capabilities}"
    if workload.groups:
        yield f"SupplementaryGroups={' '.join(workload.groups)}"
