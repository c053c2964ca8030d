# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that say who they are, and clients that say what became of them."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import selectors
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .machines import Place
from .netns import inside

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
REFUSED = "refused"
SILENCE = "silent"


def patience() -> float:
    """Seconds after which an answer is not coming any more: longer where many processes wait for
    each core.  TCP and ARP ask again after one second, so that is too early to give up."""
    return max(3.0, os.getloadavg()[0] / (os.cpu_count() or 1) / 2)


def family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@dataclass(frozen=True)
class Answer:
    """What a client met: the name of who answered, or `refused`, `silent`, another errno."""

    who: str
    seen: tuple[str, int] | None = None  # the client's address as the server saw it

    def __str__(self) -> str:
        return self.who


@dataclass(frozen=True)
class Probe:
    """One attempt: from a place, perhaps from a given address or port, to an address and a port.

    By "tcp", "udp", or "http", which asks with curl(1).
    """

    source: Place
    protocol: str
    address: str
    port: int
    source_port: int = 0
    source_address: str = ""

    def __str__(self) -> str:
        return f"{self.source}->{self.protocol}:{self.address}:{self.port}"

    def run(self) -> Answer:
        if self.protocol == "http":
            return self._curl()
        try:
            with inside(self.source.netns):
                client = socket.socket(family(self.address), KINDS[self.protocol])
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
                return _understood(client.recv(200).decode())
            except ConnectionRefusedError:
                return Answer(REFUSED)
            except (socket.timeout, TimeoutError):
                return Answer(SILENCE)
            except OSError as error:
                return Answer(errno.errorcode.get(error.errno or 0, str(error)))

    def _curl(self) -> Answer:
        command = [*_enter(self.source), "curl", "--silent", "--show-error"]
        command += ["--max-time", str(patience())]
        if self.source_port:
            command += ["--local-port", str(self.source_port)]
        command += [f"http://{self.address}:{self.port}/"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return _understood(done.stdout)
        return Answer({7: REFUSED, 28: SILENCE}.get(done.returncode, done.stderr.strip()))


def _enter(place: Place) -> list[str]:
    return ["nsenter", f"--net={place.netns}", "--"]


def _understood(text: str) -> Answer:
    """What a server of ours says, or another one."""
    if not text:
        return Answer("closed")
    who, *client = text.split()
    return Answer(who, (client[0], int(client[1])) if client else None)


def ping(source: Place, address: str) -> str:
    """Whether each of three requests is answered once."""
    # The option -c counts duplicates too, so the last answer's twin has time to come.
    command = ["ping", "-n", "-c", "3", "-i", "0.2", "-W", str(patience()), address]
    done = subprocess.run([*_enter(source), *command], capture_output=True, text=True, check=False)
    if "duplicates" in done.stdout or "DUP" in done.stdout:
        return "answered twice"
    return "answered" if " 3 received" in done.stdout else SILENCE


def run(probes: Iterable[Probe]) -> dict[Probe, Answer]:
    """Run all probes, many at a time."""
    todo = list(probes)
    with ThreadPoolExecutor(max_workers=32) as pool:
        return dict(zip(todo, pool.map(Probe.run, todo)))


class Servers:
    """Answer on many sockets in many namespaces: the place's name and the client's address.

    With `echo` it is what the client has sent, and a connection stays.
    """

    def __init__(self, *, echo: bool = False) -> None:
        self._echo = echo
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        self._answer_with(self._wake, self._woken)
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def listen(self, place: Place, port: int, *addresses: str, protocols: str = "tcp udp") -> None:
        """Listen on each address, so that an answer comes from the address that was asked."""
        with inside(place.netns):
            made = [
                (socket.socket(family(address), KINDS[protocol]), protocol, address)
                for protocol in protocols.split()
                for address in addresses or ("0.0.0.0",)
            ]
        for server, protocol, address in made:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            if protocol == "tcp":
                server.listen(64)
            server.setblocking(False)
            answer = self._accept if protocol == "tcp" else self._reply
            self._answer_with(server, functools.partial(answer, place.name))
        self._waker.send(b".")

    def close(self) -> None:
        self._waker.close()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _answer_with(self, sock: socket.socket, answer: Callable[[socket.socket], None]) -> None:
        self._selector.register(sock, selectors.EVENT_READ, answer)

    def _serve(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select():
                with contextlib.suppress(OSError):
                    key.data(key.fileobj)

    def _woken(self, wake: socket.socket) -> None:
        self._closing = not wake.recv(1)

    def _reply(self, name: str, server: socket.socket) -> None:
        text, client = server.recvfrom(200)
        server.sendto(text if self._echo else _line(name, client), client)

    def _accept(self, name: str, server: socket.socket) -> None:
        connection, client = server.accept()
        if self._echo:
            connection.setblocking(False)
            self._answer_with(connection, self._repeat)
            return
        with connection:
            connection.send(_line(name, client))

    def _repeat(self, connection: socket.socket) -> None:
        text = b""
        with contextlib.suppress(ConnectionError):
            text = connection.recv(200)
            connection.send(text)
        if not text:
            self._selector.unregister(connection)
            connection.close()


def _line(name: str, client: tuple[str, int]) -> bytes:
    return f"{name} {client[0]} {client[1]}".encode()


@contextlib.contextmanager
def servers(*, echo: bool = False) -> Iterator[Servers]:
    made = Servers(echo=echo)
    try:
        yield made
    finally:
        made.close()
