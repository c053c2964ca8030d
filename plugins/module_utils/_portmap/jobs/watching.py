# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What guards see, told to the journal, and what their actions say done.  One process, as a service.

Nothing is enforced here: the kernel refuses by itself.  Here it is told, guards are attached that
cannot be at the start of what they are for, and sockets are looked at that are older than a guard.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from typing import NamedTuple

from ..bpf.ring import Ring
from ..decide import violations
from ..decide.violations import Event
from ..linux import cgroups, journal, listeners, processes, systemd
from ..memory import guards as memory
from ..sight import guards as sight
from ..values import guards as words
from ..values.errors import PortmapError
from ..values.guards import Guard
from ..values.sockets import Listener
from . import attaching
from .guarded import group_of, groups_of, rules_of
from .guards import NONE

DIRECTORY = "/run/netiso-portmap-guard"
_LINE = f"{DIRECTORY}/attached"
_TICK_SECONDS = 1.0
_SILENCE_SECONDS = 60.0  # between two times that the same is told


def tell_watcher(name: str, path: str) -> None:
    """Have who watches look at a guard that was attached, if anybody watches."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(f"{name}\0{path}".encode(), _LINE)


class Seat(NamedTuple):
    """A group with a guard: the inode that tells it from a later one of its name, maps, and the ring."""

    guard: Guard
    path: str
    inode: int
    maps: frozenset[tuple[int, ...]]
    ring: Ring


class Watcher:
    def __init__(self) -> None:
        found = memory.load() or NONE
        self._guards, self._interval = found.guards, found.scan_interval
        self._seats: dict[str, Seat] = {}
        self._by_ring: dict[int, Seat] = {}
        self._told: dict[tuple[object, ...], float] = {}
        self._acted: set[tuple[object, ...]] = set()
        self._poll = select.epoll()
        self._line = self._listen()
        self._scan_at = time.monotonic()

    def _listen(self) -> socket.socket:
        os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_LINE)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        line.bind(_LINE)
        self._poll.register(line, select.EPOLLIN)
        return line

    def run(self) -> None:
        self.look_again()
        systemd.notify("READY=1")
        while True:
            self.turn()

    def turn(self) -> None:
        """Wait for at most a second, and do what there is to do."""
        for descriptor, _event in self._poll.poll(_TICK_SECONDS):
            if descriptor == self._line.fileno():
                self._hear()
            elif descriptor in self._by_ring:
                self._read(self._by_ring[descriptor])
        self._attach_others()
        if self._interval and time.monotonic() >= self._scan_at:
            self.look_again()
            self.scan()

    # --- guards and their groups ----------------------------------------------------------------

    def look_again(self) -> None:
        """Attach what is not attached, also where the start of a unit should have done that."""
        for path, seat in list(self._seats.items()):
            if seat.inode != _inode(path):  # it has ended
                self._read(seat)
                self._leave(path)
        groups = groups_of(self._guards.values())
        for guard in self._guards.values():
            self._ensure(guard, group_of(guard, groups))

    def _attach_others(self) -> None:
        """Nothing is run when a slice, or a group of somebody else, comes into being."""
        for guard in self._guards.values():
            path = "" if guard.kind == words.UNIT else group_of(guard, groups_of([guard]))
            seat = self._seats.get(path)
            if path and (seat is None or seat.inode != _inode(path)):
                self._ensure(guard, path)

    def _ensure(self, guard: Guard, path: str) -> None:
        found = sight.see(path) if path else None
        if found is None:
            return
        try:
            rules = rules_of(guard)
            if rules is not None and (not found.whole or found.rules != rules):
                attaching.attach(path, rules)
                said = f"{guard.name}: no guard was attached to {path}; it is now"
                journal.tell(said, {"PRIORITY": 4, "PORTMAP_GUARD": guard.name})
                found = sight.see(path)
            if found is not None and found.whole:
                self._sit(guard, path, found)
        except PortmapError as error:
            self._complain(guard, error)

    def _sit(self, guard: Guard, path: str, found: sight.Attached) -> None:
        """Listen to the ring of a group, instead of to one that it had before."""
        seat = self._seats.get(path)
        if seat is not None and seat[:4] == (guard, path, _inode(path), found.maps):
            return
        self._leave(path)
        ring = sight.map_of(next(iter(found.maps)), sight.EVENTS)
        if ring is None:
            return
        seat = Seat(guard, path, _inode(path), found.maps, Ring(ring))
        self._seats[path] = self._by_ring[ring] = seat
        self._poll.register(ring, select.EPOLLIN)
        self._read(seat)

    def _leave(self, path: str) -> None:
        old = self._seats.pop(path, None)
        if old is not None:
            self._by_ring.pop(old.ring.descriptor)
            self._poll.unregister(old.ring.descriptor)
            old.ring.close()
            os.close(old.ring.descriptor)

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                name, _zero, path = self._line.recv(4096).decode(errors="replace").partition("\0")
                if name in self._guards:
                    self._ensure(self._guards[name], path)

    # --- events ---------------------------------------------------------------------------------

    def _read(self, seat: Seat) -> None:
        for record in seat.ring.read():
            event = violations.event(record)
            if event.kind == "listen":  # which namespace it is in, the table of sockets knows
                self._scan_at = min(self._scan_at, time.monotonic() + _TICK_SECONDS)
                continue
            if self._is_new(seat.guard.name, event.kind, event.port, event.protocol, event.pid):
                fields = violations.fields(seat.guard, seat.path, event, event.kind)
                journal.tell(violations.said(seat.guard, event), fields)
            if violations.acts(seat.guard):
                self._act(seat, event, f"{event.comm}[{event.pid}]")

    def _is_new(self, *what: object) -> bool:
        """Whether this was not told in the last minute."""
        now = time.monotonic()
        if len(self._told) > 10_000:
            self._told = {one: at for one, at in self._told.items() if at > now}
        if self._told.get(what, 0.0) > now:
            return False
        self._told[what] = now + _SILENCE_SECONDS
        return True

    # --- sockets --------------------------------------------------------------------------------

    def scan(self) -> None:
        """Look at all sockets once: what was there before a guard, and what was passed on."""
        self._scan_at = time.monotonic() + self._interval
        of_host = listeners.listeners()
        for seat in list(self._seats.values()):
            groups = cgroups.below(seat.path)
            with sight.in_its_namespace(seat.guard) as there:
                found = listeners.listeners() if seat.guard.namespace and there else of_host
                for one in found if there else ():
                    if one.group in groups and violations.forbidden(seat.guard, one):
                        self._found(seat, one, groups[one.group])

    def _found(self, seat: Seat, one: Listener, group: str) -> None:
        process = processes.with_sockets([one.inode]).get(one.inode, "a process that nobody sees")
        if self._is_new(seat.guard.name, one.protocol, one.port, one.inode):
            fields = violations.fields(seat.guard, group, one, "listener")
            journal.tell(violations.listens(seat.guard, one, process), fields)
        if seat.guard.action == words.CLOSE and listeners.close(one):
            self._say_done(seat.guard, f"closed {one} of {process}")
        elif violations.acts(seat.guard):
            self._act(seat, one, process)

    def _act(self, seat: Seat, one: Event | Listener, process: str) -> None:
        """Stop or kill, once: what is started after that is another group."""
        what = (seat.path, seat.inode)
        if seat.guard.action not in (words.STOP, words.KILL) or what in self._acted:
            return
        self._acted.add(what)
        guard = seat.guard
        if guard.action == words.STOP and guard.kind != words.CGROUP:
            systemd.stop(guard.target, wait=False)
        else:
            cgroups.kill(seat.path)
        verb = "stopped" if guard.action == words.STOP else "killed"
        self._say_done(
            guard, f"{verb} {guard.kind} {guard.target} for {process} and port {one.port}"
        )

    def _say_done(self, guard: Guard, said: str) -> None:
        fields = violations.done(guard)
        journal.tell(f"{guard.name}: {said}", fields)

    def _complain(self, guard: Guard, error: Exception) -> None:
        if self._is_new(guard.name, str(error)):
            journal.tell(f"{guard.name}: {error}", {"PRIORITY": 3, "PORTMAP_GUARD": guard.name})


def _inode(path: str) -> int:
    try:
        return os.stat(cgroups.root() + path).st_ino
    except FileNotFoundError:
        return 0
