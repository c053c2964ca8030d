# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of the machine, for messages: whose a socket is, and who sits in a namespace."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping

from ..values.process import Process, unit_of
from . import cgroups, namespaces


def with_sockets(inodes: Iterable[int], among: Iterable[str] | None = None) -> dict[int, str]:
    """By the inode of a socket: a process that has it open, `among` these numbers, or of all."""
    return {inode: _told(pid) for inode, pid in holders(inodes, among).items()}


def holders(inodes: Iterable[int], among: Iterable[str] | None = None) -> dict[int, str]:
    """By the inode of a socket: the number of a process that has it open.

    All open files are looked at, of the processes `among` these numbers, or of all.
    """
    left = {f"socket:[{inode}]": inode for inode in inodes if inode}
    found: dict[int, str] = {}
    for pid in _numbers() if among is None else among:
        if not left:
            break
        for target in _open_files(pid):
            inode = left.pop(target, None)
            if inode is not None:
                found[inode] = pid
    return found


def by_namespace() -> dict[int, list[str]]:
    """The numbers of all processes, by the inode of their network namespace."""
    found: dict[int, list[str]] = {}
    for pid in _numbers():
        with contextlib.suppress(OSError):  # it has ended
            found.setdefault(os.stat(f"/proc/{pid}/ns/net").st_ino, []).append(pid)
    return found


def process(pid: str) -> Process:
    return Process(pid, name(pid), _unit(pid))


def in_namespace(inode: int) -> list[str]:
    """Those whose network namespace is the one of this inode."""
    found = []
    for pid in _numbers():
        with contextlib.suppress(OSError):  # it has ended
            if namespaces.inode(pid, "net") == inode:
                found.append(_told(pid))
    return found


def families(pids: Iterable[int]) -> dict[int, list[int]]:
    """By process: itself and its descendants."""
    found = {pid: [pid] for pid in pids}
    children: dict[int, list[int]] = {}
    for number in _numbers() if found else ():
        children.setdefault(_parent(number), []).append(int(number))
    for family in found.values():
        at = 0
        while at < len(family):
            family += children.get(family[at], [])
            at += 1
    return found


def has_own_root(family: Iterable[int]) -> bool:
    """Whether one of the processes has another root directory than this one."""
    here = os.stat("/")
    for pid in family:
        with contextlib.suppress(OSError):  # it has ended
            there = os.stat(f"/proc/{pid}/root")
            if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
                return True
    return False


def networks(families: Mapping[int, Iterable[int]]) -> dict[int, frozenset[int]]:
    """The network namespaces that a process and its descendants are in, by inode.

    That of this process is left out where others are: whoever starts a container stays in it.
    """
    home = os.stat("/proc/self/ns/net").st_ino
    found = {}
    for pid, family in families.items():
        inodes = set()
        for one in family:
            with contextlib.suppress(OSError):  # it has ended
                inodes.add(os.stat(f"/proc/{one}/ns/net").st_ino)
        found[pid] = frozenset(inodes - {home} or inodes)
    return found


def _parent(number: str) -> int:
    """0 for a process that has ended."""
    with (
        contextlib.suppress(OSError),
        open(f"/proc/{number}/stat", encoding="ascii", errors="replace") as file,
    ):
        return int(file.read().rpartition(")")[2].split()[1])
    return 0


def _numbers() -> list[str]:
    return sorted(filter(str.isdecimal, os.listdir("/proc")), key=int)


def _open_files(pid: str) -> Iterator[str]:
    with contextlib.suppress(OSError):  # it has ended
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{number}")


def _unit(pid: str) -> str:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        return unit_of(file.read(), cgroups.top_of_systemd())
    return ""


def _told(pid: str) -> str:
    return f"{name(pid)} (pid {pid})"


def name(pid: str) -> str:
    """What a process calls itself, without what could look like something else in a message."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return re.sub(r"[^\w.:/@+-]", "?", file.read().strip("\n")) or "?"
    except OSError:
        return "?"
