# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs would change of a host and of its containers, as problems."""

from __future__ import annotations

from collections.abc import Iterable

from ..decide import host as decide_host
from ..decide.containers import Decision
from ..decide.problems import drift, replaced_namespace
from ..decide.problems.problem import HOST, Problem
from ..engine import plan
from ..engine.comparison import Comparison
from ..linux import netns
from ..objects.kind import Change, state
from ..sight import inhabitants
from ..sight.host import base_objects, rp_filters, sysctl_objects
from ..values.errors import PortmapError
from ..values.tenants import Container
from ..wanted import layout
from ..wanted.claims import Ask, Namespace
from ..wanted.sysctls import EPHEMERAL_SYSCTL
from .case import Case
from .comparing import compare_containers


def look(case: Case) -> Iterable[Problem]:
    """What runs would change of the host and all its containers: one comparison.

    What hangs on an interface that is gone, or has another name, cannot be told.
    """
    if case.uplink.fault and case.uplink.fault_kind == drift.KIND:
        return
    spoilt: dict[str, str] = {}
    comparison = _host(case)
    comparison.add(_containers(case, spoilt))
    fault = case.observer.plane.fault(case.survey.host, case.survey.steered)
    if fault and not case.survey.steered.complete:  # else it is among the changes
        yield Problem(drift.KIND, fault, (), HOST)
    changes = _changes(comparison)
    veths = drift.lost_pairs(changes)
    replaced = [
        name
        for name, one in sorted(case.survey.placed.items())
        if one.veth.name in {place.link for place in veths}
        and inhabitants.is_elsewhere(case.observer.view, one)
    ]
    yield from replaced_namespace.of_handles(replaced)
    yield from drift.problems(case.survey, changes, spoilt, {*replaced, *case.interrupted})


def _host(case: Case) -> Comparison:
    """The host itself; what steers on its interfaces only where all of that was looked at."""
    observer, host = case.observer, case.survey.host
    needed = observer.plane.sysctls(host)
    values = decide_host.wanted_sysctls(host, case.prepared.options, rp_filters(), needed)
    if case.host_range:  # told already
        values.pop(EPHEMERAL_SYSCTL, None)
    comparison = observer.comparison()
    seen = [*base_objects(observer.view, host), *sysctl_objects(list(values))]
    wanted = layout.host_objects(host, netns.HANDLES, values)
    if case.survey.steered.complete:
        seen += case.survey.steered.shared.objects
        wanted += observer.plane.on_host(host, state(seen))
    comparison.before, comparison.after = state(seen), state(wanted)
    return comparison


def _changes(comparison: Comparison) -> list[Change]:
    """Object by object, without parameters that this kernel lacks."""
    changes = plan.diff({**comparison.before, **comparison.fresh}, comparison.after)
    return [one for one in changes if one.before or not one.subject.set_only]


def _containers(case: Case, spoilt: dict[str, str]) -> Comparison:
    """Every container as it is; why some cannot be compared goes into `spoilt`."""
    observer = case.observer
    sound: list[Container] = []
    spaces: dict[str, Namespace] = {}
    for name, container in sorted(case.survey.containers.items()):
        if name in case.interrupted:
            continue
        handle = netns.handle_path(container.handle)
        try:
            if not netns.is_there(handle):
                spoilt[name] = f"the namespace handle {handle} is gone"
            elif container.ephemeral is None:
                spoilt[name] = "no single range of ephemeral ports leads to it"
            else:
                spaces.update(observer.spaces([Ask(name)], {}))
                sound.append(container)
        except PortmapError as error:
            spoilt[name] = str(error)
    placed = {one.name: one for one in sound}
    asks = [Ask(name) for name in placed]
    decision = Decision(asks, sound, placed).standing(case.survey, spaces)
    refused: dict[str, PortmapError] = {}
    comparison = compare_containers(observer, decision, spaces, in_full=False, refused=refused)
    spoilt.update((name, str(error)) for name, error in refused.items())
    return comparison
