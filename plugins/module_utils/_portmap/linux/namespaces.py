# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces of processes, of every type: which there are, whose is which, enter one, run in new ones.

A type has the name of its file in /proc/PID/ns, and a flag of clone(2); a mask has some of these flags.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable

from ..values.errors import KernelRefused, Unsupported

# linux/sched.h
FLAGS = {
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "time": 0x00000080,
}
_NOT_RUN = 255
_libc = ctypes.CDLL(None, use_errno=True)


def supported() -> int:
    """The mask of all types that this kernel has."""
    return mask(name for name in FLAGS if os.path.exists(f"/proc/self/ns/{name}"))


def mask(types: Iterable[str]) -> int:
    """The mask of these types.  Raises Unsupported for what is none."""
    found = 0
    for name in types:
        if name not in FLAGS:
            raise Unsupported(f"cannot use namespaces '{name}': there are {', '.join(FLAGS)}")
        found |= FLAGS[name]
    return found


def words(flags: int) -> str:
    """The types of a mask, as "net, pid"; what is no namespace's in hex."""
    names = [name for name, flag in FLAGS.items() if flags & flag]
    rest = flags & ~mask(names)
    return ", ".join([*names, *([hex(rest)] if rest else [])])


def path(pid: int | str, name: str) -> str:
    return f"/proc/{pid}/ns/{name}"


def inode(pid: int | str, name: str) -> int:
    """What tells the namespace of a process from others.  Raises OSError when the process has ended."""
    return os.stat(path(pid, name)).st_ino


def enter(descriptor: int, name: str) -> None:
    """Move the calling thread into the namespace, which has to be of this type."""
    if _libc.setns(descriptor, FLAGS[name]) != 0:
        number = ctypes.get_errno()
        raise KernelRefused(f"cannot enter the {name} namespace: {os.strerror(number)}", number)


def run_inside(pid: int | str, types: tuple[str, ...], work: Callable[[], int]) -> int:
    """What `work` returns in a child that is in these namespaces of a process; 0 to 255.

    The user namespace first: it gives the right to enter the others.
    """
    opened = [(os.open(path(pid, name), os.O_RDONLY | os.O_CLOEXEC), name) for name in types]
    opened.sort(key=lambda one: one[1] != "user")

    def enter_all() -> None:
        for descriptor, name in opened:
            enter(descriptor, name)

    try:
        return _child(enter_all, work)
    finally:
        for descriptor, _name in opened:
            os.close(descriptor)


def run_in_new(types: tuple[str, ...], work: Callable[[], int]) -> int:
    """The same in new namespaces, which end with it."""
    flags = mask(types)

    def unshare() -> None:
        if _libc.unshare(flags) != 0:
            number = ctypes.get_errno()
            said = f"cannot make namespaces ({words(flags)}): {os.strerror(number)}"
            raise KernelRefused(said, number)

    return _child(unshare, work)


def _child(prepare: Callable[[], None], work: Callable[[], int]) -> int:
    """Two forks: who has entered a pid namespace is not in it himself, but his children are.

    Raises KernelRefused as `prepare` did.
    """
    reading, writing = os.pipe()
    outer = os.fork()
    if outer == 0:
        code = _NOT_RUN
        try:
            prepare()
            inner = os.fork()
            code = work() & 0xFF if inner == 0 else _code(inner)
        except KernelRefused as error:
            os.write(writing, f"{error.errno} {error}".encode())
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        number, _space, said = pipe.read().partition(" ")
    code = _code(outer)
    if said:
        raise KernelRefused(said, int(number))
    return code


def _code(child: int) -> int:
    """How it ended; 128 and the number of the signal that killed it."""
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
