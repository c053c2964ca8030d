# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task does, in lines for people: they come before the objects in `changes` and in diffs.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Set

from ..values import access, ports
from ..values.limits import NONE
from ..values.tenants import Container, veth_name
from .containers import Decision

Owner = tuple[str, str]  # of an object: a container, or a veth


def changes(decision: Decision, touched: Set[Owner]) -> list[str]:
    """A line for each container that the task changes; `touched` are the owners of what it changes."""
    placed = {container.name: container for container in decision.placed}
    lines = []
    for ask in decision.asks:
        name = ask.name
        concerned = (name, "") in touched or ("", veth_name(name)) in touched
        said = _change(decision.had.get(name), placed.get(name), concerned)
        lines += [f"{name}: {said}"] if said else []
    return lines


def _change(had: Container | None, now: Container | None, concerned: bool) -> str:
    if now is None:
        return "removed" if had else "what was left of it removed" if concerned else ""
    if had is None:
        return f"placed with {_owned(now)}"
    moved = ", ".join(_moved(had, now))
    return moved or ("repaired" if concerned else "")


def _moved(had: Container, now: Container) -> Iterator[str]:
    if had.service != now.service:
        yield f"ports {ports.text(had.service) or 'none'} -> {ports.text(now.service) or 'none'}"
    for name in sorted({*had.assigned, *now.assigned}):
        before, after = had.assigned.get(name, "none"), now.assigned.get(name, "none")
        if before != after:
            yield f"{name} {before} -> {after}"
    if had.ephemeral != now.ephemeral:
        yield f"ephemeral ports {had.ephemeral or 'unclear'} -> {now.ephemeral}"
    if had.limits != now.limits:
        yield f"limits {had.limits} -> {now.limits}"
    if had.access.host != now.access.host:
        yield f"host services {had.access.host} -> {now.access.host}"
    if had.access.outside != now.access.outside:
        yield f"allow_from {had.access.outside} -> {now.access.outside}"


def diff(decision: Decision) -> tuple[str, str]:
    """The asked containers before and after, a line for each."""
    before = sorted(decision.had.values())
    return _lines(before), _lines(sorted(decision.placed))


def _lines(containers: list[Container]) -> str:
    return "".join(f"{one.name}: {_owned(one)}\n" for one in containers)


def _owned(container: Container) -> str:
    service = ports.text(container.service) or "none"
    named = ", ".join(f"{name} {text}" for name, text in container.assigned.items())
    service += f" ({named})" if named else ""
    limits = f", limits {container.limits}" if container.limits != NONE else ""
    allowed = "".join(f", {words}" for words in access.said(container.access))
    return f"ports {service}, ephemeral ports {container.ephemeral or 'unclear'}{limits}{allowed}"
