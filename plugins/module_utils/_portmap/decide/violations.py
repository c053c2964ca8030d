# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a guard has seen, in words, and what is done about it.  Pure."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ..values.guards import DENY, REPORT, Guard
from ..values.sockets import Listener, protocol_name

_EVENT = struct.Struct("=QQQIHH16s")  # bpf/guard.c, struct event
_BIND, _LISTEN, _SOCKET = 1, 2, 3
_KINDS = {_BIND: "bind", _LISTEN: "listen", _SOCKET: "socket"}
# Of our messages, see journalctl(1); never change one.
TOLD_ID = "c1b6b7f3c2c04f0f9a6f1f0c7d3f5a10"
ACTED_ID = "0f6a9a2a2d0a4a0d8a1b0b8a4f2c7e11"


class Event(NamedTuple):
    """`group` is 0 where the kernel does not say which one; `pid` is of the first pid namespace."""

    kind: str
    port: int
    protocol: int
    group: int
    pid: int
    comm: str

    @property
    def named(self) -> str:
        return protocol_name(self.protocol)


def event(record: bytes) -> Event:
    _time, group, process, kind, port, protocol, comm = _EVENT.unpack(record)
    name = comm.split(b"\0")[0].decode(errors="replace")
    return Event(_KINDS.get(kind, "?"), port, protocol, group, process >> 32, name)


def said(guard: Guard, one: Event) -> str:
    """`web: python3[15298] was refused TCP port 31020, which is not one of its ports (31000-31007)`"""
    who = f"{guard.name}: {one.comm or '?'}[{one.pid}]"
    verb = "has taken" if guard.action == REPORT else "was refused"
    if one.kind == "socket":
        return f"{who} {verb} a {one.named} socket, and may have TCP and UDP only"
    return (
        f"{who} {verb} {one.named} port {one.port}, which is not one of its ports ({guard.ports})"
    )


def listens(guard: Guard, one: Listener, process: str) -> str:
    """About a socket that no bind was asked about: an older one, or one that was passed on."""
    return (
        f"{guard.name}: {process} listens on {one}, which is not one of its ports ({guard.ports}); it"
        " has had this socket since before the guard, or from elsewhere"
    )


def fields(guard: Guard, group: str, one: Event | Listener, kind: str) -> dict[str, object]:
    """What the journal keeps beside the sentence."""
    found: dict[str, object] = {
        "MESSAGE_ID": TOLD_ID,
        "PRIORITY": 4,
        "SYSLOG_IDENTIFIER": "portmap-guard",
        "PORTMAP_GUARD": guard.name,
        "PORTMAP_ACTION": guard.action,
        "PORTMAP_KIND": kind,
        "PORTMAP_PORT": one.port,
        "PORTMAP_PROTOCOL": protocol_name(one.protocol),
        "PORTMAP_CGROUP": group,
    }
    if isinstance(one, Event):
        found.update(PORTMAP_PID=one.pid, PORTMAP_COMM=one.comm)
    if guard.kind == "unit":  # systemctl status and journalctl --unit show it then
        found["OBJECT_SYSTEMD_UNIT"] = guard.target
    return found


def done(guard: Guard) -> dict[str, object]:
    """The same for what was done about it."""
    found: dict[str, object] = {
        "MESSAGE_ID": ACTED_ID,
        "PRIORITY": 3,
        "SYSLOG_IDENTIFIER": "portmap-guard",
        "PORTMAP_GUARD": guard.name,
        "PORTMAP_ACTION": guard.action,
    }
    if guard.kind == "unit":
        found["OBJECT_SYSTEMD_UNIT"] = guard.target
    return found


def forbidden(guard: Guard, one: Listener) -> bool:
    ranges = guard.forbidden.udp if one.of_udp else guard.forbidden.tcp
    return any(item.first <= one.port <= item.last for item in ranges)


def acts(guard: Guard) -> bool:
    """Whether more is done than the kernel does by itself."""
    return guard.action not in (REPORT, DENY)
