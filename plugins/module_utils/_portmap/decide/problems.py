# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a host and its containers, told from what was seen.  Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..memory import next_boot
from ..memory.next_boot import Entry, SavedFile
from ..objects.bridge import Bridge
from ..objects.kind import Change
from ..sight.seen import Survey
from ..steering.plane import Foreign
from ..values import ports, tenants
from ..values.places import OWN
from ..values.sockets import HostSocket
from ..values.tenants import Host

Problem = dict[str, Any]


def problem(container: str | None, kind: str, description: str) -> Problem:
    return {"container": container, "kind": kind, "description": description}


# --- what a run would change --------------------------------------------------------------------


def drift(survey: Survey, changes: Iterable[Change]) -> list[Problem]:
    """A problem for each change, and each container that it is about.

    What belongs to no container that is placed is told by `orphans`.
    """
    names = {placed.veth.name: name for name, placed in survey.placed.items()}
    found = []
    for change in changes:
        for name in sorted(set(_concerned(change, names))):
            found.append(problem(name, *_told(change)))
    return sorted(found, key=lambda one: str(one["container"]))


def _concerned(change: Change, names: Mapping[str, str]) -> Iterator[str]:
    """The containers that a change is about; `names` maps veths to containers."""
    item = change.subject
    name, veth = item.owner
    container = name or names.get(veth, "")
    if container:
        yield container
        return
    before = change.before.leads_to if change.before else frozenset()
    after = change.after.leads_to if change.after else frozenset()
    for _how, link in (after - before) or (before - after):
        if link in names:
            yield names[link]


def _told(change: Change) -> tuple[str, str]:
    """The kind of the problem, and its description."""
    before = change.before
    if before is None:
        return "missing", f"missing: {change.subject}"
    if change.after is None:
        return "foreign", f"not wanted: {before}"
    gone = any(not link for _how, link in before.leads_to)
    return "stale" if gone else "changed", f"changed: {before}, instead of {change.after}"


# --- what belongs to nobody ---------------------------------------------------------------------


def orphans(survey: Survey) -> list[Problem]:
    """Ports and copies that lead to links of no container."""
    veths = {tenants.veth_name(name) for name in survey.placed}
    found = []
    for veth, owned in sorted(survey.owners().items()):
        if veth not in veths:
            said = f"ports {ports.text(owned)} lead to {veth or 'a link that is gone'}"
            found.append(problem(None, "orphan" if veth else "stale", said))
    chains = survey.steered.copies.values()
    copied = {veth for chain in chains for targets in chain.values() for veth in targets}
    for veth in sorted(copied - veths):
        said = f"ARP and ICMP are mirrored to {veth or 'a link that is gone'}"
        found.append(problem(None, "orphan" if veth else "stale", said))
    return found


def strangers(survey: Survey, foreign: Iterable[Foreign]) -> list[Problem]:
    """Filters of others that may come in between: at our priorities, or where only ours belong."""
    names = {placed.veth.name: name for name, placed in survey.placed.items()}
    found = []
    for item in foreign:
        place = item.place
        own = place.role == OWN
        name = place.netns or (names.get(place.link, place.link) if own else "")
        if name or item.between:
            found.append(problem(name or None, "foreign", f"{item} is not ours"))
    return found


def earlier(foreign: Iterable[Foreign], programs: Mapping[str, Sequence[int]]) -> list[str]:
    """What of others a packet meets before our filters; `programs` are those of tcx, by link."""
    ending = "can keep packets from containers: it runs before ours, and can end the search"
    told = [f"{item} of somebody else {ending}" for item in foreign if item.earlier]
    for link, ids in programs.items():
        told += [f"the eBPF program {one} at the ingress of {link} (tcx) {ending}" for one in ids]
    return told


# --- the host -----------------------------------------------------------------------------------


def host_changed(host: Host, applied: tuple[str, ...]) -> list[Problem]:
    """`applied`: what containers were last given."""
    if applied == host.applied:
        return []
    *now, _made = host.applied
    if list(applied) == now:
        said = "containers are made as an earlier version made them"
    else:
        said = f"the host has changed since it was prepared: {' '.join(now)}"
    return [problem(None, "changed", f"{said}; run portmap_host")]


def bridges_differ(wanted: Iterable[Bridge], seen: Iterable[Bridge]) -> list[Problem]:
    have = {bridge.identity: bridge for bridge in seen}
    found = []
    for bridge in wanted:
        before = have.get(bridge.identity)
        if before != bridge:
            found.append(problem(None, *_told(Change(before, bridge))))
    return found


def heard_in_vain(
    owners: Mapping[str, ports.Ranges], sockets: Iterable[HostSocket]
) -> list[tuple[str, HostSocket]]:
    """Sockets of the host on ports of containers, with the container: listening, or of UDP."""
    owned = sorted((item, name) for name, items in owners.items() for item in items)
    firsts = [item.first for item, _name in owned]
    found = set()
    for one in sockets:
        at = bisect_right(firsts, one.port) - 1
        if at >= 0 and one.port <= owned[at][0].last and (one.protocol == "UDP" or not one.peer):
            found.add((owned[at][1], one))
    return sorted(found)


def host_listener(container: str, one: HostSocket, processes: Mapping[int, str]) -> Problem:
    """`processes` has names by the inode of a socket."""
    who = processes.get(one.inode, "a process that cannot be seen")
    verb = "uses" if one.protocol == "UDP" else "listens on"
    said = f"{who} of the host {verb} {one}, which {container} owns: it hears nothing there"
    if one.protocol == "UDP":
        said += f", and what it sends looks as if {container} had sent it"
    return problem(container, "host_listener", said)


def sysctls_differ(wanted: Mapping[str, str], have: Mapping[str, str]) -> list[Problem]:
    """Parameters that the kernel lacks are no problem."""
    return [
        problem(None, "changed", f"sysctl {name.replace('/', '.')} is {have[name]}, not {value}")
        for name, value in wanted.items()
        if name in have and have[name] != value
    ]


# --- the next boot ------------------------------------------------------------------------------


def next_boot_differs(
    file: SavedFile, now: Mapping[str, Entry], container: str | None
) -> list[Problem]:
    """What would not be the same after a reboot; `now` are the containers as they are."""
    if file.state is None:
        said = f"{next_boot.PATH}: {file.problem or 'missing'}; run netiso.portmap.portmap_host"
        return [problem(None, "changed" if file.problem else "missing", said)]
    found = []
    saved = file.state.containers
    for name in sorted({*now, *saved} if container is None else [container]):
        was, one = saved.get(name), now.get(name)
        if one is None:
            said = f"container {name} is saved in {next_boot.PATH}, but not placed"
            found.append(problem(name, "missing", said))
        elif was is None or was._replace(netns=one.netns) != one:
            said = f"the next boot would not bring {name} back as it is (see {next_boot.PATH})"
            found.append(problem(name, "changed", said))
    return found
