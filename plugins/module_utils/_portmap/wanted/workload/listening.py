# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets on which systemd listens in a container, for a workload that gets them when it starts.

Each name is a unit of its own, since the name of a descriptor is that of all sockets of a unit.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...values import ports
from ...values.errors import InvalidRequest
from ...values.workloads import Workload
from .setting import Setting
from .spelling import word

SUFFIX = ".socket"
TCP, UDP = "TCP", "UDP"
_DIRECTIVES = {TCP: "ListenStream", UDP: "ListenDatagram"}
_PORT = re.compile(r"(\d{1,5})(?:/(tcp|udp))?", re.ASCII)
_LISTENS = re.compile(r"^(ListenStream|ListenDatagram)=0\.0\.0\.0:(\d+)$", re.M)


class Listen(NamedTuple):
    """`unit` is that of the socket `name`, `protocol` TCP or UDP."""

    name: str
    unit: str
    protocol: str
    port: int


def unit_name(workload: str, name: str) -> str:
    """No name of a workload has an @ in it, so no unit of one is called like this."""
    return f"{workload}@{name}{SUFFIX}"


def of(workload: Workload) -> list[Listen]:
    """Of a workload in which variables are filled in.  Raises InvalidRequest for what is no port."""
    return [_listen(workload.name, name, text) for name, text in workload.sockets]


def _listen(workload: str, name: str, text: str) -> Listen:
    found = _PORT.fullmatch(text)
    if not found or not 0 < int(found[1]) <= ports.HIGHEST:
        raise InvalidRequest(
            f"cannot have {workload} listen as {name} on {text!r}: expected a port, as 31000 or 31000/udp"
        )
    return Listen(name, unit_name(workload, name), (found[2] or TCP).upper(), int(found[1]))


def check(workload: Workload, setting: Setting) -> None:
    """Raise InvalidRequest unless each socket has a port of the container, which no other one has."""
    told = setting.environment.get("PORTS", "")
    owned = ports.parse_all(told.split(","), "PORTS") if told else ()
    seen = set()
    for one in of(workload):
        said = f"cannot have {workload.name} listen as {one.name} on port {one.port}"
        if not ports.holds(owned, one.port):
            raise InvalidRequest(
                f"{said}: that is no port of {workload.container}, which has {told or 'none'}"
            )
        if one[2:] in seen:
            raise InvalidRequest(f"{said}: another socket of it listens there")
        seen.add(one[2:])


def lines(workload: Workload, setting: Setting, one: Listen) -> Iterator[str]:
    """Without the default dependencies: these would have it wait for what waits for it, at a boot.

    The last one that could be opened again, after all have ended, starts the service: systemd does not
    try that twice.
    """
    yield from (
        "[Unit]",
        f"Description=Socket {one.name} of workload {workload.name} in container {workload.container}",
        "DefaultDependencies=no",
        "After=portmap-restore.service",
        f"Wants={workload.unit_name}",
        "Conflicts=shutdown.target",
        "Before=shutdown.target",
        f"ConditionPathIsMountPoint={word(setting.handle)}",
        "StartLimitIntervalSec=0",
        "",
        "[Socket]",
        f"NetworkNamespacePath={word(setting.handle)}",
        f"{_DIRECTIVES[one.protocol]}=0.0.0.0:{one.port}",
        f"FileDescriptorName={one.name}",
        f"Service={workload.unit_name}",
    )


def read(text: str) -> tuple[str, int] | None:
    """Protocol and port of a unit as `lines` has it."""
    found = _LISTENS.search(text)
    protocols = {directive: protocol for protocol, directive in _DIRECTIVES.items()}
    return (protocols[found[1]], int(found[2])) if found else None


def named(units: Sequence[str]) -> str:
    """The names of sockets, by their units, for messages."""
    return ", ".join(unit.partition("@")[2][: -len(SUFFIX)] for unit in units)
