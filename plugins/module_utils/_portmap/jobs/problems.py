# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a prepared host: what the kinds of problems in `decide.problems` are told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from ..decide import unmanaged as decide_unmanaged
from ..decide.problems import (
    addresses,
    bridge_mac,
    dead_process,
    drift,
    earlier_filter,
    foreign_port,
    host_listener,
    leftovers,
    nat,
    neighbours,
    not_following,
    offloads,
    plain_ingress,
    reboot,
    replaced_namespace,
    route,
    unmanaged,
    workload,
)
from ..decide.problems.problem import HOST, Problem
from ..linux import neighbours as linux_neighbours
from ..linux import netns, sockets, sysfs
from ..linux.netlink import opened
from ..linux.view import all_addresses, link_routes
from ..memory import units
from ..memory.record import Record
from ..sight import inhabitants
from ..sight.host import early_programs, host_ephemeral
from ..sight.unmanaged import see_managers
from ..values import ports, tenants
from ..values.errors import InvalidRequest
from ..values.tenants import Host, last_known
from ..wanted import layout
from ..wanted import unmanaged as wanted_files
from . import drift as drifting
from . import saving
from .case import Case


def of_host(case: Case) -> list[Problem]:
    """All problems, or those of one container and of the host."""
    container = case.container
    found = [one for look in LOOKS for one in look(case)]
    return [one for one in found if container is None or one.is_about(container)]


def as_given(host: Host, prepared: Record) -> Host:
    """The host as its containers were last made after it: only what differs from that is drift."""
    if not prepared.applied:  # a run was killed before there was any
        return host
    options = prepared.options
    given = last_known(host.public, host.loopback, prepared.applied)
    return given._replace(
        entrances=host.entrances,
        link_speed=options.link_speed,
        limit_scope=options.limit_scope,
        fair_shares=bool(options.fair_shares),
    )


# --- what the host is like ------------------------------------------------------------------------


def _uplink(case: Case) -> Iterable[Problem]:
    """The public interface, and what containers were given of it."""
    uplink, given = case.uplink, case.survey.host
    if uplink.fault:
        yield Problem(uplink.fault_kind, uplink.fault, tuple(case.names), HOST)
        return
    for kind in dict.fromkeys(kind for kind, _said in uplink.notices):
        said = "; ".join(said for other, said in uplink.notices if other == kind)
        yield Problem(kind, said)
    yield from addresses.problems(uplink.host, given, case.names)
    yield from route.problems(uplink.host, given, case.names)
    link = case.observer.view.link(given.public)
    if link and link.kind == "bridge" and not sysfs.has_fixed_mac(link.name):
        yield from bridge_mac.problems(uplink.host, given, case.names)
        given = given._replace(mac=uplink.host.mac)
    yield from drift.of_host(uplink.host, given, case.prepared.applied, case.names)


def _host_range(case: Case) -> Iterable[Problem]:
    return case.host_range


# --- containers ---------------------------------------------------------------------------------


def _namespaces(case: Case) -> Iterable[Problem]:
    """Who is in the namespaces of containers, and in those that were some."""
    view, placed = case.observer.view, case.survey.containers
    inodes = case.inodes
    attached = {name: one for name, one in placed.items() if one.origin == tenants.ATTACHED}
    paths = inhabitants.led_elsewhere(case.saved_paths, inodes)
    yield from replaced_namespace.of_paths(paths)
    empty = {inodes[name]: name for name in attached if name in inodes and name not in paths}
    empty = {inode: name for inode, name in empty.items() if inode not in case.pids}
    held = netns.mounted(empty) if empty else set()
    yield from dead_process.problems(sorted(empty[inode] for inode in empty.keys() - held))
    left = inhabitants.left_behind(view, case.pids, {*inodes.values()})
    labels = [one.label for one in case.workloads.values() if one.label]
    units = {label.unit for label in labels if label.container in inodes}
    yield from replaced_namespace.of_processes(left, told=units)


def _leftovers(case: Case) -> Iterable[Problem]:
    """Of all containers, or of one that is not whole."""
    yield from leftovers.interrupted(case.interrupted)
    if case.container in case.survey.placed:
        return
    yield from leftovers.problems(case.survey, case.left, entries=case.container is None)


def _reboot(case: Case) -> Iterable[Problem]:
    try:
        file = case.saved
    except InvalidRequest as error:
        return [Problem(drift.KIND, str(error))]
    if file is None:
        return []
    now = {name: saving.as_saved(one, "") for name, one in case.survey.containers.items()}
    names = None if case.container is None else [case.container]
    return reboot.problems(file, now, names, case.left)


