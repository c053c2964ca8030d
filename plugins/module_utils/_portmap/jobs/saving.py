# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The saved state follows the runs: what was placed comes back at the next boot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..engine.reconcile import Outcome
from ..memory import next_boot, record
from ..memory.next_boot import Container, Found, Saved
from ..sight import survey as surveys
from ..sight.view import Kernel
from ..values import ports, tenants
from ..wanted import claims
from ..wanted.claims import Pools


def keep_host(
    found: Found | None,
    given: next_boot.Host,
    prepared: record.Record,
    outcome: Outcome,
    dry_run: bool,
) -> None:
    """Save the host as a run has prepared it; its containers stay as they are saved."""
    if found is None:
        return
    have = found.state or _as_it_is(prepared)
    wanted = Saved(given, fitting(have.containers, given.pools))
    _save(found, wanted, outcome, dry_run)


def keep_containers(
    found: Found | None,
    prepared: record.Record | None,
    outcome: Outcome,
    purge: bool,
    dry_run: bool,
) -> None:
    """Save the containers that a run has placed; forget the others of the task, or all others."""
    if found is None or (found.state is None and prepared is None):
        return
    have = found.state or _as_it_is(prepared or record.required())
    requests: Sequence[claims.Request] = outcome.result["requests"]
    asked = {request.name: request for request in requests}
    placed: Sequence[tenants.Container] = outcome.result["placed"]
    mine = [_entry(container, asked[container.name], have) for container in placed]
    others = {} if purge else {n: one for n, one in have.containers.items() if n not in asked}
    _save(found, Saved(have.host, merged(others, mine)), outcome, dry_run)


def forget(found: Found | None, outcome: Outcome, dry_run: bool) -> None:
    """Nothing is to come back."""
    if found is None:
        return
    if found.state or found.problem:
        outcome.changes.append(f"delete the desired state {next_boot.PATH}")
    outcome.before += _text(next_boot.lines(found.state))
    if not dry_run:
        next_boot.delete()


def _save(found: Found, wanted: Saved, outcome: Outcome, dry_run: bool) -> None:
    before, after = next_boot.lines(found.state), next_boot.lines(wanted)
    told = [f"write {next_boot.PATH} anew: {found.problem}"] if found.problem else []
    told += [f"save {line}" for key, line in after.items() if before.get(key) != line]
    told += [f"forget {key}" for key in before if key not in after]
    outcome.changes += told
    outcome.before += _text(before)
    outcome.after += _text(after)
    if dry_run:
        return
    if told:
        next_boot.save(wanted)
    else:
        next_boot.discard_draft()


def _text(lines: Mapping[str, str]) -> str:
    return "".join(f"saved {line}\n" for line in lines.values())


# --- what is to be saved ------------------------------------------------------------------------


def _as_it_is(prepared: record.Record) -> Saved:
    """The host as the kernel has it: what was saved is missing or unreadable."""
    kernel = Kernel()
    try:
        host = kernel.host(prepared.public, prepared.loopback)
        found = surveys.survey(kernel, host, None)
    finally:
        kernel.close()
    placed = surveys.containers(found, prepared.pools.service, prepared.pools.ephemeral)
    given = next_boot.Host(
        prepared.public,
        prepared.loopback,
        prepared.pools,
        prepared.host_ephemeral,
        prepared.rp_filter,
    )
    return Saved(given, {name: as_saved(one, "") for name, one in placed.items()})


def as_saved(container: tenants.Container, path: str) -> Container:
    """`path`: that of a namespace which was attached; "" when it is not known."""
    return Container(
        container.name,
        path if container.origin == tenants.ATTACHED else container.handle,
        container.origin,
        container.service,
        container.ephemeral,
    )


def _entry(container: tenants.Container, request: claims.Request, have: Saved) -> Container:
    """Of an attached namespace the kernel tells no path: it is remembered."""
    known = have.containers.get(container.name)
    path = request.netns
    if not path and request.pid is None and known and known.origin == tenants.ATTACHED:
        path = known.netns
    return as_saved(container, path)


def merged(others: Mapping[str, Container], placed: Iterable[Container]) -> dict[str, Container]:
    """The containers to be saved after a run; each port has one owner.

    One that has left the kernel otherwise than by a run is saved still.  It loses what has been
    given to those `placed` since.
    """
    mine = {one.name: one for one in placed}
    rest = dict(others)
    owned = [(item, one.name) for one in (*rest.values(), *mine.values()) for item in one.owned]
    for shared, *both in ports.overlaps(owned):
        for name in both:
            one = rest.pop(name, None)
            if one and not (one.ephemeral and ports.intersect([one.ephemeral], [shared])):
                rest[name] = one._replace(service=ports.subtract(one.service, [shared]))
    return {**rest, **mine}


def fitting(have: Mapping[str, Container], pools: Pools) -> dict[str, Container]:
    """The containers without the ports that the pools no longer hold."""
    kept = {}
    for name, one in have.items():
        if one.ephemeral is None or not ports.subtract([one.ephemeral], [pools.ephemeral]):
            kept[name] = one._replace(service=ports.intersect(one.service, pools.service))
    return kept
