# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens, asked of the kernel as often as it answers: what a guard is compared with.

The requests are our own, and less than what ss(8) asks for: listeners of TCP over IPv4 alone.
"""

from __future__ import annotations

import os
import resource
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

_SOCK_DIAG, _NLMSG_DONE = 4, 3
_SOCK_DIAG_BY_FAMILY, _DUMP, _LISTEN = 20, 0x301, 10
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI48s")
_PORT, _COOKIE = slice(4, 6), slice(44, 52)  # in struct inet_diag_msg


class Scan(NamedTuple):
    """How often was looked, and how many listeners on the port were seen."""

    looks: int
    seen: int


def _dump(line: socket.socket) -> Iterator[bytes]:
    payload = _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 1 << _LISTEN, b"")
    line.send(_HEADER.pack(16 + len(payload), _SOCK_DIAG_BY_FAMILY, _DUMP, 1, 0) + payload)
    while True:
        data = line.recv(1 << 20)
        while data:
            length, kind, *_rest = _HEADER.unpack_from(data)
            if kind == _NLMSG_DONE:
                return
            yield data[16:length]
            data = data[length + 3 & ~3 :]


def _scan(port: int, stop: int) -> Scan:
    looks, seen = 0, set()
    end = select.poll()
    end.register(stop, select.POLLHUP)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as line:
        while not end.poll(0):
            looks += 1
            wanted = port.to_bytes(2, "big")
            seen |= {one[_COOKIE] for one in _dump(line) if one[_PORT] == wanted}
    return Scan(looks, len(seen))


def scanned(port: int, act: Callable[[], object]) -> Scan:
    """What a process beside us, in our network namespace, sees while `act` does something."""
    stop, said = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(stop[1])
            os.write(said[1], struct.pack("=II", *_scan(port, stop[0])))
        finally:
            os._exit(0)
    os.close(said[1])
    try:
        act()
    finally:
        os.close(stop[1])
        told = os.read(said[0], 8)
        os.waitpid(child, 0)
        os.close(stop[0])
        os.close(said[0])
    return Scan(*struct.unpack("=II", told))


@contextmanager
def crowd(count: int) -> Iterator[None]:
    """So many other listeners."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 1000), max(hard, count + 1000)))
    made = [socket.create_server(("127.0.0.1", 0), backlog=1) for _ in range(count)]
    try:
        yield
    finally:
        for one in made:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def flicker(port: int, attempts: int) -> int:
    """Listen for a millisecond, again and again; how often that was had."""
    had = 0
    for _ in range(attempts):
        try:
            with socket.create_server(("127.0.0.1", port)):
                time.sleep(0.001)
                had += 1
        except PermissionError:
            pass
    return had
