# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placing, changing and removing containers on a prepared host."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from typing import NamedTuple

from ..decide import containers as decide
from ..decide import summary
from ..decide.containers import Decision
from ..decide.problems import drift, earlier_filter
from ..engine import plan
from ..engine.comparison import Comparison
from ..engine.reconcile import Outcome, reconcile
from ..linux import netns, sockets
from ..linux.view import View
from ..memory import next_boot, record
from ..memory.lock import host_lock
from ..memory.record import Record
from ..objects.kind import state
from ..sight import survey as surveys
from ..sight.host import early_programs, link, see_bridges
from ..steering import choose
from ..values import ports, tenants
from ..values.errors import InvalidRequest
from ..values.options import Pools
from ..values.tenants import Container
from ..wanted import claims, layout, requests
from ..wanted.busy import Busy
from ..wanted.claims import Ask, Namespace
from ..wanted.limits import UNKNOWN, Wish
from . import guard_follow, saving
from .comparing import Observer, compare_containers
from .leaving import Leaving
from .uplink import look_anyway, look_without_record
from .without import Spoilt, reconcile_without

Demand = Callable[[dict[str, Container]], Sequence[Ask]]  # placed containers -> what is asked
_WHOLE_FROM = 16  # containers in one task from which dumps are cheaper than single requests


class Run(NamedTuple):
    """What a task did, and what it was about; for which containers a namespace was `created`."""

    outcome: Outcome
    decision: Decision
    created: Set[str]


def place(asks: Sequence[Ask], *, purge: bool, dry_run: bool, with_diff: bool = False) -> Run:
    """Place or remove the containers; `purge` removes every other one."""
    claims.check_unique(decide.names(asks))
    names = [claims.check_name(name) for name in decide.names(asks)]

    def demand(current: dict[str, Container]) -> Sequence[Ask]:
        return decide.purging(asks, {*current, *netns.made_by_us()}) if purge else asks

    seen = _seen(names, purge)
    return _run(demand, seen, dry_run=dry_run, with_diff=with_diff, purge=purge)


def place_again(prepared: Record, asks: Sequence[Ask]) -> None:
    """Place the containers for who holds the lock; nothing is saved for the next boot."""
    job = Placing(prepared, lambda _current: asks, _seen(decide.names(asks), False))
    reconcile(job, dry_run=False)


def _seen(names: Sequence[str], purge: bool) -> Sequence[str] | None:
    """The containers to look at; None for all."""
    return None if purge or len(names) >= _WHOLE_FROM else names


def change_ranges(
    name: str,
    given: ports.Ranges,
    state_option: str,
    *,
    force: bool = False,
    dry_run: bool,
    with_diff: bool = False,
) -> Run:
    """Add, take away or set exactly the service ports of a placed container."""
    claims.check_name(name, "container")

    def demand(current: dict[str, Container]) -> Sequence[Ask]:
        if name not in current:
            raise InvalidRequest(
                f"cannot change the ports of {name}: there is no such container on this host; place"
                " it with netiso.portmap.portmap_container"
            )
        if state_option == "absent":
            requests.check_kept(current[name], given)
        else:
            claims.check_service(name, given, record.required().options.pools)
        wanted = claims.changed_ports(current[name].service, given, state_option)
        return [Ask(name, ports=wanted, force=force)]

    return _run(demand, [name], dry_run=dry_run, with_diff=with_diff)


def _run(
    demand: Demand,
    names: Sequence[str] | None,
    *,
    dry_run: bool,
    with_diff: bool,
    purge: bool = False,
) -> Run:
    with host_lock(dry_run):
        file = next_boot.read()
        prepared, why = record.read()
        job = Placing(prepared, demand, names, why)
        outcome = reconcile_without(job, dry_run=dry_run, with_diff=with_diff)
        outcome.changes[:0] = summary.changes(job.decision, outcome.touched)
        if with_diff:
            before, after = summary.diff(job.decision)
            outcome.before, outcome.after = before + outcome.before, after + outcome.after
        outcome.warnings += [*job.leaving.left(), *job.earlier]
        if dry_run and prepared:
            outcome.warnings += _may_differ(job.decision, prepared.options.pools)
        created = frozenset(one.name for one in job.decision.placed if not one.inode)
        run = Run(outcome, job.decision if dry_run else _as_made(job.decision), created)
        kept = job.spoilt.names
        saving.save_containers(file, prepared, run.outcome, run.decision, purge, kept, dry_run)
        guard_follow.follow(run.decision.placed, run.outcome, dry_run)
        job.spoilt.tell((one.name for one in run.decision.placed), run.outcome, dry_run)
        return run


def _as_made(decision: Decision) -> Decision:
    """With the namespaces that a run has made."""
    return decision._replace(
        placed=[
            one if one.inode else one._replace(inode=netns.inode_at(netns.handle_path(one.handle)))
            for one in decision.placed
        ]
    )


