# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast bytes arrive, and how long they take: TCP and UDP between two places."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from .machines import Place
from .netns import inside

# Of a frame of 1514 bytes TCP with timestamps carries 1448.
CARRIED = 1448 / 1514
_SETTLED = 0.4  # seconds after which a flow has found its speed
_AT_ONCE = 1 << 16
_CHUNK = bytes(_AT_ONCE)


class Flow:
    """Connections over which one end sends as fast as it can; `received` grows at the other end."""

    def __init__(self) -> None:
        self._received: list[float] = []  # by thread: adding is two steps
        self.broken = ""
        self._over = threading.Event()

    @property
    def received(self) -> float:
        return sum(self._received)

    def counter(self) -> Callable[[float], None]:
        """Counts what one thread receives."""
        at = len(self._received)
        self._received.append(0)

        def count(size: float) -> None:
            self._received[at] += size

        return count

    def rate(self, seconds: float) -> float:
        """Bits a second on the wire, over some time from now on."""
        before, start = self.received, time.monotonic()
        time.sleep(seconds)
        return (self.received - before) * 8 / CARRIED / (time.monotonic() - start)

    def reaches(self, rate: float, within: float = 0.07, attempts: int = 8) -> bool:
        """Whether it comes to this rate, from whichever it has."""
        return any(abs(self.rate(1) / rate - 1) < within for _ in range(attempts))

    def send(self, sock: socket.socket) -> None:
        while not self.is_over:
            try:
                sock.send(_CHUNK)
            except TimeoutError:
                continue
            except OSError as error:
                self.broken = str(error)
                return

    def receive(self, sock: socket.socket, count: Callable[[float], None]) -> None:
        while not self.is_over:
            try:
                count(len(sock.recv(_AT_ONCE)))
            except TimeoutError:
                continue
            except OSError as error:
                self.broken = str(error)
                return

    def end(self) -> None:
        self._over.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()


@contextlib.contextmanager
def flowing(
    source: Place, to: Place, address: str, port: int, streams: int = 1, settle: float = _SETTLED
) -> Iterator[Flow]:
    """TCP from `source` to a server at `to`."""
    flow, threads = Flow(), []
    with contextlib.ExitStack() as stack:
        with inside(to.netns):
            server = stack.enter_context(socket.create_server((address, port)))
        for _ in range(streams):
            with inside(source.netns):
                sender = stack.enter_context(socket.create_connection((address, port), 10))
            # What the machine itself prefers may take long to find another speed.
            sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
            receiver = stack.enter_context(server.accept()[0])
            receiver.settimeout(0.2)
            sender.settimeout(0.2)
            threads.append(threading.Thread(target=flow.send, args=(sender,), daemon=True))
            both = (receiver, flow.counter())
            threads.append(threading.Thread(target=flow.receive, args=both, daemon=True))
        for thread in threads:
            thread.start()
        try:
            time.sleep(settle)
            yield flow
        finally:
            flow.end()
            for thread in threads:
                thread.join(5)


@contextlib.contextmanager
def arriving(
    source: Place,
    to: Place,
    address: str,
    port: int,
    twice: float,
    settle: float = _SETTLED,
    source_port: int = 0,
    priority: int = 0,
) -> Iterator[Arrival]:
    """Datagrams at `twice` bits a second, which is more than may pass."""
    flow = Flow()
    with contextlib.ExitStack() as stack:
        with inside(to.netns):
            receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            receiver.bind((address, port))
        with inside(source.netns):
            sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            if source_port:
                sender.bind(("", source_port))
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, priority)
            sender.connect((address, port))
        thread = threading.Thread(target=_flood, args=(flow, sender, twice), daemon=True)
        thread.start()
        try:
            time.sleep(settle)
            yield Arrival(to)
        finally:
            flow.end()
            thread.join(5)


_DATAGRAM = bytes(1448)


def _flood(flow: Flow, sock: socket.socket, rate: float) -> None:
    start, sent = time.monotonic(), 0
    while not flow.is_over:
        if sent * len(_DATAGRAM) * 8 < rate * (time.monotonic() - start):
            with contextlib.suppress(OSError):
                sock.send(_DATAGRAM)
            sent += 1
        else:
            time.sleep(0.001)


class Arrival:
    """What arrives on the links of a place, as the kernel counts it: whoever reads it may be late."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def reached(self, seconds: float = 0.7, times: int = 3) -> float:
        """The highest of some rates, in bits a second on the wire: a sender may fall behind."""
        return max(self._rate(seconds) for _ in range(times))

    def _rate(self, seconds: float) -> float:
        before, start = self._bytes(), time.monotonic()
        time.sleep(seconds)
        return (self._bytes() - before) * 8 / (time.monotonic() - start)

    def _bytes(self) -> int:
        with (
            inside(self._place.netns),
            open("/proc/thread-self/net/dev", encoding="ascii") as file,
        ):
            lines = [line.split(":") for line in file if ":" in line]
        return sum(int(rest.split()[0]) for name, rest in lines if name.strip() != "lo")


def asked(source: Place, to: Place, address: str, port: int, times: int = 100) -> list[float]:
    """How long answers of a server of UDP at `to` take, sorted; what is lost took a second."""
    took = []
    with contextlib.ExitStack() as stack:
        with inside(to.netns):
            server = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            server.bind((address, port))
        with inside(source.netns):
            client = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.connect((address, port))
        client.settimeout(1)
        server.settimeout(1)
        for number in range(times):
            start = time.monotonic()
            try:
                client.send(str(number).encode())
                said, whom = server.recvfrom(100)
                server.sendto(said, whom)
                client.recv(100)
                took.append(time.monotonic() - start)
            except TimeoutError:
                took.append(1.0)
            time.sleep(0.005)
    return sorted(took)
