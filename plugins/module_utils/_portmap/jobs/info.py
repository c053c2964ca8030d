# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a host and its containers, and what is wrong with it; changes nothing."""

from __future__ import annotations

from typing import Any

from ..decide import host as decide_host
from ..decide import problems, unmanaged
from ..decide.containers import Decision
from ..decide.problems import Problem, problem
from ..linux import netns, procsys, sockets
from ..linux.messages import LinkSeen
from ..linux.view import View, all_addresses, link_routes, viewed
from ..memory import next_boot, record
from ..memory.record import Record
from ..sight import statistics
from ..sight import survey as surveys
from ..sight.host import early_programs, host_ephemeral, rp_filters, see_bridges
from ..sight.seen import Survey
from ..sight.unmanaged import see_managers
from ..steering import choose
from ..values.errors import InvalidRequest, PortmapError
from ..values.options import Pools
from ..values.tenants import Container
from ..wanted import claims, layout
from ..wanted import unmanaged as wanted_files
from ..wanted.claims import Ask, Namespace
from . import results, saving
from .comparing import Observer, compare_containers
from .uplink import look_anyway


def gather(container: str | None) -> dict[str, Any]:
    """host, containers and problems as the module returns them.

    Raises InvalidRequest when there is nothing of `container`.
    """
    prepared, why = record.read()
    with viewed() as view:
        if prepared is None:
            return _unprepared(view, container, why)
        options, plane = prepared.options, choose.plane()
        names = None if container is None else [claims.check_name(container, "container")]
        uplink = look_anyway(view, prepared, closely=True)
        host = uplink.host
        survey = surveys.survey(view, plane, host, names, options.pools)
        observer = Observer(view, plane, survey)
        found = [problem(None, *notice) for notice in uplink.notices]
        if uplink.fault:  # what hangs on the interface cannot be told then
            found.append(problem(None, "changed", uplink.fault))
        else:
            found += _problems(observer, prepared, container)
        known = {*survey.placed, *(one["container"] for one in found)}
        if container is not None and container not in known:
            raise InvalidRequest(f"cannot describe {container}: there is no such container")
        return {
            "host": {
                **results.host_result(host, prepared, host_ephemeral()),
                "statistics": {"rx_unassembled": statistics.unassembled()},
            },
            "containers": _described(view, survey.containers, container),
            "problems": found,
        }


def _unprepared(view: View, container: str | None, why: str) -> dict[str, Any]:
    """Without a record nothing tells service from ephemeral ports, nor what should be."""
    names = surveys.placed_names(view)
    if container is not None and container not in names:
        raise InvalidRequest(f"cannot describe {container}: there is no such container")
    placed = f"; containers are placed on it: {', '.join(sorted(names))}" if names else ""
    found = [problem(None, "not_prepared", why + placed)]
    return {"host": None, "containers": [], "problems": found}


# --- statistics ---------------------------------------------------------------------------------


def _described(
    view: View, placed: dict[str, Container], container: str | None
) -> list[dict[str, Any]]:
    """The containers that have a veth of the name which they should have."""
    if container is None:
        links = {link.name: link for link in view.all_links(statistics=True)}
    else:
        veths = [one.veth.link for one in placed.values()]
        links = {link.name: link for link in view.links(veths, True) if link}
    return [
        {
            **results.container_result(one),
            "statistics": _statistics(view, one, links[one.veth.link]),
        }
        for _name, one in sorted(placed.items())
        if one.veth.link in links
    ]


def _statistics(view: View, container: Container, link: LinkSeen) -> dict[str, int]:
    return {
        **statistics.of_link(link.statistics),
        "rx_unassembled": statistics.unassembled_in(netns.handle_path(container.handle)),
        "tx_filtered": statistics.filtered(view, container.veth),
    }


# --- problems -----------------------------------------------------------------------------------


def _problems(observer: Observer, prepared: Record, container: str | None) -> list[Problem]:
    survey = observer.survey
    found = _container_problems(observer)
    found += _host_problems(observer, prepared)
    found += _host_listeners(survey, prepared.options.pools)
    found += _unmanaged_problems(observer)
    if container is None:
        found += problems.orphans(survey)
        found += problems.strangers(survey, observer.foreign)
    programs = early_programs(observer.view, survey.host)
    found += [
        problem(None, "earlier_filter", said)
        for said in problems.earlier(observer.foreign, programs)
    ]
    if container not in survey.placed:  # all of them, or one that is not whole
        known = {one.handle for one in survey.containers.values()}
        found += _orphaned_handles(known, container)
    return found + _saved_problems(survey.containers, container)


