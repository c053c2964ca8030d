# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Netlink sockets: batches with one answer per request, dumps repeated when interrupted."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Callable

from ..values.errors import KernelRefused
from . import netns
from . import uapi as k
from .attributes import attributes, text
from .requests import Reply, Request

_HEADER = struct.Struct("=IHHII")
_IFREQ = struct.Struct("=16si20x")  # linux/if.h: name, index, the rest of the union
_SIOCGIFNAME = 0x8910
_BATCH = 128  # requests in one send: their answers fit the receive buffer many times over
SEND_BUFFER = 1 << 20  # bytes asked for; the kernel doubles them, and takes no memory before use
_RESERVED = 32  # bytes of it that no message gets: net/netlink/af_netlink.c, netlink_sendmsg()
_room = memoryview(bytearray(1 << 20))  # for one datagram; made once, since making it takes long
_RECEIVE_BUFFER = 8 << 20
_DUMP_ATTEMPTS = 20
_MAX_ERRNO = 4095  # linux/err.h
_PATIENCE = struct.pack("=qq", 60, 0)  # struct timeval: no answer for so long is an error

SENT: list[int] = []  # the type of every request of this process, so that tests can count


_DONE = Reply(0, "", None)


class Socket:
    """A netlink socket of the network namespace that the process is in when it is made."""

    def __init__(self, family: int = k.NETLINK_ROUTE) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family
        )
        self._give_room(getattr(socket, "SO_RCVBUFFORCE", 33), socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._give_room(getattr(socket, "SO_SNDBUFFORCE", 32), socket.SO_SNDBUF, SEND_BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
        for option in (k.NETLINK_CAP_ACK, k.NETLINK_EXT_ACK):
            self._socket.setsockopt(k.SOL_NETLINK, option, 1)
        self._socket.bind((0, 0))
        given = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        self._largest_send = given - _RESERVED
        self._sequence = 0

    def _give_room(self, forced: int, allowed: int, size: int) -> None:
        """Who is not root gets what the host allows everybody."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, forced, size)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, allowed, size)

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def link_name(self, ifindex: int) -> str:
        """The name of a link in the namespace of the socket.  Raises OSError when there is none."""
        asked = _IFREQ.pack(b"", ifindex)
        return text(fcntl.ioctl(self._socket, _SIOCGIFNAME, asked)[:16])

    def send(self, requests: Sequence[Request]) -> list[Reply]:
        """One reply per request, in order.  The kernel runs them all, whatever fails.

        Raises KernelRefused before it sends anything when one is larger than the send buffer.
        """
        replies: list[Reply] = []
        for start, end in _batches(requests, self._largest_send):
            replies += self._send_batch(requests[start:end])
        return replies

    def _send_batch(self, requests: Sequence[Request]) -> list[Reply]:
        """Writes that fail answer by themselves; of those that do not, only the last is asked to.

        The kernel takes them in order, so that answer tells that all are through.
        """
        first = self._sequence + 1
        self._sequence += len(requests)
        SENT.extend(request.kind for request in requests)
        silent = [
            at < len(requests) - 1 and request.kind in k.WRITES
            for at, request in enumerate(requests)
        ]
        packed = (
            _packed(request, first + at, k.NLM_F_ACK if quiet else 0)
            for at, (request, quiet) in enumerate(zip(requests, silent))
        )
        self._emit(b"".join(packed))
        replies: dict[int, Reply] = {}
        awaited = {first + at for at, quiet in enumerate(silent) if not quiet}
        while awaited:
            for kind, _flags, sequence, data in self._receive():
                if sequence < first:
                    continue  # the rest of an exchange that an exception cut short
                awaited.discard(sequence)
                if kind == k.NLMSG_ERROR:
                    replies.setdefault(sequence, _error(data))
                else:
                    replies[sequence] = Reply(0, "", data)
        return [replies.get(first + at, _DONE) for at in range(len(requests))]

    def dump(self, request: Request) -> list[bytes]:
        """Every message of a dump.

        The kernel marks a dump during which the objects changed; it is then asked for again.
        """
        for _attempt in range(_DUMP_ATTEMPTS):
            messages, interrupted = self._dump_once(request)
            if not interrupted:
                return messages
        said = f"they changed during each of {_DUMP_ATTEMPTS} attempts"
        raise KernelRefused(
            f"cannot {request.what}: {said}; run the task again when that has stopped",
            errno.EINTR,
        )

    def _dump_once(self, request: Request) -> tuple[list[bytes], bool]:
        self._sequence += 1
        SENT.append(request.kind)
        flags = request.flags | k.NLM_F_DUMP
        self._emit(_packed(request._replace(flags=flags), self._sequence))
        messages: list[bytes] = []
        interrupted = False
        while True:
            for kind, got, sequence, data in self._receive():
                if sequence != self._sequence:
                    continue
                interrupted = interrupted or bool(got & k.NLM_F_DUMP_INTR)
                if kind == k.NLMSG_DONE:
                    return messages, interrupted
                if kind == k.NLMSG_ERROR:
                    refused(request, _error(data))
                    return messages, interrupted
                messages.append(data)

    def dump_up_to(self, request: Request, enough: Callable[[bytes], bool]) -> list[bytes]:
        """The messages before the first that is `enough`.

        The rest is not asked for, and the kernel takes no dump more on this socket.
        """
        self._sequence += 1
        SENT.append(request.kind)
        self._emit(_packed(request._replace(flags=request.flags | k.NLM_F_DUMP), self._sequence))
        messages: list[bytes] = []
        while True:
            for kind, _flags, _sequence, data in self._receive():
                if kind == k.NLMSG_ERROR:
                    refused(request, _error(data))
                if kind in (k.NLMSG_ERROR, k.NLMSG_DONE) or enough(data):
                    return messages
                messages.append(data)

    def _emit(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except OSError as error:
            said = f"cannot speak to the kernel: {error.strerror}"
            raise KernelRefused(said, error.errno or 0) from error

    def _receive(self) -> Iterator[tuple[int, int, int, bytes]]:
        """(type, flags, sequence, payload) of the messages of one datagram."""
        try:
            length = self._socket.recv_into(_room)
        except BlockingIOError as error:
            raise KernelRefused(
                "cannot hear from the kernel: no answer", errno.ETIMEDOUT
            ) from error
        except OSError as error:
            said = f"cannot hear from the kernel: {error.strerror}"
            raise KernelRefused(said, error.errno or 0) from error
        data, at = bytes(_room[:length]), 0
        while at + _HEADER.size <= len(data):
            length, kind, flags, sequence, _port = _HEADER.unpack_from(data, at)
            if length < _HEADER.size or at + length > len(data):
                return
            yield kind, flags, sequence, data[at + _HEADER.size : at + length]
            at += (length + 3) & ~3


def _batches(requests: Sequence[Request], largest: int) -> list[tuple[int, int]]:
    """Where batches start and end: none has more than _BATCH requests, or than `largest` bytes."""
    found: list[tuple[int, int]] = []
    start = size = 0
    for at, request in enumerate(requests):
        needed = _HEADER.size + (len(request.payload) + 3 & ~3)
        if needed > largest:
            raise KernelRefused(
                f"cannot {request.what}: the request has {needed} bytes, and the kernel takes no"
                f" more than {largest} at a time",
                errno.EMSGSIZE,
            )
        if at - start == _BATCH or size + needed > largest:
            found.append((start, at))
            start, size = at, 0
        size += needed
    return [*found, (start, len(requests))] if requests else []


def refused(request: Request, reply: Reply, allow: Iterable[int] = ()) -> None:
    """Raise KernelRefused for an error reply whose errno is not in `allow`."""
    if reply.errno and reply.errno not in allow:
        said = os.strerror(reply.errno) + (f" ({reply.said})" if reply.said else "")
        raise KernelRefused(f"cannot {request.what}: {said}", reply.errno)


def _packed(request: Request, sequence: int, without: int = 0) -> bytes:
    flags = (k.NLM_F_REQUEST | request.flags) & ~without
    length = _HEADER.size + len(request.payload)
    head = _HEADER.pack(length, request.kind, flags, sequence, 0)
    return head + request.payload + bytes(-length % 4)


def _error(data: bytes) -> Reply:
    """NLMSG_ERROR: the negative errno, the request's header, extended-ack attributes."""
    number = -struct.unpack_from("=i", data)[0] if len(data) >= 4 else errno.EBADMSG
    if not 0 <= number <= _MAX_ERRNO:
        number = errno.EBADMSG
    rest = data[4 + _HEADER.size :]
    found = dict(attributes(rest)) if number else {}
    said = text(found[k.NLMSGERR_ATTR_MSG]) if k.NLMSGERR_ATTR_MSG in found else ""
    return Reply(number, said, None)


class LinkNames(dict[int, str]):
    """ifindex -> link name, asked from the kernel once; 0 and links that are gone are ""."""

    def __init__(self, lookup: Callable[[int], str]) -> None:
        super().__init__()
        self._lookup = lookup

    def __missing__(self, ifindex: int) -> str:
        name = ""
        if ifindex:
            try:
                name = self._lookup(ifindex)
            except OSError:
                name = ""
        self[ifindex] = name
        return name


@contextlib.contextmanager
def opened(namespace: int) -> Iterator[Socket]:
    """Enter the namespace of a descriptor, with a socket of its own."""
    with netns.entered(namespace):
        sock = Socket()
        try:
            yield sock
        finally:
            sock.close()
