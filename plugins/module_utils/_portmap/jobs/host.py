# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preparing a host, and taking that back."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, NamedTuple

from ..decide import host as decide
from ..decide import host_absent
from ..decide import unmanaged as decide_unmanaged
from ..decide.problems import earlier_filter, nat, offloads, plain_ingress
from ..engine.comparison import Comparison
from ..engine.reconcile import Outcome, reconcile
from ..linux import netfilter, netns, sockets
from ..linux.view import View
from ..memory import next_boot, record
from ..memory.lock import host_lock
from ..memory.record import Record
from ..objects.kind import state
from ..sight import survey as surveys
from ..sight.host import (
    base_objects,
    early_programs,
    firewall,
    hooked_by_others,
    host_ephemeral,
    rp_filters,
    sysctl_objects,
)
from ..sight.unmanaged import see_managers
from ..steering import choose
from ..steering.moving import Moving
from ..values import ports
from ..values.errors import KernelRefused
from ..values.netfilter import Firewall
from ..values.options import HostOptions
from ..values.tenants import Host
from ..wanted import unmanaged
from ..wanted.busy import Busy
from ..wanted.claims import Ask
from . import command, results, saving, unattended
from .choosing import completed
from .comparing import Observer, compare_containers
from .containers import decided
from .taking_back import TakingBack
from .uplink import Uplink, look
from .without import Spoilt, reconcile_without


class Run(NamedTuple):
    """What was done, and the host as it is returned; None when it was taken back.

    `why`: it has this steering, where `auto` was asked for; else "".
    """

    outcome: Outcome
    host: dict[str, Any] | None
    why: str = ""


# --- present ------------------------------------------------------------------------------------


def prepare(
    options: HostOptions,
    restore_at_boot: bool | None = None,
    follow: bool | None = None,
    with_command: bool | None = None,
    *,
    dry_run: bool,
    with_diff: bool = False,
) -> Run:
    """Prepare the host, or bring it (and every container) up to date with its address and MAC.

    `restore_at_boot`, `follow` and `with_command` None: they stay as they are.
    """
    with host_lock(dry_run):
        alone = unattended.look(restore_at_boot, follow)
        portmapctl = command.look(with_command, alone.needs_engine, alone.brings_engine)
        file = next_boot.read()
        job = prepare_locked(options, dry_run=dry_run, with_diff=with_diff)
        alone.begin(job.outcome, dry_run)
        if alone.saves is False:
            saving.forget(file, job.outcome, dry_run)
        else:
            if alone.saves:  # where runs save is there now, or would be
                file = file or next_boot.SavedFile(None, "")
            given = job.record.options.on(options.public, options.loopback)
            saving.save_host(file, given, job.record, job.outcome, dry_run)
        alone.end(job.outcome, dry_run)
        portmapctl.take(job.outcome, dry_run)
        job.spoilt.tell(sorted(set(job.placed) - set(job.spoilt.names)), job.outcome, dry_run)
        told = results.host_result(job.host, job.record, job.port_range)
        return Run(job.outcome, told, job.why)


def prepare_locked(options: HostOptions, *, dry_run: bool, with_diff: bool = False) -> Preparing:
    """prepare() for a caller that holds the lock and saves for itself."""
    old = record.load()
    job = Preparing(options, old)
    try:
        outcome = reconcile_without(job, dry_run=dry_run, with_diff=with_diff)
    except KernelRefused as error:
        if error.undone and job.begun:
            record.restore(old)
        raise
    told, before, after = decide.changed_parameters(old, job.record)
    outcome.changes = [*told, *outcome.changes]
    outcome.before, outcome.after = before + outcome.before, after + outcome.after
    unseen = offloads.warnings(choose.plane(job.record.options.steering).unseen())
    outcome.warnings = [*job.uplink.warnings, *job.earlier, *job.of_pools, *unseen]
    pools, rules = job.record.options.pools, job.rules.translations()
    outcome.warnings += nat.warnings(job.host, pools, job.port_range, rules, job.unnoted)
    job.outcome = outcome
    if old is None:
        outcome.warnings += decide.warnings_of_firewall(job.firewall, job.host.public)
    if not dry_run:
        record.discard_draft()
        if record.load() != job.record:
            with outcome.staying([f"note in {record.PATH} what containers were given"]):
                record.save(job.record)
    return job


