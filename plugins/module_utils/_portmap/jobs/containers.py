# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placing, changing and removing containers on a prepared host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

from ..engine.reconcile import Look, Outcome, reconcile
from ..linux import listeners, procsys
from ..memory import next_boot, record
from ..memory.lock import host_lock
from ..sight import namespace
from ..sight import survey as surveys
from ..sight.container import details, new_namespace
from ..sight.namespace import handle_path
from ..sight.survey import Survey
from ..sight.view import Kernel
from ..steering.u32 import layout, mirrors
from ..values import ports, tenants
from ..values.errors import InvalidRequest
from ..values.objects import State, state
from ..wanted import claims, sysctls
from . import saving
from .results import reported

Decide = Callable[[dict[str, tenants.Container]], Sequence[claims.Request]]
_WHOLE_FROM = 16  # containers in one task from which dumps are cheaper than single requests


def place(
    requests: Sequence[claims.Request], *, purge: bool, dry_run: bool, with_diff: bool = False
) -> Outcome:
    """Place or remove the containers; `purge` removes every other one."""
    claims.check_unique(_names(requests))
    names = [claims.check_name(name) for name in _names(requests)]

    def decide(current: dict[str, tenants.Container]) -> Sequence[claims.Request]:
        known = {*current, *namespace.marked_names()} if purge else set()
        others = sorted(known - set(names))
        return [*requests, *(claims.Request(name, present=False) for name in others)]

    seen = _seen(names, purge)
    return _run(decide, seen, dry_run=dry_run, with_diff=with_diff, purge=purge)


def place_again(prepared: record.Record, requests: Sequence[claims.Request]) -> Outcome:
    """Place the containers for who holds the lock; nothing is saved for the next boot."""
    names = _seen(_names(requests), False)
    return _converge(prepared, lambda _current: requests, names, dry_run=False, with_diff=False)


def _seen(names: Sequence[str], purge: bool) -> Sequence[str] | None:
    """The containers to look at; None for all."""
    return None if purge or len(names) >= _WHOLE_FROM else names


def change_ranges(
    name: str, given: ports.Ranges, state_option: str, *, dry_run: bool, with_diff: bool = False
) -> Outcome:
    """Add, take away or set exactly the service ports of a placed container."""
    claims.check_name(name, "container")

    def decide(current: dict[str, tenants.Container]) -> Sequence[claims.Request]:
        if name not in current:
            raise InvalidRequest(
                f"cannot change the ports of {name}: there is no such container on this host; place"
                " it with netiso.portmap.portmap_container"
            )
        if state_option != "absent":
            claims.check_service(name, given, record.required().pools)
        wanted = claims.changed_ports(current[name].service, given, state_option)
        return [claims.Request(name, ports=wanted)]

    outcome = _run(decide, [name], dry_run=dry_run, with_diff=with_diff)
    had: dict[str, ports.Ranges] = outcome.result["service_before"]
    container: dict[str, Any] = outcome.result["containers"][0]
    have = ports.parse_all(container["ports"], "ports")
    outcome.result = {
        "container": container,
        "added": [str(item) for item in ports.subtract(have, had[name])],
        "removed": [str(item) for item in ports.subtract(had[name], have)],
    }
    return outcome


def _run(
    decide: Decide,
    names: Sequence[str] | None,
    *,
    dry_run: bool,
    with_diff: bool,
    purge: bool = False,
) -> Outcome:
    with host_lock(dry_run):
        found = next_boot.look()
        prepared = record.load()
        if prepared is None:
            outcome = _without_host(decide)
        else:
            outcome = _converge(prepared, decide, names, dry_run=dry_run, with_diff=with_diff)
        saving.keep_containers(found, prepared, outcome, purge, dry_run)
        return outcome


