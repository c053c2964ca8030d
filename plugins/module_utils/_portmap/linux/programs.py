# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of the distribution, run to their end."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess

from ..values.errors import KernelRefused

_PATIENCE_SECONDS = 90
_SEARCHED = os.pathsep.join(
    filter(None, [os.environ.get("PATH"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
)


def is_there(name: str) -> bool:
    return shutil.which(name, path=_SEARCHED) is not None


def run(name: str, *words: str) -> None:
    """Raises KernelRefused with what the program said when it fails."""
    output(name, *words)


def output(name: str, *words: str) -> str:
    """The same; what it has printed."""
    command = [shutil.which(name, path=_SEARCHED) or name, *words]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        said = f"cannot run {name} {' '.join(words)}: no end after {_PATIENCE_SECONDS} s"
        raise KernelRefused(said, errno.ETIMEDOUT) from error
    except FileNotFoundError as error:
        said = f"cannot run {name} {' '.join(words)}: there is no such program"
        raise KernelRefused(said, 0) from error
    if done.returncode:
        said = done.stderr.strip() or f"status {done.returncode}"
        raise KernelRefused(f"cannot run {name} {' '.join(words)}: {said}", 0)
    return done.stdout
