# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a host and its containers, and what is wrong with it; changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..decide import workloads
from ..decide.problems import not_prepared
from ..decide.problems.problem import Problem
from ..linux import netns
from ..linux.messages import LinkSeen
from ..linux.view import View, viewed
from ..memory import record, units
from ..memory.record import Record
from ..sight import statistics
from ..sight import survey as surveys
from ..sight import usage as used
from ..sight.host import firewall, host_ephemeral
from ..steering import choose
from ..steering.plane import Counted, Plane
from ..values.errors import InvalidRequest
from ..values.tenants import Container
from ..wanted import claims
from . import guard_problems, problems, results, usage
from .case import Case
from .comparing import Observer
from .uplink import closed_interfaces, look_anyway


def gather(
    container: str | None,
    detail: bool = False,
    levels: Collection[str] = (),
    seconds: float = 0,
) -> dict[str, Any]:
    """host, containers, workloads and problems as the module returns them; `detail`: with the objects.

    `levels` of usage that containers are told with; without any, nothing is asked for it.  Rates are
    measured for so many `seconds`, 0: there are none.
    Raises InvalidRequest when there is nothing of `container`.
    """
    if seconds:
        usage.check_seconds(seconds)
    prepared, why = record.read()
    with viewed() as view:
        if prepared is None:
            return _unprepared(view, container, why, detail)
        case = _case(view, prepared, container)
        survey, plane = case.survey, case.observer.plane
        found = _of_host(case)
        known = {*survey.placed, *(name for one in found for name in one.containers)}
        if container is not None and container not in known:
            raise InvalidRequest(f"cannot describe {container}: there is no such container")
        described = _described(view, plane, survey.containers, container, levels)
        if seconds:
            _add_rates(view, plane, described, seconds)
        return {
            "host": _host_told(case),
            "containers": described,
            "workloads": workloads.counted(case.workloads.values()),
            "problems": [one.result(detail) for one in found],
        }


def _host_told(case: Case) -> dict[str, Any]:
    view, host = case.observer.view, case.uplink.host
    return {
        **results.host_result(host, case.prepared, host_ephemeral()),
        "closed_interfaces": closed_interfaces(view, case.survey.host),
        "follow": results.service_result(units.FOLLOW.look()),
        "firewall": results.firewall_result(firewall(view, host.public, case.rules)),
        "statistics": {"rx_unassembled": statistics.unassembled()},
    }


def found_problems(container: str | None = None) -> list[Problem]:
    """What is wrong with the host and all containers, or with one that there is, and nothing else."""
    prepared, why = record.read()
    with viewed() as view:
        if prepared is None:
            return _of_unprepared(why, surveys.placed_names(view))
        return _of_host(_case(view, prepared, container))


def _case(view: View, prepared: Record, container: str | None) -> Case:
    options = prepared.options
    plane = choose.plane(options.steering)
    names = None if container is None else [claims.check_name(container, "container")]
    uplink = look_anyway(view, prepared, closely=True)
    given = problems.as_given(uplink.host, prepared)
    survey = surveys.survey(view, plane, given, names, options.pools)
    return Case(Observer(view, plane, survey), prepared, uplink, container)


def _of_host(case: Case) -> list[Problem]:
    owned = [ports for one in case.survey.containers.values() for ports in one.owned]
    return [*problems.of_host(case), *guard_problems.problems(owned)]


def _of_unprepared(why: str, names: list[str]) -> list[Problem]:
    return [not_prepared.problem(why, names), *guard_problems.problems(())]


def _unprepared(view: View, container: str | None, why: str, detail: bool) -> dict[str, Any]:
    names = surveys.placed_names(view)
    if container is not None and container not in names:
        raise InvalidRequest(f"cannot describe {container}: there is no such container")
    return {
        "host": None,
        "containers": [],
        "workloads": workloads.counted(()),
        "problems": [one.result(detail) for one in _of_unprepared(why, names)],
    }


# --- statistics ---------------------------------------------------------------------------------


def _described(
    view: View,
    plane: Plane,
    placed: dict[str, Container],
    container: str | None,
    levels: Collection[str],
) -> list[dict[str, Any]]:
    """The containers that have a veth of the name which they should have."""
    if container is None:
        links = {link.name: link for link in view.all_links(statistics=True)}
    else:
        veths = [one.veth.link for one in placed.values()]
        links = {link.name: link for link in view.links(veths, True) if link}
    counts = plane.counted(one.veth.link for one in placed.values())
    links = {name: statistics.counted(one, counts.get(name)) for name, one in links.items()}
    there = [one for _name, one in sorted(placed.items()) if one.veth.link in links]
    told = [
        {
            **results.container_result(_with_inode(one)),
            "statistics": _statistics(view, one, links[one.veth.link], counts),
        }
        for one in there
    ]
    if levels:
        queues = used.queues(view)
        sent = used.sent(view, queues)
        for container_told, one in zip(told, there):
            link = links[one.veth.link]
            waiting = queues.get(link.ifindex, ()), sent.get(one.number, ())
            container_told["usage"] = usage.used(one, link, *waiting, set(levels))
    return told


def _add_rates(view: View, plane: Plane, described: list[dict[str, Any]], seconds: float) -> None:
    """To those that were there all the time."""
    found, took = usage.rates_of(view, plane, seconds)
    told = {one.name: one._asdict() for one in found}
    for one in described:
        measured = told.get(one["name"], {})
        one["rates"] = (
            {
                "seconds": took,
                **{name: round(value) for name, value in measured.items() if name != "name"},
            }
            if measured
            else None
        )


def _with_inode(container: Container) -> Container:
    return container._replace(inode=netns.inode_at(netns.handle_path(container.handle)))


def _statistics(
    view: View, container: Container, link: LinkSeen, counts: Mapping[str, Counted]
) -> dict[str, Any]:
    own = counts.get(link.name)
    return {
        **statistics.of_link(link.statistics),
        "rx_unassembled": statistics.unassembled_in(netns.handle_path(container.handle)),
        "tx_filtered": statistics.filtered(view, container.veth),
        "tx_filtered_by": dict(own.drops) if own else None,
        "rx_filtered_by": dict(own.refused) if own else None,
    }
