# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What guards are about, as the host has it: which ports there are, the groups, what programs are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..decide.guards import Host
from ..engine.reconcile import Outcome
from ..linux import cgroups, netns, procsys, systemd
from ..linux.durable import Step
from ..linux.view import viewed
from ..memory import record
from ..memory.record import Record
from ..sight import guards as sight
from ..sight import survey as surveys
from ..sight.host import host_ephemeral
from ..steering import choose
from ..values import guards as words
from ..values import ports
from ..values.guards import Guard, Inside, Ports
from ..values.tenants import Container
from ..wanted import guards as layout
from .uplink import look_anyway

_RESERVED = "net/ipv4/ip_local_reserved_ports"


def host_now(containers: Iterable[str]) -> Host:
    """The host, with those of these containers that are placed."""
    found, _why = record.read()
    pools = None
    if found is not None:
        given = found.options.pools
        pools = ports.join((*given.service, given.ephemeral))
    said = procsys.read(_RESERVED) or ""
    reserved = [ports.parse(one, _RESERVED) for one in said.replace(" ", ",").split(",") if one]
    names = sorted(filter(None, set(containers)))
    placed = _placed(found, names) if found is not None and names else {}
    return Host(pools, host_ephemeral(), ports.join(reserved), placed)


def _placed(prepared: Record, names: list[str]) -> Mapping[str, Inside]:
    with viewed() as view:
        host, options = look_anyway(view, prepared).host, prepared.options
        plane = choose.plane(options.steering)
        return inside(surveys.survey(view, plane, host, names, options.pools).containers.values())


def inside(placed: Iterable[Container]) -> dict[str, Inside]:
    """What guards are told of containers, by their names."""
    return {
        one.name: Inside(Ports(one.owned, one.owned), netns.handle_path(one.handle))
        for one in placed
    }


def groups_of(guards: Iterable[Guard]) -> dict[str, str]:
    """The groups of guards, by kind and target; "" of a unit that does not run."""
    both = list(guards)
    services = sorted({one.target for one in both if one.kind == words.UNIT})
    running = systemd.groups(services) if systemd.booted() else dict.fromkeys(services, "")
    found = {}
    for one in both:
        path = running.get(one.target, "") if one.kind == words.UNIT else one.target
        if one.kind == words.SLICE:
            path = cgroups.of_slice(path, cgroups.top_of_systemd())
        found[f"{one.kind} {one.target}"] = path
    return found


def group_of(guard: Guard, groups: Mapping[str, str]) -> str:
    return groups[f"{guard.kind} {guard.target}"]


def rules_of(guard: Guard) -> bytes | None:
    """What its programs are to be told; None while the namespace of its container is not there."""
    if not guard.namespace:
        return layout.rules(guard, sight.cookie())
    with netns.at(guard.namespace) as opened:
        return None if opened is None else layout.rules(guard, sight.cookie(opened))


def take(steps: Iterable[Step], outcome: Outcome, dry_run: bool) -> None:
    """Take the steps, or foretell them."""
    for step in steps:
        if not dry_run:
            with outcome.staying([step.told]):
                step.take()
        outcome.changes.append(step.told)
