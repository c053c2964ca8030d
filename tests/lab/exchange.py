# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytes that go from one place to another, and back."""

from __future__ import annotations

import socket

from .frames import token
from .machines import Place
from .netns import inside
from .probes import family, patience


def opened(
    place: Place, kind: int, port: int = 0, address: str = "", of: int = socket.AF_INET
) -> socket.socket:
    """A socket of a kind and of a family that waits patiently."""
    with inside(place.netns):
        made = socket.socket(of, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.settimeout(patience())
    made.bind((address, port))
    return made


def answered(sock: socket.socket) -> None:
    """The other end repeats what it hears."""
    said = token()
    sock.send(said)
    assert sock.recv(100) == said


def echoed(source: Place, server: Place, address: str, size: int, port: int = 7) -> int:
    """How much of a datagram comes back.  Raises TimeoutError where it is lost."""
    with inside(server.netns):
        far = socket.socket(family(address), socket.SOCK_DGRAM)
        far.bind((address, port))
    with inside(source.netns):
        near = socket.socket(family(address), socket.SOCK_DGRAM)
    with far, near:
        for one in (far, near):
            one.settimeout(patience())
        near.connect((address, port))
        near.send(b"x" * size)
        told, client = far.recvfrom(65536)
        far.sendto(told, client)
        return len(near.recv(65536))


def streamed(source: Place, server: Place, address: str, size: int = 300_000) -> int:
    """How much of a stream arrives."""
    with inside(server.netns):
        far = socket.create_server((address, 80), family=family(address))
    with inside(source.netns):
        near = socket.socket(family(address))
    with far, near:
        for one in (far, near):
            one.settimeout(patience())
        near.connect((address, 80))
        near.sendall(b"x" * size)
        near.shutdown(socket.SHUT_WR)
        connection, _client = far.accept()
        with connection:
            connection.settimeout(patience())
            received = 0
            while told := connection.recv(65536):
                received += len(told)
    return received
