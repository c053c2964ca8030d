# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Traffic that never stops, in a process of its own, with every datagram and connection counted.

    {"listen": [[netns, port, addresses]], "streams": [[name, netns, address, port]]}

as JSON on standard input starts it. Every later line is answered with what was lost so far;
"finish" asks nothing more, and what is on its way may still arrive. A UDP
stream sends a number every few milliseconds and expects it back; a TCP stream does the same on one
connection that stays; a third kind opens one connection after the other.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.machines import Place
from lab.netns import inside
from lab.probes import Servers

TICK = 0.008
LATE = (
    6.0  # seconds after which an answer is not coming any more: longer than a busy machine sleeps
)


@dataclass
class Tally:
    sent: int = 0
    answered: int = 0
    lost: list[tuple[float, str]] = field(default_factory=list)

    def lose(self, what: str) -> None:
        self.lost.append((time.time(), what))


class Queue:
    """The machine's own queue of arriving packets, which everything on it shares.

    When somebody floods it the kernel drops what comes next, whosoever it is.
    """

    def __init__(self) -> None:
        self._total = self._dropped()
        self._overflows: deque[float] = deque(maxlen=10_000)

    def watch(self, now: float) -> None:
        total = self._dropped()
        if total != self._total:
            self._total = total
            self._overflows.append(now)

    def overflowed(self, begin: float, end: float) -> bool:
        return any(begin <= when <= end for when in self._overflows)

    @staticmethod
    def _dropped() -> int:
        with open("/proc/net/softnet_stat", encoding="ascii") as file:
            return sum(int(line.split()[1], 16) for line in file)


QUEUE = Queue()


class Datagrams:
    """One UDP socket that asks, and remembers what it asked."""

    def __init__(self, name: str, netns: str, address: str, port: int) -> None:
        self.name = f"udp {name}"
        self.tally = Tally()
        self._waiting: dict[int, float] = {}
        with inside(netns):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((address, port))
        self.socket.setblocking(False)

    def tick(self, now: float) -> None:
        self.tally.sent += 1
        self._waiting[self.tally.sent] = now
        try:
            self.socket.send(b"%d" % self.tally.sent)
        except OSError as error:
            self.tally.lose(f"{self.name} cannot send: {error}")
            self._waiting.pop(self.tally.sent)

    def overdue(self, now: float) -> None:
        for number in [n for n, then in self._waiting.items() if now - then > LATE]:
            then = self._waiting.pop(number)
            if not QUEUE.overflowed(then, then + 2):
                self.tally.lose(f"{self.name} number {number}")

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def ready(self) -> None:
        try:
            while True:
                if self._waiting.pop(int(self.socket.recv(64)), None) is not None:
                    self.tally.answered += 1
        except BlockingIOError:
            return
        except OSError as error:
            self.tally.lose(f"{self.name}: {error}")


class Conversation:
    """One TCP connection that is kept."""

    def __init__(self, name: str, netns: str, address: str, port: int) -> None:
        self.name = f"tcp {name}"
        self.tally = Tally()
        self._asked = 0.0
        with inside(netns):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(LATE)
        self.socket.connect((address, port))
        self.socket.setblocking(False)

    def tick(self, now: float) -> None:
        if not self._asked:
            self.tally.sent += 1
            self._asked = now
            try:
                self.socket.send(b"?")
            except OSError as error:
                self.tally.lose(f"{self.name}: {error}")

    def overdue(self, now: float) -> None:
        if self._asked and now - self._asked > LATE:
            self.tally.lose(f"{self.name} hangs")
            self._asked = now

    @property
    def waiting(self) -> int:
        return int(bool(self._asked))

    def ready(self) -> None:
        try:
            if not self.socket.recv(64):
                raise ConnectionError("closed")
        except BlockingIOError:
            return
        except OSError as error:
            self.tally.lose(f"{self.name}: {error}")
        else:
            self.tally.answered += 1
        self._asked = 0.0


class Connections:
    """One new TCP connection after the other."""

    def __init__(self, name: str, netns: str, address: str, port: int) -> None:
        self.name = f"connect {name}"
        self.tally = Tally()
        self._netns, self._to = netns, (address, port)
        self._begun = 0.0
        self.socket: socket.socket | None = None

    def begin(self, now: float) -> None:
        with inside(self._netns):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.tally.sent += 1
        self._begun = now
        self.socket.connect_ex(self._to)

    def late(self, now: float) -> bool:
        return now - self._begun > LATE

    def connected(self) -> None:
        assert self.socket is not None
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self.tally.lose(f"{self.name}: errno {number}")
        else:
            self.tally.answered += 1


class Traffic:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.selector = selectors.DefaultSelector()
        servers = Servers(echo=True)
        for netns, port, addresses in plan["listen"]:
            servers.listen(Place("", netns), port, *addresses)
        self.streams: list[Datagrams | Conversation] = []
        self.connections: list[Connections] = []
        for stream in plan["streams"]:
            self.streams += [Datagrams(*stream), Conversation(*stream)]
            self.connections.append(Connections(*stream))
        for one in self.streams:
            self.selector.register(one.socket, selectors.EVENT_READ, one.ready)
        self._stop = self._pausing = False

    def poll(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            key.data()

    def tick(self, now: float) -> None:
        QUEUE.watch(now)
        if self._pausing:
            for stream in self.streams:
                stream.overdue(now)
            return
        for stream in self.streams:
            stream.overdue(now)
            stream.tick(now)
        for one in self.connections:
            if one.socket is None:
                one.begin(now)
                sock = one.socket
                assert sock is not None
                done = self._connected(one)
                self.selector.register(sock, selectors.EVENT_WRITE, done)
            elif one.late(now):
                one.tally.lose(f"{one.name} hangs")
                self._close(one)

    def _connected(self, one: Connections) -> Any:
        def connected() -> None:
            one.connected()
            self._close(one)

        return connected

    def _close(self, one: Connections) -> None:
        assert one.socket is not None
        self.selector.unregister(one.socket)
        one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0] + [0] * 4))
        one.socket.close()  # with a reset: no port waits
        one.socket = None

    def report(self) -> dict[str, Any]:
        tallies = [item.tally for item in (*self.streams, *self.connections)]
        return {
            "waiting": sum(stream.waiting for stream in self.streams),
            "sent": sum(tally.sent for tally in tallies),
            "answered": sum(tally.answered for tally in tallies),
            "silent": [
                item.name for item in (*self.streams, *self.connections) if not item.tally.answered
            ],
            "lost": sorted(loss for tally in tallies for loss in tally.lost),
        }

    def command(self) -> None:
        line = sys.stdin.readline()
        self._stop = not line
        self._pausing = line == "finish\n"
        print(json.dumps(self.report()), flush=True)

    def run(self) -> None:
        self.selector.register(sys.stdin, selectors.EVENT_READ, self.command)
        due = time.monotonic()
        while not self._stop:
            self.poll(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if now >= due:
                self.tick(now)
                due = now + TICK


def main() -> None:
    traffic = Traffic(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    traffic.run()


if __name__ == "__main__":
    main()