class Preparing:
    """The engine's job.  The first comparison decides on `record`; `uplink` and `host` are what it saw.

    `port_range` is the one from which the host takes its own ports.  `why`: see `choosing.completed`.
    """

    record: Record
    uplink: Uplink
    earlier: list[str]
    of_pools: list[str]
    host: Host
    port_range: ports.Range
    firewall: Firewall
    outcome: Outcome
    placed: Collection[str] = ()

    def __init__(self, options: HostOptions, old: Record | None) -> None:
        self._options, self.why = completed(options, old)
        self._old = old
        self._goes_over = False
        self.begun = False
        self.spoilt = Spoilt()
        self.rules = netfilter.Rules()

    def compare(self, view: View, in_full: bool) -> Comparison:
        observer = self._observer(view)
        own = host_ephemeral()
        self.uplink = self._seen
        survey = observer.survey
        self.unnoted = observer.plane.unnoted(survey.host, survey.steered)
        self.earlier = earlier_filter.warnings(
            observer.foreign, early_programs(view, survey.host)
        ) + plain_ingress.warnings(self.unnoted or ())
        if self._old and self.uplink.moved:
            decide.check_move(self._old, survey.host, surveys.placed_names(view))
        decide.check(
            self._options, self._old, survey, own, lambda veth: surveys.owner_name(view, veth)
        )
        self.of_pools = self._warnings_of_pools(observer)
        self.host = survey.host
        if self._old is None:  # only then it is told
            self.firewall = firewall(view, self.host.public, self.rules)
        decide_unmanaged.check(self.host, see_managers().network_files)
        self.port_range = self._options.host_ephemeral or own
        comparison = self._comparison(observer, in_full)
        decide.check_bridges(comparison.before)
        self.record = decide.record(
            self._options, self.host, comparison.before, comparison.after, self._old,
            netns.directory_state(), self.uplink.ifindex, self.uplink.moved,
        )  # fmt: skip
        self._add_containers(observer, comparison)
        return comparison

    def compare_again(self, view: View, in_full: bool) -> Comparison:
        observer = self._observer(view)
        comparison = self._comparison(observer, in_full)
        self._add_containers(observer, comparison)
        return comparison

    def begin(self) -> None:
        """Save the record first, so that no value that was is ever lost.

        The interface and what containers were given of it stay those of before until all is done.
        """
        self.begun = True
        if self.record != self._old:
            was = self._old or self.record._replace(applied=())
            values = {**was.before, **self.record.before}  # also those that this run gives back
            options = self.record.options.on(was.options.public, was.options.loopback)
            options = options._replace(steering=was.options.steering)
            record.save(
                self.record._replace(
                    options=options, before=values, applied=was.applied, ifindex=was.ifindex
                )
            )

    def _observer(self, view: View) -> Observer:
        self._seen = look(view, self._options, self._old, closely=True)
        plane = choose.whole(self._options.steering, view, self._seen.host)
        # Also when it has arrived: then it is seen whether all its containers have.
        self._goes_over |= isinstance(plane, Moving)
        survey = surveys.survey(view, plane, self._seen.host, [], interfaces=True)
        return Observer(view, plane, survey)

    def _warnings_of_pools(self, observer: Observer) -> list[str]:
        pools, owners = self._options.pools, observer.survey.owners()
        had = self._old.options.pools if self._old else pools
        told = decide.sizes_kept(
            pools, had, owners, lambda veth: surveys.owner_name(observer.view, veth)
        )
        used = sockets.of_host(pools.span) if pools.service else []
        return told + decide.heard_in_pool(pools, owners.values(), Busy(used, sockets.process))

    def _comparison(self, observer: Observer, in_full: bool) -> Comparison:
        """The host without its containers."""
        host, plane = observer.survey.host, observer.plane
        wanted = decide.wanted_sysctls(host, self._options, rp_filters(), plane.sysctls(host))
        values = {**wanted, **decide.given_back(self._options, self._old, wanted)}
        managers = see_managers()
        comparison = observer.comparison(in_full)
        comparison.complete = self._goes_over  # then all containers are looked at
        comparison.before = state(
            [
                *managers.ours,
                *observer.survey.steered.shared.objects,
                *base_objects(observer.view, host),
                *sysctl_objects(list(values)),
            ]
        )
        comparison.after = decide.wanted_objects(
            plane, host, netns.HANDLES, values, comparison.before
        )
        found = comparison.before.values()
        comparison.before = state(decide.without_others(found, comparison.after, self._old))
        if self._old and self._seen.moved:
            self._add_left_behind(observer, comparison, self._old)
        comparison.after.update(
            state(unmanaged.files(host, managers.running, managers.network_files))
        )
        return comparison

    def _add_left_behind(self, observer: Observer, comparison: Comparison, old: Record) -> None:
        """What the interface of before still has of ours."""
        before = observer.survey.host._replace(public=old.options.public)
        survey = surveys.survey(observer.view, observer.plane, before, [], interfaces=True)
        spared = host_absent.sparing(old, hooked_by_others(observer.view, before))
        comparison.before.update(host_absent.left_behind(survey, spared))
        observer.note(survey.found, comparison)

    def _add_containers(self, observer: Observer, comparison: Comparison) -> None:
        """Every container as it is, on the host as it is now; or only what leads nowhere."""
        host, plane = observer.survey.host, observer.plane
        before, after = comparison.before, comparison.after
        if self._goes_over or decide.containers_are_stale(host, before, after, self._old):
            survey = surveys.survey(observer.view, plane, host, None, self._options.pools)
            if survey.placed or survey.steered.entries.objects:
                comparison.add(
                    self._containers(Observer(observer.view, plane, survey), comparison)
                )
            return
        gone, left = decide.orphans(plane, observer.survey)
        comparison.before.update(state(gone))
        comparison.after.update(state(left))

    def _containers(self, observer: Observer, comparison: Comparison) -> Comparison:
        self.placed = observer.survey.placed.keys()
        asks = [Ask(name) for name in sorted(self.placed) if name not in self.spoilt]
        spaces = observer.spaces(asks, {})
        decision = decided(observer, asks, self._options.pools, spaces)
        return compare_containers(observer, decision, spaces, comparison.in_full)


# --- absent -------------------------------------------------------------------------------------


def unprepare(options: HostOptions, *, dry_run: bool, with_diff: bool = False) -> Run:
    """Remove our filters, restore what was changed.  Raises InvalidRequest with containers left."""
    with host_lock(dry_run):
        alone = unattended.look(False, False)
        portmapctl = command.look(False, alone.needs_engine, alone.brings_engine)
        file = next_boot.read()
        old, why = record.read()
        job = TakingBack(options, old)
        outcome = reconcile(job, dry_run=dry_run, with_diff=with_diff)
        if old is None and outcome.changes:
            outcome.warnings.append(f"what the host was like before is not known any more: {why}")
        if old is not None or os.path.exists(record.PATH):
            outcome.changes.append(f"delete the record {record.PATH}")
        if not dry_run:
            if old is not None:
                netns.remove_leftover(old.before.get("handles", "mounted"))
            record.delete()
        alone.begin(outcome, dry_run)
        saving.forget(file, outcome, dry_run)
        alone.end(outcome, dry_run)
        portmapctl.take(outcome, dry_run)
        return Run(outcome, None)
