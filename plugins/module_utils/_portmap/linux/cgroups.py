# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unified hierarchy of control groups (cgroup2): where it is, and who is where in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from functools import lru_cache

from ..values.errors import Unsupported

_INIT = "/init.scope"  # where systemd itself is, right below what is its own
_CONTROL = "/.control"  # where systemd has processes beside a unit's own, when that delegates


@lru_cache(maxsize=1)
def root() -> str:
    """The directory where the hierarchy is mounted.  Raises Unsupported where it is not."""
    with open("/proc/self/mounts", encoding="utf-8", errors="replace") as file:
        for line in file:
            _number, place, kind, *_more = line.split(" ")
            # One that another mount covers cannot be looked into.
            if kind == "cgroup2" and os.path.exists(f"{place}/cgroup.controllers"):
                return place
    raise Unsupported(
        "cannot guard ports: no unified hierarchy of control groups (cgroup2) is mounted, as on hosts"
        " with cgroup v1 alone; boot with systemd.unified_cgroup_hierarchy=1"
    )


def own() -> str:
    """The group of this process or, where systemd has put it beside those of a unit, the unit's."""
    found = _of_process("self")
    return found[: -len(_CONTROL)] if found.endswith(_CONTROL) else found


def _of_process(number: str) -> str:
    with open(f"/proc/{number}/cgroup", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("0::"):
                return line[3:].rstrip("\n")
    return "/"


@contextlib.contextmanager
def opened(path: str) -> Iterator[int | None]:
    """A descriptor of a group, which nobody else has locked; None when there is none."""
    try:
        descriptor = os.open(root() + path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def of_slice(name: str, top: str) -> str:
    """The group of a slice of systemd: the dashes of its name are its place, see systemd.slice(5).

    `top` is where systemd has its groups, from `top_of_systemd`.
    """
    if name == "-.slice":
        return top or "/"
    parts = name[: -len(".slice")].split("-")
    inner = ["-".join(parts[: count + 1]) + ".slice" for count in range(len(parts))]
    return "/".join([top, *inner])


@lru_cache(maxsize=1)
def top_of_systemd() -> str:
    """The group in which systemd has all of its own; "" on a machine, where that is the root.

    A container may see the groups of its machine, and be itself in one of them.
    """
    found = _of_process("1")
    return found[: -len(_INIT)] if found.endswith(_INIT) else ""


def below(path: str) -> dict[int, str]:
    """The groups at and below one: paths by the numbers that the kernel gives them."""
    top = root()
    found: dict[int, str] = {}
    for directory, _directories, _files in os.walk(top + path):
        with contextlib.suppress(FileNotFoundError):
            found[os.stat(directory).st_ino] = directory[len(top) :] or "/"
    return found


def kill(path: str) -> None:
    """End whoever is in a group, or below."""
    try:
        with open(f"{root()}{path}/cgroup.kill", "w", encoding="ascii") as file:
            file.write("1")
    except FileNotFoundError:  # before Linux 5.14
        for inner in below(path).values():
            _kill_one_by_one(inner)


def _kill_one_by_one(path: str) -> None:
    with contextlib.suppress(FileNotFoundError), open(f"{root()}{path}/cgroup.procs") as file:
        for pid in file.read().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), 9)
