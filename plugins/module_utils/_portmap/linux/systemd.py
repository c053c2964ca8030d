# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units of systemd, as an administrator adds them: enabled, disabled, read again."""

from __future__ import annotations

import os
import shutil
import subprocess

from ..values.errors import KernelRefused, Unsupported

UNITS = "/etc/systemd/system"
_WANTED = f"{UNITS}/multi-user.target.wants"
_BOOTED = "/run/systemd/system"  # sd_booted(3): there when systemd is at work
_SEARCHED = os.pathsep.join(filter(None, [os.environ.get("PATH"), "/usr/bin", "/bin"]))


def required() -> None:
    """Raise Unsupported on a host without systemd."""
    if not shutil.which("systemctl", path=_SEARCHED):
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
    if os.path.isdir(_BOOTED):
        _systemctl("daemon-reload")


def _systemctl(*words: str) -> None:
    required()
    done = subprocess.run(
        [shutil.which("systemctl", path=_SEARCHED) or "systemctl", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip() or f"status {done.returncode}"
        raise KernelRefused(f"cannot run systemctl {' '.join(words)}: {said}", 0)