# --- what others do -----------------------------------------------------------------------------


def _host_listeners(case: Case) -> Iterable[Problem]:
    """Processes of the host on ports of containers; all their files are looked at if there are some."""
    owners = {name: one.owned for name, one in case.survey.containers.items()}
    span = case.prepared.options.pools.span
    found = host_listener.heard_in_vain(owners, sockets.of_host(span))
    processes = sockets.holders(one for _name, one in found) if found else {}
    return host_listener.problems(found, processes)


def _foreign_ports(case: Case) -> Iterable[Problem]:
    """Processes in containers on ports of others: asked where processes are."""
    pool = case.prepared.options.service or ()
    free = ports.subtract(
        pool, ports.cover(chain.from_iterable(case.survey.steered.blocks.values()))
    )
    for name, one in sorted(case.survey.containers.items()):
        pids = case.pids.get(case.inodes.get(name, 0))
        if not pids:
            continue
        with netns.at(netns.handle_path(one.handle)) as descriptor:
            sockets_inside = sockets.waiting_in(descriptor) if descriptor is not None else []
        found = foreign_port.foreign(one.owned, sockets_inside)
        if found:
            yield from foreign_port.problems(name, found, sockets.holders(found, pids), free)


def _earlier_filters(case: Case) -> Iterable[Problem]:
    """Strangers' filters on every link that the comparisons have looked at."""
    programs = early_programs(case.observer.view, case.survey.host)
    return earlier_filter.problems(case.survey, case.observer.foreign, programs)


def _unmanaged(case: Case) -> Iterable[Problem]:
    """What other programs of the host do to our links, or could do."""
    view, host = case.observer.view, case.survey.host
    managers = see_managers()
    wanted = wanted_files.files(host, managers.running, managers.network_files)
    told = decide_unmanaged.files_differ(wanted, managers.ours)
    told += filter(None, [wanted_files.clash(host, managers.network_files)])
    placed = case.survey.placed
    links = {one.veth.ifindex: one.veth.name for one in placed.values()}
    links.update({view.ifindex(bridge.place): bridge.place.link for bridge in layout.bridges()})
    configured = decide_unmanaged.configured(
        links, all_addresses(view.socket), link_routes(view.socket)
    )
    owners = {one.veth.name: name for name, one in placed.items()}
    return [*unmanaged.of_files(told), *unmanaged.of_links(configured, owners)]


def _following(case: Case) -> Iterable[Problem]:
    service = units.FOLLOW.look()
    if service.enabled and service.runs is False:
        yield not_following.problem(units.FOLLOW.name)


def _offloads(case: Case) -> Iterable[Problem]:
    return offloads.problems(case.observer.plane.unseen())


def _neighbours(case: Case) -> Iterable[Problem]:
    """Who fills the table; every namespace is asked only when the kernel is under pressure."""
    sock = case.observer.view.socket
    table = linux_neighbours.table(sock)
    if table is None or not neighbours.is_pressed(table):
        return []
    held = {}
    for name, container in case.survey.containers.items():
        with netns.at(netns.handle_path(container.handle)) as namespace:
            if namespace is not None:
                with opened(namespace) as inside:
                    held[name] = linux_neighbours.bounded(inside)
    return neighbours.problems(table, linux_neighbours.bounded(sock), held)


def _nat(case: Case) -> Iterable[Problem]:
    """Where nothing notes which answers are for the host, or for whom it translates."""
    survey = case.survey
    unnoted = case.observer.plane.unnoted(survey.host, survey.steered)
    yield from plain_ingress.problems(unnoted or ())
    pools = case.prepared.options.pools
    rules = case.rules.translations()
    yield from nat.problems(case.uplink.host, pools, host_ephemeral(), rules, unnoted)


def _workloads(case: Case) -> Iterable[Problem]:
    return workload.problems(sorted(case.workloads.items()), case.inodes)


# Each looks for one kind, or one source of it.  The comparisons of `drifting` find strangers' filters, which
# are told after them.
LOOKS: tuple[Callable[[Case], Iterable[Problem]], ...] = (
    _uplink,
    _host_range,
    drifting.look,
    _namespaces,
    _leftovers,
    _reboot,
    _host_listeners,
    _foreign_ports,
    _earlier_filters,
    _unmanaged,
    _following,
    _offloads,
    _neighbours,
    _nat,
    _workloads,
)
