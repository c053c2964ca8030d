# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bundle of a workload, as the specification of OCI runtimes has it: a directory with a config.json.

It is what `runc spec` makes, with the namespace, the root directory and all else of the workload in it.  Pure.
"""

from __future__ import annotations

import json
from typing import Any

from ...values.workloads import Workload
from .service import MASKS
from .setting import ENVIRONMENTS, Setting, sandbox_path

CONFIG = "config.json"
_VERSION = "1.0.2"  # of the specification
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
_MOUNTS = (
    ("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
    ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/pts", "devpts", "devpts",
     ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
    ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    ("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
    ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
    ("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
)  # fmt: skip


def directory(name: str) -> str:
    return f"{ENVIRONMENTS}/{name}.bundle"


def text(workload: Workload, setting: Setting, label: str) -> str:
    """The config.json.  JSON has no comments: `label` stands in its first line, as an annotation."""
    first = json.dumps({"netiso.portmap": label})
    rest = json.dumps(_config(workload, setting), indent=2)
    return f'{{"annotations": {first},\n' + rest.removeprefix("{\n") + "\n"


def _config(workload: Workload, setting: Setting) -> dict[str, Any]:
    return {
        "ociVersion": _VERSION,
        "process": _process(workload, setting),
        "root": {"path": workload.rootfs, "readonly": workload.read_only},
        "hostname": workload.hostname or workload.name,
        "mounts": _mounts(workload),
        "linux": {
            "rootfsPropagation": "rslave",  # without it crun has none
            "namespaces": [
                {"type": "network", "path": setting.handle},
                *({"type": kind} for kind in ("pid", "ipc", "uts", "mount")),
            ],
            # A key for it there is since 1.1.0, which runc 1.1 does not know.
            "sysctl": {"kernel.domainname": workload.domainname} if workload.domainname else {},
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "maskedPaths": list(MASKS if workload.masks is None else workload.masks),
            "readonlyPaths": _READ_ONLY,
        },
    }


def _process(workload: Workload, setting: Setting) -> dict[str, Any]:
    user = int(workload.user or 0)
    sandbox = sandbox_path(workload.name) if workload.sandbox else ""
    environment = {"PATH": _PATH, **setting.environment, **dict(workload.env)}
    if sandbox:
        environment["SANDBOX"] = sandbox
    capabilities = list(workload.capabilities)
    return {
        "terminal": False,
        "user": {
            "uid": user,
            "gid": user,
            "additionalGids": [int(one) for one in workload.groups],
        },
        "args": list(workload.command),
        "env": [f"{name}={value}" for name, value in environment.items()],
        "cwd": workload.working_dir or sandbox or "/",
        "capabilities": dict.fromkeys(
            ("bounding", "effective", "permitted", "inheritable", "ambient"), capabilities
        ),
        "noNewPrivileges": True,
    }


def _mounts(workload: Workload) -> list[dict[str, Any]]:
    """In this order: a volume may be below the sandbox, or below an empty directory."""
    found = [
        {"destination": path, "type": kind, "source": source, "options": options}
        for path, kind, source, options in _MOUNTS
    ]
    empty = ["nosuid", "nodev", "mode=1777"]
    found += [
        {"destination": path, "type": "tmpfs", "source": "tmpfs", "options": empty}
        for path in workload.tmpfs
    ]
    bound = [(volume.source, volume.target, volume.read_only) for volume in workload.volumes]
    if workload.sandbox:
        sandbox = sandbox_path(workload.name)
        bound.insert(0, (sandbox, sandbox, False))
    for source, target, read_only in bound:
        options = ["rbind", "rslave", "ro" if read_only else "rw"]
        found.append({"destination": target, "type": "bind", "source": source, "options": options})
    return found
