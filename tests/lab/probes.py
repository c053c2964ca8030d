# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that say who they are, and clients that say what became of them."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .machines import Place
from .netns import inside

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
REFUSED = "refused"
SILENCE = "silence"


def patience() -> float:
    """Seconds after which an answer is not coming any more: more than one where many processes
    wait for each core."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / 2)


@dataclass(frozen=True)
class Answer:
    """What a client met: the name of who answered, or `refused`, `silence`, another errno."""

    who: str
    seen: tuple[str, int] | None = None  # the client's address as the server saw it

    def __str__(self) -> str:
        return self.who


@dataclass(frozen=True)
class Probe:
    """One attempt: from a place, perhaps from a given address or port, to an address and a port."""

    source: Place
    protocol: str
    address: str
    port: int
    source_port: int = 0
    source_address: str = ""

    def __str__(self) -> str:
        return f"{self.source}->{self.protocol}:{self.address}:{self.port}"

    def run(self) -> Answer:
        try:
            with inside(self.source.netns):
                client = socket.socket(socket.AF_INET, KINDS[self.protocol])
        except FileNotFoundError:
            return Answer("no namespace")
        with client:
            client.settimeout(patience())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                if self.source_port or self.source_address:
                    client.bind((self.source_address, self.source_port))
                client.connect((self.address, self.port))
                if self.protocol == "udp":
                    client.send(b"?")
                return _answer(client)
            except ConnectionRefusedError:
                return Answer(REFUSED)
            except (socket.timeout, TimeoutError):
                return Answer(SILENCE)
            except OSError as error:
                return Answer(errno.errorcode.get(error.errno or 0, str(error)))


def _answer(client: socket.socket) -> Answer:
    text = client.recv(200).decode()
    if not text:
        return Answer("closed")
    who, address, port = text.split()
    return Answer(who, (address, int(port)))


def run(probes: Iterable[Probe]) -> dict[Probe, Answer]:
    """Run all probes, many at a time."""
    todo = list(probes)
    with ThreadPoolExecutor(max_workers=32) as pool:
        return dict(zip(todo, pool.map(Probe.run, todo)))


class Servers:
    """Answer on many sockets in many namespaces: the place's name and the client's address."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        self._wake, self._waker = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def listen(self, place: Place, port: int, *addresses: str, protocols: str = "tcp udp") -> None:
        """Listen on each address, so that an answer comes from the address that was asked."""
        with inside(place.netns):
            made = [
                (socket.socket(socket.AF_INET, KINDS[protocol]), protocol, address)
                for protocol in protocols.split()
                for address in addresses or ("0.0.0.0",)
            ]
        for server, protocol, address in made:
            self._sockets.append(server)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            if protocol == "tcp":
                server.listen(64)
            server.setblocking(False)
            self._selector.register(server, selectors.EVENT_READ, place.name)
        self._waker.send(b".")

    def close(self) -> None:
        self._waker.close()
        self._thread.join()
        for server in self._sockets:
            server.close()
        self._wake.close()
        self._selector.close()

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    if not self._wake.recv(1):
                        return
                    continue
                with contextlib.suppress(OSError):
                    _reply(key.fileobj, key.data)  # type: ignore[arg-type]


def _reply(server: socket.socket, name: str) -> None:
    if server.type == socket.SOCK_DGRAM:
        _, client = server.recvfrom(200)
        server.sendto(_line(name, client), client)
        return
    connection, client = server.accept()
    with connection:
        connection.send(_line(name, client))


def _line(name: str, client: tuple[str, int]) -> bytes:
    return f"{name} {client[0]} {client[1]}".encode()


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    made = Servers()
    try:
        yield made
    finally:
        made.close()
