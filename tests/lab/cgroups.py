# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Control groups of the tests' own, below one group that is removed at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

TESTS = "netiso-portmap-tests"


@dataclass(frozen=True)
class Group:
    """A control group, by its directory."""

    path: Path

    @property
    def id(self) -> int:
        """What the kernel calls it: the inode of its directory."""
        return self.path.stat().st_ino

    def child(self, name: str) -> Group:
        made = self.path / name
        made.mkdir(exist_ok=True)
        return Group(made)

    def run(self, act: Callable[[], object]) -> str:
        """What `act` says in a process of this group; for an OSError, its name as errno has it."""
        return _said_by_a_child(lambda: self._join_and(act))

    def join(self) -> None:
        (self.path / "cgroup.procs").write_text("0")

    def _join_and(self, act: Callable[[], object]) -> object:
        self.join()
        return act()

    @contextlib.contextmanager
    def open(self) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """With all that is below it; whoever is left in it ends."""
        for below, _, _ in os.walk(self.path, topdown=False):
            _empty(Path(below))
            os.rmdir(below)


def hierarchy() -> Path:
    """Where the machine has its unified hierarchy mounted."""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            _, place, kind, *_ = line.split(" ")
            if kind == "cgroup2":
                return Path(place)
    raise AssertionError("this machine has no cgroup2 mounted")


@contextlib.contextmanager
def group() -> Iterator[Group]:
    """A group for one test, below the root."""
    made = Group(hierarchy() / f"{TESTS}-{os.getpid()}-{time.monotonic_ns()}")
    made.path.mkdir()
    try:
        yield made
    finally:
        made.remove()


def _empty(path: Path) -> None:
    for _ in range(200):
        left = (path / "cgroup.procs").read_text().split()
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), 9)
        time.sleep(0.01)


def _said_by_a_child(act: Callable[[], object]) -> str:
    ours, its = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(ours)
            os.write(its, _outcome(act).encode())
        finally:
            os._exit(0)
    os.close(its)
    with open(ours, encoding="utf-8") as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


def _outcome(act: Callable[[], object]) -> str:
    try:
        return str(act())
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except BaseException as error:
        return repr(error)