class Placing:
    """A task about containers, for the engine.  `decision` is there after the first comparison.

    Without a record, for the reason `why`, containers can only be absent.
    """

    decision: Decision
    placed: Collection[str] = ()

    def __init__(
        self,
        prepared: Record | None,
        demand: Demand,
        names: Sequence[str] | None,
        why: str = "",
    ) -> None:
        self._prepared = prepared
        self._why = why
        self._fault = ""
        self._demand = demand
        self._names = names
        self._spaces: dict[str, Namespace] = {}
        self.spoilt = Spoilt()
        self.leaving = Leaving()
        self.earlier: list[str] = []

    def compare(self, view: View, in_full: bool) -> Comparison:
        observer = self._observer(view)
        survey = observer.survey
        self.placed = survey.placed.keys()
        asks = [ask for ask in self._demand(survey.containers) if ask.name not in self.spoilt]
        if any(ask.present for ask in asks):
            self._check_host(observer, asks)
            host = survey.host
            found = observer.plane.see_earlier(view, host)
            _refuse(choose.unfinished(self._steering, found))
            self.earlier = earlier_filter.warnings(found, early_programs(view, host))
        self._spaces = observer.spaces(asks, {})
        self.decision = decided(observer, asks, self._pools, self._spaces)
        return compare_containers(observer, self.decision, self._spaces, in_full)

    def compare_again(self, view: View, in_full: bool) -> Comparison:
        observer = self._observer(view)
        if self._fault and any(ask.present for ask in self.decision.asks):
            # The interface went meanwhile: nothing can be seen on it.
            raise InvalidRequest(self._fault)
        self._spaces.update(observer.spaces(self.decision.asks, self._spaces))
        decision = self.decision.standing(observer.survey, self._spaces)
        return compare_containers(observer, decision, self._spaces, in_full)

    def begin(self) -> None:
        """Note the namespaces that are to go, to see afterwards whether they have gone."""
        had = self.decision.had
        self.leaving.note(
            ask.name
            for ask in self.decision.asks
            if not ask.present and (ask.name not in had or had[ask.name].origin == tenants.CREATED)
        )

    def _observer(self, view: View) -> Observer:
        if self._prepared:
            plane = choose.plane(self._prepared.options.steering)
            uplink = look_anyway(view, self._prepared)
        else:
            uplink = look_without_record(view, None, self._why)
            plane = choose.standing(view, uplink.host)
        self._fault = uplink.fault
        survey = surveys.survey(view, plane, uplink.host, self._names, self._pools)
        return Observer(view, plane, survey)

    @property
    def _steering(self) -> str:
        return self._prepared.options.steering if self._prepared else ""

    @property
    def _pools(self) -> Pools | None:
        return self._prepared.options.pools if self._prepared else None

    def _check_host(self, observer: Observer, asks: Sequence[Ask]) -> None:
        """Raise InvalidRequest unless containers can be placed.  Removing needs nothing to be in order."""
        if self._prepared is None:
            raise InvalidRequest(self._why)
        survey = observer.survey
        _refuse(self._fault or observer.plane.fault(survey.host, survey.steered))
        needed = sorted({tenants.bridge_name(ask.name) for ask in asks if ask.present})
        found = see_bridges(observer.view, needed)
        for change in plan.diff(state(found), state(layout.bridges(needed))):
            _refuse(drift.line(change))


def decided(
    observer: Observer, asks: Sequence[Ask], pools: Pools | None, spaces: dict[str, Namespace]
) -> Decision:
    """Who gets which ports.  Raises InvalidRequest with the value and the reason.

    `pools` may be None if nobody shall be present.
    """
    had = decide.concerned(observer.survey, asks)
    if pools is None:
        return Decision(asks, (), had)
    relative = any(isinstance(ask.limits, Wish) for ask in asks)
    placed = claims.resolve(
        asks,
        pools,
        had,
        decide.owned_by_others(observer.survey, asks),
        spaces,
        _busy(pools) if decide.new_ports(asks, had) else Busy(),
        lambda veth: surveys.owner_name(observer.view, veth),
        link(observer.survey.host) if relative else UNKNOWN,
    )
    return Decision(asks, placed, had)


def _may_differ(decision: Decision, pools: Pools) -> list[str]:
    """A warning when ephemeral ports were chosen round connections, which come and go."""
    asked = {ask.name: ask for ask in decision.asks}
    chosen = [
        one.name
        for one in decision.placed
        if asked[one.name].ephemeral is None
        and (one.name not in decision.had or decision.had[one.name].ephemeral is None)
    ]
    if not chosen or not sockets.of_host(pools.ephemeral):
        return []
    names = ", ".join(chosen)
    said = f"the ephemeral ports of {names} may be others when the task runs"
    return [f"{said}: they go round the connections that the host has then"]


def _busy(pools: Pools) -> Busy:
    return Busy(sockets.of_host(pools.span), sockets.process)


def _refuse(fault: str) -> None:
    """Raise InvalidRequest for a host with this fault; "": it has none."""
    if fault:
        raise InvalidRequest(
            f"cannot place containers: the host is not as portmap_host left it ({fault}); run"
            " netiso.portmap.portmap_host first"
        )