def _converge(
    prepared: record.Record,
    decide: Decide,
    names: Sequence[str] | None,
    *,
    dry_run: bool,
    with_diff: bool,
) -> Outcome:
    seen: dict[str, claims.Namespace] = {}

    def look(kernel: Kernel, in_full: bool) -> Look:
        return look_at(kernel, prepared, decide, names, in_full, seen)

    return reconcile(look, dry_run=dry_run, with_diff=with_diff)


def _without_host(decide: Decide) -> Outcome:
    """On a host that is not prepared, containers can only be absent."""
    requests = decide({})
    kernel = Kernel()
    try:
        placed = surveys.placed_names(kernel)
    finally:
        kernel.close()
    if placed or any(request.present for request in requests):
        record.required()
    return Outcome([], "", "", _result(requests, (), {}))


def look_at(
    kernel: Kernel,
    prepared: record.Record,
    decide: Decide,
    names: Sequence[str] | None,
    in_full: bool = False,
    seen: dict[str, claims.Namespace] | None = None,
) -> Look:
    """Observe what the requests concern, and decide what shall be.

    `seen` are the namespaces that an earlier look of the same run has found; it is told of others.
    """
    host = kernel.host(prepared.public, prepared.loopback)
    found = surveys.survey(kernel, host, names)
    problem = surveys.prepared_problem(found)
    if problem:
        raise InvalidRequest(
            f"cannot place containers: the host is not as portmap_host left it ({problem}); run"
            " netiso.portmap.portmap_host first"
        )
    current = surveys.containers(found, prepared.pools.service, prepared.pools.ephemeral)
    return desired(kernel, found, prepared, decide(current), current, in_full, seen)


def desired(
    kernel: Kernel,
    found: Survey,
    prepared: record.Record,
    requests: Sequence[claims.Request],
    current: dict[str, tenants.Container],
    in_full: bool = False,
    seen: dict[str, claims.Namespace] | None = None,
) -> Look:
    """The objects of the requested containers as they are and as they shall be."""
    spaces = _spaces(kernel, found, requests, {} if seen is None else seen)
    concerned = {name: current[name] for name in _names(requests) if name in current}
    containers = claims.resolve(
        requests,
        prepared.pools,
        concerned,
        _owned_by_others(found, requests),
        spaces,
        _listening(requests, concerned),
        lambda veth: surveys.owner_name(kernel, veth),
    )
    look = Look(kernel, {}, {}, in_full=in_full)
    for request in requests:
        if not request.present:
            _add_removed(found, request, look)
    blocks = {block for item in (*containers, *concerned.values()) for block in item.blocks}
    entries = state(surveys.entries_of(kernel, found, blocks, _veths(found, requests)))
    common = _Common([], procsys.read_all(sysctls.INHERITED_SYSCTLS), entries)
    for container in containers:
        _add_present(found, container, spaces[container.name], look, common)
    look.before.update(entries)  # what nobody wants
    _share_mirrors(found, requests, look)
    look.result = _result(requests, containers, concerned)
    return look


def _names(requests: Sequence[claims.Request]) -> list[str]:
    return [request.name for request in requests]


def _spaces(
    kernel: Kernel,
    found: Survey,
    requests: Sequence[claims.Request],
    seen: dict[str, claims.Namespace],
) -> dict[str, claims.Namespace]:
    """The namespaces of those that shall be present."""
    spaces = {
        request.name: namespace.held_namespace(seen.get(request.name))
        or namespace.find_namespace(request, found.placed.get(request.name), kernel.home)
        for request in requests
        if request.present
    }
    seen.update(spaces)
    return spaces


def _result(
    requests: Sequence[claims.Request],
    placed: Sequence[tenants.Container],
    concerned: dict[str, tenants.Container],
) -> dict[str, Any]:
    return {
        "containers": reported(requests, placed),
        "service_before": {name: container.service for name, container in concerned.items()},
        "requests": requests,
        "placed": placed,
    }


def _add_removed(found: Survey, request: claims.Request, look: Look) -> None:
    """What there is of a container that shall be absent."""
    space = _namespace_of_removed(look.kernel, found, request)
    going = None if request.name in found.placed and not space.inode else space
    look.before.update(state(details(look.kernel, found, request.name, going).objects))
    look.sources[request.name] = space.source


