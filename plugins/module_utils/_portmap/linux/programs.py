# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of the distribution, run to their end."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from typing import NamedTuple

from ..values.errors import KernelRefused

_PATIENCE_SECONDS = 90.0
_SEARCHED = os.pathsep.join(
    filter(None, [os.environ.get("PATH"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
)


def is_there(name: str) -> bool:
    return shutil.which(name, path=_SEARCHED) is not None


class Done(NamedTuple):
    """How a program has ended, and what it said."""

    status: int
    out: str
    err: str


def run(name: str, *words: str) -> str:
    """What the program writes.  Raises KernelRefused with what it said when it fails."""
    done = attempt(name, *words)
    if done.status:
        said = done.err.strip() or f"status {done.status}"
        raise KernelRefused(f"cannot run {name} {' '.join(words)}: {said}", 0)
    return done.out


def attempt(name: str, *words: str, patience: float = _PATIENCE_SECONDS) -> Done:
    """The program, whether it fails or not.  Raises KernelRefused when it cannot be run to its end."""
    command = [shutil.which(name, path=_SEARCHED) or name, *words]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as error:
        said = f"cannot run {name} {' '.join(words)}: no end after {patience:.0f} s"
        raise KernelRefused(said, errno.ETIMEDOUT) from error
    except FileNotFoundError as error:
        said = f"cannot run {name} {' '.join(words)}: there is no such program"
        raise KernelRefused(said, 0) from error
    return Done(done.returncode, done.stdout, done.stderr)
