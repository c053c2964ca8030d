# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a host and its containers, and what is wrong with it; changes nothing."""

from __future__ import annotations

import os
from typing import Any

from ..engine.plan import Change
from ..linux import netns, procsys, rtnl
from ..memory import next_boot, record
from ..sight import namespace, statistics
from ..sight import survey as surveys
from ..sight.namespace import handle_path
from ..sight.survey import Survey
from ..sight.view import Kernel
from ..steering.u32 import numbers
from ..values import marks, tenants
from ..values.errors import InvalidRequest, PortmapError
from ..values.objects import Filter
from ..wanted import claims
from . import containers as placing
from . import host as hosts
from . import saving
from .results import host_report, report


def gather(container: str | None) -> dict[str, Any]:
    """host, containers and problems as the module returns them.

    Raises InvalidRequest when there is nothing of `container`.
    """
    prepared = record.load()
    kernel = Kernel()
    try:
        if prepared is None:
            return _unprepared(kernel, container)
        host = kernel.host(prepared.public, prepared.loopback)
        names = None if container is None else [claims.check_name(container, "container")]
        found = surveys.survey(kernel, host, names)
        problems = _problems(kernel, found, prepared, container)
        problems += _saved_problems(found, prepared, container)
        known = {*found.placed, *(problem["container"] for problem in problems)}
        if container is not None and container not in known:
            raise InvalidRequest(f"cannot describe {container}: there is no such container")
        current = surveys.containers(found, prepared.pools.service, prepared.pools.ephemeral)
        links = {link.name: link for link in _links_with_statistics(kernel, found, container)}
        described = [
            {
                **report(current[name]),
                "statistics": _statistics(kernel, current[name], links[tenants.veth_name(name)]),
            }
            for name in sorted(current)
            if tenants.veth_name(name) in links
        ]
        host_ephemeral = hosts.host_ephemeral()
        return {
            "host": {
                **host_report(host, prepared, host_ephemeral),
                "statistics": {"rx_unassembled": statistics.unassembled()},
            },
            "containers": described,
            "problems": problems,
        }
    finally:
        kernel.close()


def _statistics(
    kernel: Kernel, container: tenants.Container, link: rtnl.LinkSeen
) -> dict[str, int]:
    return {
        **statistics.of_link(link.statistics),
        "rx_unassembled": statistics.unassembled_in(handle_path(container.handle)),
        "tx_filtered": statistics.filtered(kernel, container.veth),
    }


def _links_with_statistics(
    kernel: Kernel, found: Survey, container: str | None
) -> list[rtnl.LinkSeen]:
    if container is None:
        return kernel.all_links(statistics=True)
    return [link for link in [kernel.link(tenants.veth_name(container), True)] if link]


# --- problems -----------------------------------------------------------------------------------


def _problem(container: str | None, kind: str, description: str) -> dict[str, Any]:
    return {"container": container, "kind": kind, "description": description}


def _problems(
    kernel: Kernel, found: Survey, prepared: record.Record, container: str | None
) -> list[dict[str, Any]]:
    problems: list[dict[str, Any]] = []
    current = surveys.containers(found, prepared.pools.service, prepared.pools.ephemeral)
    for name in sorted(current):
        try:
            problems += _container_problems(kernel, found, prepared, name, current)
        except PortmapError as error:
            problems.append(_problem(name, "dead", str(error)))
    problems += _host_problems(kernel, found, prepared)
    if container is None:
        problems += _orphans(found, set(current))
        problems += _strangers(kernel)
    if container not in found.placed:  # all of them, or one that is not whole
        known = {placed.handle for placed in found.placed.values()}
        problems += _orphaned_handles(known, container)
    return problems


def _strangers(kernel: Kernel) -> list[dict[str, Any]]:
    """Filters of others that may come in between: at our priorities, or where only ours belong."""
    problems = []
    for item in kernel.foreign:
        name = item.place.netns
        if item.place.link.startswith(marks.VETH_PREFIX):
            name = surveys.owner_name(kernel, item.place.link)
        if name or item.priority in numbers.OUR_PRIORITIES:
            said = (
                f"filter dev {item.place} ingress prio {item.priority} {item.kind}"
                f" handle {item.handle:x} is not ours"
            )
            problems.append(_problem(name or None, "foreign", said))
    return problems


def _unprepared(kernel: Kernel, container: str | None) -> dict[str, Any]:
    """Without a record nothing tells service from ephemeral ports, nor what should be."""
    names = surveys.placed_names(kernel)
    if container is not None and container not in names:
        raise InvalidRequest(f"cannot describe {container}: there is no such container")
    problems = [
        _problem(name, "missing", f"the host is not prepared: {record.PATH} is missing")
        for name in sorted(names)
    ]
    return {"host": None, "containers": [], "problems": problems}


