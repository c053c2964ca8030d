# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a guard costs who binds and connects, in turns with a group beside it; what a scanner sees."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab import cgroups, machines, scanner
from lab.cgroups import Group
from lab.modules import Modules
from lab.netns import inside
from lab.ways import I4, TCP, UDP, bind

from . import sites

OWN, FOREIGN = 31000, 31500
TIMES = 500  # of what is timed, in a sample
SHORT = 1000  # listeners of a millisecond
_ABORT = (
    socket.SOL_SOCKET,
    socket.SO_LINGER,
    struct.pack("ii", 1, 0),
)  # no port waits (TIME_WAIT)


def listen() -> None:
    bind(I4, TCP, OWN)


def receive() -> None:
    bind(I4, UDP, OWN)


def connect(server: socket.socket) -> None:
    with socket.socket() as client:
        client.setsockopt(*_ABORT)
        client.connect(("127.0.0.1", OWN))
        server.accept()[0].close()


def listening() -> float:
    return timed(listen)


def receiving() -> float:
    return timed(receive)


def connecting() -> float:
    with socket.create_server(("127.0.0.1", OWN)) as server:
        return timed(lambda: connect(server))


# In one process each, socket and close included; of a connection both ends.
TIMED: dict[str, Callable[[], float]] = {
    "tcp bind": listening,
    "udp bind": receiving,
    "tcp connect": connecting,
}


def timed(act: Callable[[], None]) -> float:
    """CPU seconds for each."""
    began = time.process_time()
    for _ in range(TIMES):
        act()
    return (time.process_time() - began) / TIMES


def measure(
    rounds: tuple[int, int], seconds: float, others: Mapping[int, int], say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """`others` maps numbers of listeners that a scanner sees besides to rounds."""
    with machines.lab() as lab, cgroups.group() as guarded, cgroups.group() as free:
        lab.host.own_directories()
        guard = {"name": "g", "cgroup": f"/{guarded.path.name}", "ports": [str(OWN)]}
        modules = Modules(lab.host)
        modules.guard(guards=[guard], policed=["31000-31999"], action="deny", scan_interval=0)
        try:
            for number in sites.rounds(*rounds, seconds):
                yield from costs(lab, {"guarded": guarded, "free": free}, number)
            say("guards: bind and connect, with and without")
            for count, times in others.items():
                for number in range(times):
                    yield {"round": number, "n": count, **short(lab, guarded, free, count)}
                say(f"guards: {SHORT} short listeners among {count} others")
        finally:
            modules.guard(guards=[], purge=True)


def costs(lab: machines.Lab, both: dict[str, Group], number: int) -> Iterator[dict[str, Any]]:
    """Who comes first changes from round to round."""
    names = list(both) if number % 2 == 0 else list(both)[::-1]
    for what, act in TIMED.items():
        for name in names:
            took = float(both[name].run(on_host(lab, act)))
            yield {"what": what, "group": name, "round": number, "seconds": took}


def short(lab: machines.Lab, guarded: Group, free: Group, count: int) -> dict[str, Any]:
    def watched() -> str:
        with scanner.crowd(count):
            told = scanner.scanned(FOREIGN, lambda: scanner.flicker(FOREIGN, SHORT))
        return f"{told.looks} {told.seen}"

    had = guarded.run(on_host(lab, lambda: scanner.flicker(FOREIGN, SHORT)))
    looks, seen = map(int, free.run(on_host(lab, watched)).split())
    return {"what": "short", "tried": SHORT, "looks": looks, "seen": seen, "had": int(had)}


def on_host(lab: machines.Lab, act: Callable[[], object]) -> Callable[[], object]:
    def there() -> object:
        with inside(lab.host.place.netns):
            return act()

    return there
