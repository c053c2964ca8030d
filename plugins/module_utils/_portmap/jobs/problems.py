# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a prepared host: what the kinds of problems in `decide.problems` are told of."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import chain

from ..decide import host as decide_host
from ..decide import unmanaged as decide_unmanaged
from ..decide.containers import Decision
from ..decide.problems import (
    addresses,
    bridge_mac,
    dead_process,
    drift,
    earlier_filter,
    foreign_port,
    host_listener,
    host_range,
    leftovers,
    neighbours,
    not_following,
    offloads,
    reboot,
    replaced_namespace,
    route,
    unmanaged,
)
from ..decide.problems.problem import HOST, Problem
from ..engine import plan
from ..engine.comparison import Comparison
from ..linux import neighbours as linux_neighbours
from ..linux import netns, processes, sockets, sysfs
from ..linux.netlink import opened
from ..linux.view import all_addresses, link_routes
from ..memory import next_boot, units
from ..memory.next_boot import SavedFile
from ..memory.record import Record
from ..objects.kind import Change, state
from ..sight import inhabitants
from ..sight.host import (
    base_objects,
    early_programs,
    host_ephemeral,
    rp_filters,
    sysctl_objects,
)
from ..sight.unmanaged import see_managers
from ..values import ports, tenants
from ..values.errors import InvalidRequest, PortmapError
from ..values.tenants import Container, Host, last_known
from ..wanted import layout
from ..wanted import unmanaged as wanted_files
from ..wanted.claims import Ask, Namespace
from ..wanted.sysctls import EPHEMERAL_SYSCTL
from . import saving
from .comparing import Observer, compare_containers
from .uplink import Uplink


class Case:
    """What is looked at: all containers, or only `container`.

    `left` are the handles that we made of which no link is left.
    """

    def __init__(
        self, observer: Observer, prepared: Record, uplink: Uplink, container: str | None
    ) -> None:
        self.observer = observer
        self.survey = observer.survey
        self.prepared = prepared
        self.uplink = uplink
        self.container = container
        known = {one.handle for one in observer.survey.containers.values()}
        asked = (name for name in netns.made_by_us() if container in (None, name))
        self.left = sorted(name for name in asked if name not in known)

    @property
    def names(self) -> list[str]:
        return sorted(self.survey.placed)

    @cached_property
    def pids(self) -> dict[int, list[str]]:
        """The processes of the machine by the inode of their network namespace."""
        return processes.by_namespace()

    @cached_property
    def inodes(self) -> dict[str, int]:
        """Those of the namespaces of the containers."""
        return inhabitants.inodes(self.survey.containers.values())

    @cached_property
    def saved(self) -> SavedFile | None:
        """What the next boot would restore.  Raises InvalidRequest when its directory is not root's alone."""
        return next_boot.read()

    @property
    def saved_paths(self) -> dict[str, str]:
        """By container: the path of its namespace by which it was placed, as far as that is known."""
        with contextlib.suppress(InvalidRequest):
            if self.saved and self.saved.state:
                saved = self.saved.state.containers.items()
                return {name: one.netns for name, one in saved if one.origin == tenants.ATTACHED}
        return {}


def of_host(
    observer: Observer, prepared: Record, uplink: Uplink, container: str | None
) -> list[Problem]:
    """All problems, or those of one container and of the host."""
    case = Case(observer, prepared, uplink, container)
    found = [one for look in LOOKS for one in look(case)]
    return [one for one in found if container is None or one.is_about(container)]


def as_given(host: Host, prepared: Record) -> Host:
    """The host as its containers were last made after it: only what differs from that is drift."""
    if not prepared.applied:  # a run was killed before there was any
        return host
    return last_known(host.public, host.loopback, prepared.applied)


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
    owners = {name: one.owned for name, one in case.survey.containers.items()}
    return host_range.problems(host_ephemeral(), case.prepared.options, owners)


# --- drift --------------------------------------------------------------------------------------


def _drift(case: Case) -> Iterable[Problem]:
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
    yield from drift.problems(case.survey, changes, spoilt, {*replaced})


def _host(case: Case) -> Comparison:
    """The host itself; what steers on its interfaces only where all of that was looked at."""
    observer, host = case.observer, case.survey.host
    values = decide_host.wanted_sysctls(host, case.prepared.options, rp_filters())
    if list(_host_range(case)):  # told already
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
    known = {*inodes.values()}
    yield from replaced_namespace.of_processes(inhabitants.left_behind(view, case.pids, known))


def _leftovers(case: Case) -> Iterable[Problem]:
    """Of all containers, or of one that is not whole."""
    if case.container in case.survey.placed:
        return []
    return leftovers.problems(case.survey, case.left, entries=case.container is None)


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


# Each looks for one kind, or one source of it.  The comparisons of `_drift` find strangers' filters, which
# are told after them.
LOOKS: tuple[Callable[[Case], Iterable[Problem]], ...] = (
    _uplink,
    _host_range,
    _drift,
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
)
