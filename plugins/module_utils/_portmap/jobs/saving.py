# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The saved state follows the runs: what was placed comes back at the next boot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..decide.containers import Decision
from ..engine.reconcile import Outcome
from ..linux import paths
from ..linux.view import viewed
from ..memory import next_boot, record
from ..memory.next_boot import Entry, Saved, SavedFile
from ..memory.record import Record
from ..sight.survey import survey
from ..steering import choose
from ..values import ports, tenants
from ..values.options import HostOptions, Pools
from ..values.tenants import Container
from ..wanted.claims import Ask
from .uplink import look_anyway


def save_host(
    file: SavedFile | None, given: HostOptions, prepared: Record, outcome: Outcome, dry_run: bool
) -> None:
    """Save the host as a run has prepared it; its containers stay as they are saved."""
    if file is None:
        return
    have = file.state or _as_it_is(prepared)
    wanted = Saved(given, fitting(have.containers, given.pools))
    _save(file, wanted, outcome, dry_run)


def save_containers(
    file: SavedFile | None,
    prepared: Record | None,
    outcome: Outcome,
    decision: Decision,
    purge: bool,
    kept: Collection[str],
    dry_run: bool,
) -> None:
    """Save the containers that a run has placed; forget the others of the task, or all others.

    Those that are `kept` stay as they are saved.
    """
    if file is None or (file.state is None and prepared is None):
        return
    have = file.state or _as_it_is(prepared or record.required())
    asked = {ask.name: ask for ask in decision.asks}
    mine = [_entry(container, asked[container.name], have) for container in decision.placed]
    others = {
        name: one
        for name, one in have.containers.items()
        if name in kept or not (purge or name in asked)
    }
    _save(file, Saved(have.host, merged(others, mine)), outcome, dry_run)


def forget(file: SavedFile | None, outcome: Outcome, dry_run: bool) -> None:
    """Nothing is to come back."""
    if file is None:
        return
    if file.state or file.problem:
        outcome.changes.append(f"delete the desired state {next_boot.PATH}")
    outcome.before += _text(next_boot.lines(file.state))
    if not dry_run:
        next_boot.delete()


def _save(file: SavedFile, wanted: Saved, outcome: Outcome, dry_run: bool) -> None:
    before, after = next_boot.lines(file.state), next_boot.lines(wanted)
    told = [f"write {next_boot.PATH} anew: {file.problem}"] if file.problem else []
    told += [f"save {line}" for key, line in after.items() if before.get(key) != line]
    told += [f"forget {key}" for key in before if key not in after]
    outcome.before += _text(before)
    outcome.after += _text(after)
    if not dry_run:
        with outcome.staying(told):
            if told:
                next_boot.save(wanted)
            else:
                next_boot.discard_draft()
    outcome.changes += told


def _text(lines: Mapping[str, str]) -> str:
    return "".join(f"saved {line}\n" for line in lines.values())


# --- what is to be saved ------------------------------------------------------------------------


def _as_it_is(prepared: Record) -> Saved:
    """The host as the kernel has it: what was saved is missing or unreadable."""
    options = prepared.options
    with viewed() as view:
        host = look_anyway(view, prepared).host
        seen = survey(view, choose.plane(options.steering), host, None, options.pools)
    placed = seen.containers
    return Saved(options, {name: as_saved(one, "") for name, one in placed.items()})


def as_saved(container: Container, path: str) -> Entry:
    """`path`: that of a namespace which was attached; "" when it is not known."""
    return Entry(
        container.name,
        path if container.origin == tenants.ATTACHED else container.handle,
        container.origin,
        container.service,
        container.ephemeral,
        container.named,
        container.limits,
        container.access,
    )


def _entry(container: Container, ask: Ask, have: Saved) -> Entry:
    """Of an attached namespace the kernel tells no path: it is remembered."""
    known = have.containers.get(container.name)
    path = "" if paths.of_a_process(ask.netns) else ask.netns
    if not ask.netns and ask.pid is None and known and known.origin == tenants.ATTACHED:
        path = known.netns
    return as_saved(container, path)


def merged(others: Mapping[str, Entry], placed: Iterable[Entry]) -> dict[str, Entry]:
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
                rest[name] = one.without((shared,))
    return {**rest, **mine}


def fitting(have: Mapping[str, Entry], pools: Pools) -> dict[str, Entry]:
    """The containers without the ports that the pools no longer hold."""
    fit = {}
    for name, one in have.items():
        if one.ephemeral is None or not ports.subtract([one.ephemeral], [pools.ephemeral]):
            fit[name] = one.without(ports.subtract(one.service, pools.service))
    return fit
