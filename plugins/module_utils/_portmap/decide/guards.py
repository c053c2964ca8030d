# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guards that a host shall have, from those that it has and what a task asks for.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..values import guards as words
from ..values import ports
from ..values.errors import InvalidRequest
from ..values.guards import ALL, POOLS, Guard, Guards, Inside, Ports
from ..values.ports import Range, Ranges

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_UNIT = re.compile(r"[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\-]+)?\.(service|socket)")
_SLICE = re.compile(r"[A-Za-z0-9:_.\\]+(-[A-Za-z0-9:_.\\]+)*\.slice")


class Ask(NamedTuple):
    """A guard as a task wants it; `action` is "" where that of the task is meant.

    With a `container`, its ports are meant.
    """

    name: str
    present: bool
    kind: str = ""
    target: str = ""
    ports: Ports = Ports()
    action: str = ""
    container: str = ""


class Wish(NamedTuple):
    """A task: its guards, and what they have in common.  `scan_interval` None: as it is."""

    asks: Sequence[Ask]
    purge: bool
    policed: tuple[str, ...]
    action: str
    only_tcp_udp: bool
    scan_interval: int | None


class Host(NamedTuple):
    """What ports there are: those of containers, None where nobody has said, and the host's own.

    `containers` are those that are placed, of those that guards are for.
    """

    pools: Ranges | None
    ephemeral: Range
    reserved: Ranges
    containers: Mapping[str, Inside] = {}

    @property
    def taken_by_the_host(self) -> Ranges:
        """What listen() without bind may get."""
        return ports.subtract([self.ephemeral], self.reserved)


def wanted(before: Guards, wish: Wish, host: Host) -> Guards:
    """Raises InvalidRequest for what cannot be."""
    _check_names(wish.asks)
    found = {} if wish.purge else dict(before.guards)
    for ask in wish.asks:
        found.pop(ask.name, None)
        if ask.present:
            found[ask.name] = _guard(ask, wish, host)
    found = {name: up_to_date(guard, host) for name, guard in found.items()}
    _check_targets(found.values())
    interval = before.scan_interval if wish.scan_interval is None else wish.scan_interval
    if interval < 0:
        raise InvalidRequest(f"cannot scan every {interval} s: give seconds, or 0 for never")
    return Guards(found, interval)


def _guard(ask: Ask, wish: Wish, host: Host) -> Guard:
    _check_target(ask)
    policed: tuple[str, ...] = wish.policed
    if ask.container:
        _check_container(ask, host)
        policed, judged = (ALL,), words.EVERYTHING
    else:
        judged = judged_ports(policed, host, ask.name)
    return Guard(
        ask.name,
        ask.kind,
        ask.target,
        ask.ports,
        policed,
        judged,
        ask.action or wish.action,
        wish.only_tcp_udp,
        ask.container,
    )


def up_to_date(guard: Guard, host: Host) -> Guard:
    """With the pools that the host has now, and the ports that its container has."""
    if guard.container:
        inside = host.containers.get(guard.container)
        return guard if inside is None else guard._replace(**inside._asdict())
    if POOLS in guard.policed and host.pools is None:
        return guard
    return guard._replace(judged=judged_ports(guard.policed, host, guard.name))


def judged_ports(policed: Sequence[str], host: Host, name: str) -> Ports:
    """The ports that words and ranges mean, without those that the host takes by itself."""
    own = Ports(*[host.taken_by_the_host] * 2)
    given = Ports.read([one for one in policed if one not in (POOLS, ALL)], "policed")
    if POOLS in policed:
        if host.pools is None:
            raise InvalidRequest(
                f"cannot guard {name}: the host has no pools to police, for it is not prepared; run"
                " netiso.portmap.portmap_host first, or give ranges as policed"
            )
        given = given.and_also(Ports(host.pools, host.pools))
    meeting = given.shared_with(own.tcp)
    if meeting:
        raise InvalidRequest(
            f"cannot guard {name}: the host takes its own ports from {host.ephemeral}"
            " (ip_local_port_range), and without a bind that no guard would see; so"
            f" {ports.text(meeting)} cannot be policed; move that range with host_ephemeral_ports of"
            " netiso.portmap.portmap_host, or have net.ipv4.ip_local_reserved_ports spare them"
        )
    return given.and_also(words.EVERYTHING.without(own)) if ALL in policed else given


# --- bad input ----------------------------------------------------------------------------------


def _check_names(asks: Iterable[Ask]) -> None:
    seen: set[str] = set()
    for ask in asks:
        if not _NAME.fullmatch(ask.name):
            raise InvalidRequest(
                f"cannot use the name '{ask.name}' for a guard: give 1 to 63 letters, digits, '_', '.'"
                " or '-', beginning with a letter or digit"
            )
        if ask.name in seen:
            raise InvalidRequest(f"cannot use the guard {ask.name} twice in one task")
        seen.add(ask.name)


def _check_target(ask: Ask) -> None:
    if ask.kind == words.UNIT and not _UNIT.fullmatch(ask.target):
        raise InvalidRequest(
            f"cannot guard the unit '{ask.target}': name a .service or a .socket, an instance and no"
            " template; for others name their slice"
        )
    if ask.kind == words.SLICE and not _SLICE.fullmatch(ask.target):
        raise InvalidRequest(f"cannot guard the slice '{ask.target}': it is no name of a slice")
    parts = ask.target.split("/")
    wrong = parts[0] != "" or len(parts) < 2 or {"", ".", ".."} & set(parts[1:])
    if ask.kind == words.CGROUP and (wrong or "\0" in ask.target or "\n" in ask.target):
        raise InvalidRequest(
            f"cannot guard the cgroup '{ask.target}': give its path as /proc/PID/cgroup has it, such"
            " as /machine.slice/web, and not the root"
        )


def _check_container(ask: Ask, host: Host) -> None:
    if ask.ports != Ports():
        raise InvalidRequest(
            f"cannot guard {ask.name} on {ask.ports}: the ports of the container {ask.container} are"
            " meant; leave out ports, or container"
        )
    if ask.container not in host.containers:
        raise InvalidRequest(
            f"cannot guard {ask.name}: there is no container {ask.container} on this host; place it"
            " with netiso.portmap.portmap_container"
        )


def _check_targets(guards: Iterable[Guard]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for guard in guards:
        other = owners.setdefault((guard.kind, guard.target), guard.name)
        if other != guard.name:
            raise InvalidRequest(
                f"cannot guard {guard.kind} {guard.target} as {guard.name}: {other} is its guard"
            )


# --- for people ---------------------------------------------------------------------------------


def headlines(before: Guards, after: Guards) -> list[str]:
    """What changes, a sentence for each guard."""
    told = []
    for name in sorted({**before.guards, **after.guards}):
        old, new = before.guards.get(name), after.guards.get(name)
        if old is None and new is not None:
            told.append(f"{name}: guard {new.told()}")
        elif new is None:
            told.append(f"{name}: no guard any more")
        elif old != new and old is not None:
            told.append(f"{name}: guard {old.told()} -> {new.told()}")
    if before.scan_interval != after.scan_interval:
        told.append(f"scan every {before.scan_interval} s -> every {after.scan_interval} s")
    return told


def lines(guards: Guards, attached: Iterable[str]) -> str:
    """The guards for --diff, a line for each, and where they are attached."""
    told = [f"guard {name}: {one.told()}\n" for name, one in sorted(guards.guards.items())]
    told += [f"guard {one}\n" for one in sorted(attached)]
    return "".join(told)
