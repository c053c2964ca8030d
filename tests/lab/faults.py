# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults at chosen points of a run: a kill, an error from the kernel, a change by somebody else.

A *point* is an operation that changes something outside the process: a netlink request that makes,
sets or deletes, and a file, mount or namespace operation. They are counted in the order in which
the run makes them, in the process itself, just before they happen. What a run only asks is no
point: to die before a question is to die after the last change.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import Any, Callable

_HEADER = struct.Struct("=IHHII")
_NLMSG_ERROR = 2
_FIRST_TYPE = 16
_KINDS = ("link", "address", "route", "neighbour", "rule", "qdisc", "class", "filter")
_VERBS = ("new", "delete", "get", "set")
_MAKING = (0, 5)  # BPF_MAP_CREATE, BPF_PROG_LOAD of linux/bpf.h
_WRITE = "write to a map"
_BPF = {2: _WRITE, 8: "attach a program", 9: "detach a program"}
_CREATING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_FILE_EVENTS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir")


class Faults:
    """Counts the points, tells each to `say`, and at the `at`-th does what `kind` says.

    `kind` is "kill", the name of an errno, "deaf" (the kernel does it, its answer is lost),
    "impatient" (waits half a second for the lock), or "run:" and a shell command.  "slow:" and seconds
    lets every point wait so long, and "powerless" has the kernel take no map and no program, whatever
    `at` is.
    """

    def __init__(self, at: int, kind: str, say: Callable[[str], None]) -> None:
        self.count = 0
        self._at = at
        self._kind = kind
        self._say = say
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.deaf = False
        self.powerless = kind == "powerless"
        self.pause = float(kind[5:]) if kind.startswith("slow:") else 0.0
        self.lock: Any = None

    def point(self, what: str) -> int:
        """The errno with which the operation shall fail; 0 lets it happen."""
        self.count += 1
        self._say(what)
        time.sleep(self.pause)
        if self.count != self._at:
            return 0
        if self._kind == "kill":
            die()
        if self._kind == "deaf":
            self.deaf = True
        elif self._kind == "impatient":
            self.lock._WAIT_SECONDS = 0.5
        elif self._kind.startswith("run:"):
            home = f"--net=/proc/{os.getpid()}/fd/{self._home}"
            command = ["nsenter", home, "--", "sh", "-ec", self._kind[4:]]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        else:
            return int(getattr(errno, self._kind))
        return 0

    def would_kill_before(self, requests: int) -> bool:
        return self._kind == "kill" and self.count < self._at <= self.count + requests

    def install(self, netlink: Any, netns: Any, lock: Any, bpf: Any, kit: Any) -> None:
        """Stand between the engine and the kernel."""
        self.lock = lock
        kit.mmap = _Mapping(kit.mmap, self)
        netns._libc = _Libc(netns._libc, self)
        bpf._libc = _Libc(bpf._libc, self)
        fsync = os.fsync

        def counted_fsync(descriptor: int) -> None:
            _raise(self.point("write the record"))
            fsync(descriptor)

        os.fsync = counted_fsync
        sys.addaudithook(self._audit)
        begin = netlink.Socket.__init__

        def begun(sock: Any, family: int = 0) -> None:
            begin(sock, family)
            if family == 0:
                sock._socket = _Wire(sock._socket, self)

        netlink.Socket.__init__ = begun

    def _audit(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = details
            changing = isinstance(flags, int) and flags & _CREATING
            if changing and _is_ours(path):
                _raise(self.point(f"open {path}"))
        elif event in _FILE_EVENTS and _is_ours(details[0]):
            _raise(self.point(f"{event[3:]} {details[0]}"))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _is_ours(path: object) -> bool:
    return isinstance(path, str) and path.startswith(
        ("/run/", "sys/", "/proc/sys/", "/var/lib/netiso-portmap/", "/etc/netiso-portmap/")
    )


def _raise(number: int) -> None:
    if number:
        raise OSError(number, os.strerror(number))


class _Libc:
    """mount(2), umount2(2), unshare(2), and what bpf(2) changes, as points."""

    def __init__(self, libc: Any, faults: Faults) -> None:
        self._libc = libc
        self._faults = faults

    def mount(self, source: Any, target: bytes, kind: Any, flags: int, data: Any) -> int:
        return self._call(f"mount {target.decode()} {flags:#x}", "mount", source, target, kind,
                          flags, data)  # fmt: skip

    def umount2(self, target: bytes, flags: int) -> int:
        return self._call(f"unmount {target.decode()}", "umount2", target, flags)

    def unshare(self, flags: int) -> int:
        return self._call("make a namespace", "unshare", flags)

    def syscall(self, number: int, command: int, *more: Any) -> int:
        if self._faults.powerless and command in _MAKING:
            ctypes.set_errno(errno.EPERM)
            return -1
        if command not in _BPF:
            return int(self._libc.syscall(number, command, *more))
        return self._call(_BPF[command], "syscall", number, command, *more)

    def _call(self, what: str, name: str, *arguments: Any) -> int:
        number = self._faults.point(what)
        if number:
            ctypes.set_errno(number)
            return -1
        return int(getattr(self._libc, name)(*arguments))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._libc, name)


class _Mapping:
    """Maps of steering, which the engine writes in its own memory: each write is a point."""

    def __init__(self, module: Any, faults: Faults) -> None:
        self._module = module

        class Memory(module.mmap):  # type: ignore[misc, name-defined]
            def __setitem__(self, at: slice, data: bytes) -> None:
                _raise(faults.point(_WRITE))
                super().__setitem__(at, data)

        self.mmap = Memory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class _Wire:
    """A netlink socket which lets a batch through request by request."""

    def __init__(self, wire: socket.socket, faults: Faults) -> None:
        self._wire = wire
        self._faults = faults
        self._refusals = b""

    def send(self, data: bytes) -> None:
        passed = []
        at = 0
        while at < len(data):
            length, kind, _flags, sequence, _port = _HEADER.unpack_from(data, at)
            request = data[at : at + ((length + 3) & ~3)]
            at += len(request)
            if kind >= _FIRST_TYPE and kind % 4 != 2:
                if self._faults.would_kill_before(1) and passed:
                    self._wire.send(b"".join(passed))
                if self._faults.pause and passed:
                    self._wire.send(b"".join(passed))
                    passed = []
                number = self._faults.point(_described(kind))
                if number:
                    self._refuse(number, request[:16], sequence)
                    continue
            passed.append(request)
        if passed:
            self._wire.send(b"".join(passed))

    def _refuse(self, number: int, header: bytes, sequence: int) -> None:
        payload = struct.pack("=i", -number) + header
        self._refusals += _HEADER.pack(16 + len(payload), _NLMSG_ERROR, 0, sequence, 0) + payload

    def recv_into(self, room: Any) -> int:
        if self._faults.deaf:
            self._faults.deaf = False
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        if self._refusals:
            said, self._refusals = self._refusals, b""
            memoryview(room)[: len(said)] = said
            return len(said)
        return self._wire.recv_into(room)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)


def _described(kind: int) -> str:
    group, verb = divmod(kind - _FIRST_TYPE, 4)
    return f"{_VERBS[verb]} {_KINDS[group] if group < len(_KINDS) else kind}"