def _container_problems(
    kernel: Kernel,
    found: Survey,
    prepared: record.Record,
    name: str,
    current: dict[str, tenants.Container],
) -> list[dict[str, Any]]:
    handle = handle_path(current[name].handle)
    if netns.open_path_is_none(handle):
        return [_problem(name, "dead", f"the namespace handle {handle} is gone")]
    if current[name].ephemeral is None:
        return [_problem(name, "missing", "no single range of ephemeral ports leads to it")]
    look = placing.desired(kernel, found, prepared, [claims.Request(name)], {name: current[name]})
    return [_drift(name, change) for change in look.changes() if _is_own(change, name)]


def _is_own(change: Change, name: str) -> bool:
    """Leave out what cleans up after others: orphans are reported once."""
    item = change.subject
    if change.after is None and isinstance(item, Filter) and not item.place.netns:
        return item.place.link == tenants.veth_name(name)
    return True


def _drift(name: str | None, change: Change) -> dict[str, Any]:
    before = change.before
    if before is None:
        return _problem(name, "missing", f"missing: {change.subject}")
    if change.after is None:
        return _problem(name, "foreign", f"not wanted: {before}")
    gone = isinstance(before, Filter) and any(not action.target for action in before.actions)
    kind = "stale" if gone else "changed"
    return _problem(name, kind, f"changed: {before}, instead of {change.after}")


def _host_problems(kernel: Kernel, found: Survey, prepared: record.Record) -> list[dict[str, Any]]:
    problem = surveys.prepared_problem(found)
    problems = [_problem(None, "missing", problem)] if problem else []
    host = found.host
    applied = (host.address, str(host.prefix), host.mac, str(host.mtu), host.gateway)
    if prepared.applied != applied:
        said = f"the host has changed since it was prepared: {' '.join(applied)}"
        problems.append(_problem(None, "changed", f"{said}; run portmap_host"))
    for name, value in hosts.wanted_sysctls(host, prepared).items():
        have = procsys.read(name)
        if have is not None and have != value:
            said = f"sysctl {name.replace('/', '.')} is {have}, not {value}"
            problems.append(_problem(None, "changed", said))
    if not netns.directory_is_shared():
        problems.append(_problem(None, "missing", f"{netns.HANDLES} is not a shared mount"))
    loopback = kernel.link(host.loopback)
    if loopback is None or (loopback.mac, loopback.mtu, loopback.up) != (host.mac, host.mtu, True):
        problems.append(
            _problem(None, "changed", f"link {host.loopback} differs from {host.public}")
        )
    return problems


def _saved_problems(
    found: Survey, prepared: record.Record, container: str | None
) -> list[dict[str, Any]]:
    """What would not be the same after a reboot."""
    try:
        kept = next_boot.look()
    except InvalidRequest as error:
        return [_problem(None, "changed", str(error))]
    if kept is None:
        return []
    if kept.state is None:
        said = f"{next_boot.PATH}: {kept.problem or 'missing'}; run netiso.portmap.portmap_host"
        return [_problem(None, "changed" if kept.problem else "missing", said)]
    current = surveys.containers(found, prepared.pools.service, prepared.pools.ephemeral)
    now = {name: saving.as_saved(one, "") for name, one in current.items()}
    problems = []
    for name in sorted({*now, *kept.state.containers} if container is None else [container]):
        was, one = kept.state.containers.get(name), now.get(name)
        if one is None:
            said = f"container {name} is saved in {next_boot.PATH}, but not placed"
            problems.append(_problem(name, "missing", said))
        elif was is None or was._replace(netns=one.netns) != one:
            said = f"the next boot would not bring {name} back as it is (see {next_boot.PATH})"
            problems.append(_problem(name, "changed", said))
    return problems


def _orphans(found: Survey, names: set[str]) -> list[dict[str, Any]]:
    veths = {tenants.veth_name(name) for name in names}
    problems = []
    for veth, owned in sorted(found.owners().items()):
        if veth not in veths:
            said = f"ports {claims.say(owned)} lead to {veth or 'a link that is gone'}"
            problems.append(_problem(None, "stale" if not veth else "orphan", said))
    mirrored = {
        veth for chain in found.chains.values() for targets in chain.values() for veth in targets
    }
    for veth in sorted(mirrored - veths):
        said = f"ARP and ICMP are mirrored to {veth or 'a link that is gone'}"
        problems.append(_problem(None, "stale" if not veth else "orphan", said))
    return problems


def _orphaned_handles(known: set[str], container: str | None) -> list[dict[str, Any]]:
    """Namespaces and files of handles that carry our mark, but have no veth any more.

    Only those of `container`, unless that is None.
    """
    problems = []
    for handle in sorted(os.listdir(netns.HANDLES)) if os.path.isdir(netns.HANDLES) else ():
        if handle in known:
            continue
        marked = namespace.mark_of(handle_path(handle))
        if marked and container in (None, marked):
            said = (
                f"the namespace handle {handle_path(handle)} was made for it, but there is no link"
            )
            problems.append(_problem(marked, "orphan", said))
    return problems