def _container_problems(observer: Observer) -> list[Problem]:
    """What a run would change of each container as it is: one comparison for all of them."""
    found: list[Problem] = []
    sound: list[Container] = []
    spaces: dict[str, Namespace] = {}
    for name, container in sorted(observer.survey.containers.items()):
        handle = netns.handle_path(container.handle)
        try:
            if not netns.is_there(handle):
                found.append(problem(name, "dead", f"the namespace handle {handle} is gone"))
            elif container.ephemeral is None:
                said = "no single range of ephemeral ports leads to it"
                found.append(problem(name, "missing", said))
            else:
                spaces.update(observer.spaces([Ask(name)], {}))
                sound.append(container)
        except PortmapError as error:
            found.append(problem(name, "dead", str(error)))
    placed = {one.name: one for one in sound}
    asks = [Ask(name) for name in placed]
    decision = Decision(asks, sound, placed).standing(observer.survey, spaces)
    refused: dict[str, PortmapError] = {}
    comparison = compare_containers(observer, decision, spaces, in_full=False, refused=refused)
    found += [problem(name, "dead", str(error)) for name, error in refused.items()]
    found += problems.drift(observer.survey, comparison.changes())
    return sorted(found, key=lambda one: str(one["container"]))


def _host_problems(observer: Observer, prepared: Record) -> list[Problem]:
    survey, options = observer.survey, prepared.options
    host = survey.host
    fault = observer.plane.fault(host, survey.steered)
    found = [problem(None, "missing", fault)] if fault else []
    found += problems.host_changed(host, prepared.applied)
    wanted = decide_host.wanted_sysctls(host, options, rp_filters())
    found += problems.sysctls_differ(wanted, procsys.read_all(wanted))
    found += problems.bridges_differ(layout.bridges(), see_bridges(observer.view))
    if not netns.directory_is_shared():
        found.append(problem(None, "missing", f"{netns.HANDLES} is not a shared mount"))
    loopback = observer.view.link(host.loopback)
    if loopback is None or (loopback.mac, loopback.mtu, loopback.up) != (host.mac, host.mtu, True):
        said = f"link {host.loopback} differs from {host.public}"
        found.append(problem(None, "changed", said))
    return found


def _host_listeners(survey: Survey, pools: Pools) -> list[Problem]:
    """Processes of the host on ports of containers; all their files are looked at if there are some."""
    owners = {name: one.owned for name, one in survey.containers.items()}
    found = problems.heard_in_vain(owners, sockets.of_host(pools.span))
    processes = sockets.holders(one for _name, one in found) if found else {}
    return [problems.host_listener(name, one, processes) for name, one in found]


def _unmanaged_problems(observer: Observer) -> list[Problem]:
    """What other programs of the host do to our links, or could do."""
    view, host = observer.view, observer.survey.host
    managers = see_managers()
    wanted = wanted_files.files(host, managers.running, managers.network_files)
    told = unmanaged.files_differ(wanted, managers.ours)
    told += filter(None, [wanted_files.clash(host, managers.network_files)])
    found = [problem(None, unmanaged.KIND, said) for said in told]
    veths = {one.veth.name: name for name, one in observer.survey.placed.items()}
    links = {one.veth.ifindex: one.veth.name for one in observer.survey.placed.values()}
    links.update({view.ifindex(bridge.place): bridge.place.link for bridge in layout.bridges()})
    configured = unmanaged.configured(links, all_addresses(view.socket), link_routes(view.socket))
    found += [problem(veths.get(link), unmanaged.KIND, said) for link, said in configured.items()]
    return found


def _saved_problems(placed: dict[str, Container], container: str | None) -> list[Problem]:
    try:
        file = next_boot.read()
    except InvalidRequest as error:
        return [problem(None, "changed", str(error))]
    if file is None:
        return []
    now = {name: saving.as_saved(one, "") for name, one in placed.items()}
    return problems.next_boot_differs(file, now, container)


def _orphaned_handles(known: set[str], container: str | None) -> list[Problem]:
    """Handles that we made, mounted or not, of which no veth is left.

    Only that of `container`, unless that is None.
    """
    return [
        problem(
            name,
            "orphan",
            f"the namespace handle {netns.handle_path(name)} was made for it, but there is no link",
        )
        for name in netns.made_by_us()
        if name not in known and container in (None, name)
    ]
