# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units of systemd, as an administrator adds them: enabled, disabled, read again, started, stopped."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence

from ..values.errors import KernelRefused
from . import programs

UNITS = "/etc/systemd/system"
_WANTED = f"{UNITS}/multi-user.target.wants"
_BOOTED = "/run/systemd/system"  # sd_booted(3): there when systemd is at work


def is_there() -> bool:
    """Whether the host has systemd."""
    return programs.is_there("systemctl")


def enabled(unit: str) -> bool:
    """Whether a unit with WantedBy=multi-user.target starts at a boot."""
    return os.path.lexists(f"{_WANTED}/{unit}")


def enable(unit: str) -> None:
    _systemctl("enable", unit)


def disable(unit: str) -> None:
    """It goes on running: to stop it would stop services which require it."""
    if os.path.lexists(f"{UNITS}/{unit}"):
        _systemctl("disable", unit)
    else:  # systemd does not know it any more
        os.unlink(f"{_WANTED}/{unit}")


def reload() -> None:
    """Have systemd read its units again, where it is at work."""
    if booted():
        _systemctl("daemon-reload")


def booted() -> bool:
    """Whether systemd is at work."""
    return os.path.isdir(_BOOTED)


def active(unit: str) -> bool:
    """Whether a unit runs, on a host where systemd is at work."""
    try:
        _systemctl("is-active", "--quiet", unit)
    except KernelRefused:
        return False
    return True


def start(unit: str) -> None:
    """Start a unit, and wait until it has said that it is ready."""
    _systemctl("start", unit)


def restart(unit: str) -> None:
    """Start a unit anew, and wait as `start` does."""
    _systemctl("restart", unit)


def stop(unit: str, wait: bool = True) -> None:
    """End a unit and whatever runs in it."""
    _systemctl("stop", *([] if wait else ["--no-block"]), "--", unit)


def groups(units: Sequence[str]) -> dict[str, str]:
    """The control groups of units; "" of one that does not run."""
    if not units:
        return {}
    said = _systemctl("show", "--property=Id", "--property=ControlGroup", "--", *units)
    return dict(zip(units, groups_in(said)))


def groups_in(said: str) -> list[str]:
    """What `systemctl show` tells of units, which it parts by empty lines, in the order of its words."""
    told = [dict(line.split("=", 1) for line in unit.splitlines()) for unit in said.split("\n\n")]
    return [lines.get("ControlGroup", "") for lines in told]


def notify(state: str) -> None:
    """Tell systemd the state of the service that this process is (sd_notify(3)), where it listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    if address:
        # It may have gone, or be busy.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sock:
            sock.sendto(state.encode(), address.replace("@", "\0", 1))


def _systemctl(*words: str) -> str:
    return programs.run("systemctl", *words)
