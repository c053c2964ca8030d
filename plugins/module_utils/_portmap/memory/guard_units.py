# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd is given for guards: a drop-in for each guarded unit, and the unit that watches."""

from __future__ import annotations

import glob
import os
import stat

from ..linux import durable, systemd
from ..linux.paths import not_roots_alone
from ..values.guards import CGROUP, SLICE, Guard
from . import engine_copy
from .guards import DIRECTORY
from .units import Found, Unit

DROP_IN = "50-netiso-portmap-guard.conf"
# Whose ports are meant is said, for a service may have a network namespace of its own.
_HOSTS_NAMESPACE = "/proc/1/ns/net"

_SERVICE = """\
# Written by netiso.portmap.portmap_guard, which also takes it away.

[Unit]
RequiresMountsFor={mounts}

[{section}]
# Before the first process of the unit: when this fails, the unit does not start.
ExecStartPre=+/usr/bin/env -i PYTHONPATH={path} {python} -Bsm _portmap.guard attach {name} {netns}
"""

_SLICE = """\
# Written by netiso.portmap.portmap_guard, which also takes it away.

[Unit]
# A slice runs no command; that service attaches its guard.
Wants={unit}
After={unit}
"""

_WATCH = """\
# Written by netiso.portmap.portmap_guard.

[Unit]
Description=Ports guard: tells who listens where he may not
DefaultDependencies=no
After=local-fs.target
Conflicts=shutdown.target
Before=shutdown.target
RequiresMountsFor={mounts}

[Service]
Type=notify
Environment=PYTHONPATH={path}
ExecStart={python} -Bsm _portmap.guard watch
Restart=on-failure
RestartSec=2
# A descriptor for each guard.
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
"""


UNIT = Unit("portmap-guard.service", _WATCH, "guards", "guards watched", True)
MOUNTS = (engine_copy.DIRECTORY, DIRECTORY)


def path(guard: Guard) -> str:
    """Of the drop-in; "" where there is none."""
    return "" if guard.kind == CGROUP else f"{systemd.UNITS}/{guard.target}.d/{DROP_IN}"


def text(guard: Guard, python: str, link: str) -> str:
    """`link` is where the engine's package is."""
    if guard.kind == SLICE:
        return _SLICE.format(unit=UNIT.name)
    return _SERVICE.format(
        section="Socket" if guard.target.endswith(".socket") else "Service",
        name=guard.name,
        netns=guard.namespace or _HOSTS_NAMESPACE,
        python=python,
        path=link,
        mounts=" ".join(MOUNTS),
    )


def watching(python: str, link: str) -> str:
    return UNIT.text(python, link, MOUNTS)


def there() -> list[str]:
    """The drop-ins that there are, whoever they are for."""
    return sorted(glob.glob(f"{systemd.UNITS}/*.d/{DROP_IN}"))


def look(path: str) -> Found:
    """A drop-in, as units.Unit.look() has it."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return Found("" if os.path.lexists(durable.draft(path)) else None)
    if not stat.S_ISREG(found.st_mode):
        return Found(strange=True)
    if not_roots_alone(found) or os.path.lexists(durable.draft(path)):
        return Found("")
    with open(path, encoding="utf-8", errors="replace") as file:
        return Found(file.read())
