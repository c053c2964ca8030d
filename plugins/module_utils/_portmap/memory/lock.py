# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time on a host: a lock that spans observing, applying and verifying."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator

from ..values.errors import InvalidRequest, KernelRefused
from .record import DIRECTORY

PATH = f"{DIRECTORY}/lock"
_WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.02


@contextlib.contextmanager
def host_lock(dry_run: bool) -> Iterator[None]:
    """Hold the host's lock.  A dry run on a host that was never prepared leaves no file behind.

    Raises KernelRefused naming the holder when it is not free within two minutes.
    """
    if dry_run and not os.path.exists(PATH):
        yield
        return
    try:
        os.makedirs(DIRECTORY, mode=0o755, exist_ok=True)
        descriptor = os.open(PATH, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InvalidRequest(f"cannot open the lock {PATH}: {error.strerror}") from error
    try:
        _acquire(descriptor)
        os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):  # without room, who waits is told no number
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int) -> None:
    give_up = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > give_up:
                holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                raise KernelRefused(
                    f"cannot take the lock {PATH}: held by pid {holder or 'unknown'} for more than"
                    f" {_WAIT_SECONDS:.0f} s; wait for it or end it",
                    errno.EAGAIN,
                ) from None
            time.sleep(_POLL_SECONDS)
