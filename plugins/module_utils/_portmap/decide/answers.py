# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmapctl tells, in lines for people: from the same answers that JSON has.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import ownership

Answer = Mapping[str, Any]

_FREE = {
    ownership.SERVICE: "free, in the pool of service ports",
    ownership.EPHEMERAL: "free, in the pool of ephemeral ports",
    ownership.HOST_EPHEMERAL: "the host's own, for its outgoing connections",
    ownership.OUTSIDE: "the host's own, in no pool",
    ownership.UNKNOWN: "no container owns it",
}
_OWNED = {
    ownership.SERVICE: "service ports",
    ownership.EPHEMERAL: "ephemeral ports",
}
_SAID = {True: "yes", False: "no", None: "cannot be told"}
_UNITS = ("", "k", "M", "G", "T")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> list[str]:
    """Columns side by side; those whose number is in `right` are flush right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return [
        "  ".join(
            cell.rjust(width) if str(number) in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    ]


def listed(answer: Answer) -> list[str]:
    found = answer["containers"]
    if not found:
        return ["there is no container"]
    rows = [
        (
            one["name"],
            ", ".join(one["ports"]) or "-",
            one["ephemeral_ports"] or "unclear",
            one["interface"],
            _state(one),
        )
        for one in found
    ]
    return table(("NAME", "PORTS", "EPHEMERAL", "LINK", "STATE"), rows)


def _state(one: Answer) -> str:
    if one["alive"] is False:
        return "dead: its namespace is gone"
    return "up" if one["up"] else "down"


def who(answer: Answer) -> list[str]:
    port, owner, kind = answer["port"], answer["owner"], answer["kind"]
    if owner is None:
        among = f" {answer['range']}" if answer["range"] else ""
        lines = [f"port {port}: {_FREE[kind]}{among}"]
        return [*lines, *_sockets("on the host", answer["on_host"], "")]
    lines = [f"port {port}: {owner}, {_OWNED.get(kind, 'ports')} {answer['range']}"]
    lines += _sockets(f"in {owner}", answer["sockets"], "")
    lines += _sockets("on the host", answer["on_host"], f": in vain, for {owner} owns the port")
    reachable = answer["reachable"]
    lines.append(
        f"reached from outside: {_SAID[reachable['outside']]},"
        f" from this host: {_SAID[reachable['host']]}"
    )
    return lines + [f"  {reason}" for reason in answer["reasons"]]


def _sockets(where: str, found: Iterable[Answer], ending: str) -> Iterator[str]:
    for one in found:
        process = f"{one['process']} (pid {one['pid']})" if one["pid"] else "a process unseen"
        if one["peer"]:
            said = f"is connected from {one['address']} to {one['peer']}"
        else:
            verb = "listens on" if one["protocol"] == "TCP" else "is bound to"
            said = f"{verb} {one['address']}{ending}"
        yield f"{where}: {process} {said} ({one['protocol']})"


def free(answer: Answer) -> list[str]:
    size, found = answer["size"], answer["stretches"]
    what = "port" if size == 1 else f"run of {size} ports"
    if not found:
        pool = ", ".join(answer["pool"]) or "(empty)"
        lines = [f"no {what} is free in {pool}"]
    else:
        rows = [(one["ports"], str(one["runs"]), one["first"]) for one in found]
        lines = table(("FREE", f"RUNS OF {size}", "FIRST"), rows, right="1")
    left = answer["containers_left"]
    return [
        *lines,
        f"ephemeral ports are left for {left} container{'' if left == 1 else 's'} more",
    ]


def check(answer: Answer) -> list[str]:
    """One line for each problem, with what repairs it."""
    found = answer["problems"]
    return [_problem(one) for one in found] or ["ok: nothing is wrong"]


def _problem(one: Answer) -> str:
    concerned = f"{', '.join(one['containers'])}: " if one["containers"] else ""
    repair = f"; repair: {one['repair']}" if one["repair"] else ""
    return f"{one['kind']}: {concerned}{one['description']}{repair}"


def top(answer: Answer, most: int) -> list[str]:
    """The `most` busiest containers."""
    found = answer["containers"]
    if not found:
        return ["there is no container"]
    rows = [
        (
            one["name"],
            *(
                scaled(one[f"{way}_{what}"])
                for way in ("rx", "tx")
                for what in ("bytes", "packets")
            ),
        )
        for one in found[:most]
    ]
    head = ("NAME", "RECEIVED B/s", "PACKETS/s", "SENT B/s", "PACKETS/s")
    left = len(found) - len(rows)
    return table(head, rows, right="1234") + ([f"and {left} more"] if left else [])


def scaled(value: float) -> str:
    """With three digits, and a decimal prefix: 1.25M."""
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            digits = 0 if not unit or value >= 99.95 else 1 if value >= 9.995 else 2
            return f"{value:.{digits}f}{unit}"
        value /= 1000
    raise AssertionError


def unseen(answer: Answer) -> list[str]:
    """What could not be seen, for the error stream."""
    return [f"cannot see everything: {said}" for said in answer.get("unseen", ())]