class _Common(NamedTuple):
    """What containers share: the look of a new namespace, taken once; the host's sysctls; entries
    in the hash tables, from which each container takes its own."""

    template: list[namespace.Inside]
    inherited: dict[str, str]
    entries: State


def _add_present(
    found: Survey,
    container: tenants.Container,
    space: claims.Namespace,
    look: Look,
    common: _Common,
) -> None:
    """A container as it is and as it shall be."""
    seen = details(look.kernel, found, container.name, space)
    if seen.stranger:
        raise InvalidRequest(
            f"cannot place {container.name}: its namespace has the link {seen.stranger}"
        )
    known, fresh, settable = state(seen.objects), {}, seen.settable
    if not space.inode:
        new = new_namespace(look.kernel, found.host, container.name, common.template)
        fresh, settable = state(new.objects), new.settable
    values = sysctls.inside_sysctls(found.host, container, settable, common.inherited)
    path = handle_path(container.handle)
    wanted = state(layout.container_objects(found.host, container, path, values, known))
    for name in common.entries.keys() & wanted.keys():
        known[name] = common.entries.pop(name)
    look.take(known, fresh, wanted)
    look.sources[container.name] = space.source


def _share_mirrors(found: Survey, requests: Sequence[claims.Request], look: Look) -> None:
    """The mirrors, with the containers that shall be present and without those that shall not."""
    veths = _veths(found, requests)
    present = {tenants.veth_name(request.name) for request in requests if request.present}
    if found.whole:
        named = set(_names(requests))
        present |= {other.veth.name for other in found.placed.values() if other.name not in named}
        mirrored = (veths for chain in found.chains.values() for veths in chain.values())
        absent = {veth for veths in mirrored for veth in veths} - present
    else:
        absent = veths - present
    for arp, chain in found.chains.items():
        look.before.update(state(mirrors.mirrors(found.host, chain, arp)))
        placed = mirrors.place_mirrors(chain, present, absent)
        look.after.update(state(mirrors.mirrors(found.host, placed, arp)))


def _owned_by_others(
    found: Survey, requests: Sequence[claims.Request]
) -> dict[str, list[ports.Range]]:
    """Ports of the containers that the task does not name, by container (or by link)."""
    ours = _veths(found, requests)
    names = {placed.veth.name: placed.name for placed in found.placed.values()}
    return {
        names.get(veth, veth): [ports.Range(block.first, block.last) for block in blocks]
        for veth, blocks in found.blocks.items()
        if veth and veth not in ours
    }


def _veths(found: Survey, requests: Sequence[claims.Request]) -> set[str]:
    """The names of the requested containers' veths: as they shall be, and as they are."""
    names = set(_names(requests))
    have = {placed.veth.name for name, placed in found.placed.items() if name in names}
    return have | {tenants.veth_name(name) for name in names}


def _listening(
    requests: Sequence[claims.Request], current: dict[str, tenants.Container]
) -> set[int]:
    """Ports that processes of the host use; asked only when somebody may get new ports."""
    for request in requests:
        have = current.get(request.name)
        if (
            not request.again
            and request.present
            and (
                have is None
                or have.ephemeral is None
                or request.ephemeral not in (None, have.ephemeral)
                or ports.subtract(request.ports or (), have.service)
            )
        ):
            return listeners.listening_ports()
    return set()


def _namespace_of_removed(
    kernel: Kernel, found: Survey, request: claims.Request
) -> claims.Namespace:
    """Where to tidy up: inside only when the namespace outlives its container."""
    placed = found.placed.get(request.name)
    asked = claims.Request(request.name, netns=placed.handle if placed else "")
    space = namespace.find_namespace(asked, placed, kernel.home)
    return space._replace(inode=0) if not placed or space.origin == tenants.CREATED else space
