# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units of systemd, as an administrator adds them: enabled, disabled, read again."""

from __future__ import annotations

import os

from ..values.errors import KernelRefused, Unsupported
from . import programs

UNITS = "/etc/systemd/system"
_WANTED = f"{UNITS}/multi-user.target.wants"
_BOOTED = "/run/systemd/system"  # sd_booted(3): there when systemd is at work


def required() -> None:
    """Raise Unsupported on a host without systemd."""
    if not programs.is_there("systemctl"):
        raise Unsupported(
            "cannot have the host restored at boot: there is no systemctl, so no systemd; leave"
            " out restore_at_boot, or set it to false"
        )


def enabled(unit: str) -> bool:
    """Whether a unit with WantedBy=multi-user.target starts at a boot."""
    return os.path.lexists(f"{_WANTED}/{unit}")


def enable(unit: str) -> None:
    _systemctl("enable", unit)


def disable(unit: str) -> None:
    """It goes on running: stopping it would stop services which require it."""
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


def _systemctl(*words: str) -> None:
    required()
    programs.run("systemctl", *words)
