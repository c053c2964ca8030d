# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files, links and directories that are whole or not there, after a power cut too."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from typing import Callable, NamedTuple

from ..values.errors import KernelRefused


class Step(NamedTuple):
    """A change: the sentence that tells it, and what makes it."""

    told: str
    act: Callable[[], object]

    def take(self) -> None:
        """Make the change.  Raises KernelRefused saying why it cannot be made."""
        try:
            self.act()
        except OSError as error:
            said = f"cannot {self.told}: {error.strerror}; run the task again"
            raise KernelRefused(said, error.errno or 0) from error


def write_new(path: str, data: bytes, mode: int) -> None:
    """Make a file, whatever the umask is.  Its name lasts when its directory is synced."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(path: str, data: bytes, mode: int) -> None:
    """Put a file in the place of the one that is there, if any."""
    made = draft(path)
    remove(made)
    try:
        write_new(made, data, mode)
        os.replace(made, path)
    except BaseException:
        remove(made)
        raise
    sync(os.path.dirname(path))


def replace_link(path: str, target: str) -> None:
    """Put a symbolic link in the place of the one that is there, if any."""
    made = draft(path)
    remove(made)
    os.symlink(target, made)
    os.replace(made, path)
    sync(os.path.dirname(path))


def draft(path: str) -> str:
    """Where a killed run leaves what it was making."""
    directory, name = os.path.split(path)
    return f"{directory}/.{name}.new"


def make_directory(path: str, mode: int) -> None:
    """Make a directory, whatever the umask is."""
    os.mkdir(path, mode)
    os.chmod(path, mode)


def remove(path: str) -> None:
    """Take away a file, a link or a directory with all that is in it."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
