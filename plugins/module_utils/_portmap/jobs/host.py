# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preparing a host, and taking that back."""

from __future__ import annotations

from typing import NamedTuple

from ..engine.reconcile import Look, Outcome, reconcile
from ..linux import netns, procsys
from ..memory import next_boot, record
from ..memory.lock import host_lock
from ..memory.record import Record
from ..sight import survey as surveys
from ..sight.namespace import marked_names, read_link
from ..sight.survey import Survey
from ..sight.view import Kernel
from ..steering.u32 import layout, mirrors
from ..values import ports, tenants
from ..values.errors import InvalidRequest, KernelRefused
from ..values.objects import (
    HOST,
    HandleDirectory,
    Link,
    Object,
    Qdisc,
    State,
    Sysctl,
    Table,
    state,
)
from ..values.ports import Range, Ranges
from ..wanted import claims, sysctls
from ..wanted.claims import Pools
from . import containers as placing
from . import saving
from .results import host_report

HOST_EPHEMERAL = sysctls.EPHEMERAL_SYSCTL


class Options(NamedTuple):
    """The host as the user wants it; "" and None stand for what was left out."""

    public: str
    loopback: str
    ports: Ranges | None
    ephemeral: Range | None
    per_container: int
    host_ephemeral: Range | None
    rp_filter: str


# --- present ------------------------------------------------------------------------------------


def prepare(options: Options, *, dry_run: bool, with_diff: bool = False) -> Outcome:
    """Prepare the host, or bring it (and every container) up to date with its address and MAC."""
    with host_lock(dry_run):
        found = next_boot.look()
        outcome, prepared = prepare_locked(options, dry_run=dry_run, with_diff=with_diff)
        given = next_boot.Host(
            options.public, options.loopback, prepared.pools, prepared.host_ephemeral,
            prepared.rp_filter,
        )  # fmt: skip
        saving.keep_host(found, given, prepared, outcome, dry_run)
        return outcome


def prepare_locked(options: Options, *, dry_run: bool, with_diff: bool) -> tuple[Outcome, Record]:
    """The same for who holds the lock; nothing is saved for the next boot."""
    old = record.load()
    new: list[Record] = []

    def look(kernel: Kernel, in_full: bool) -> Look:
        looked, wanted = _look(kernel, options, old, in_full)
        if not new:
            new.append(wanted)
            if not dry_run and wanted != old:  # first, so that no value that was is ever lost
                record.save(wanted._replace(applied=old.applied if old else ()))
        return looked

    try:
        outcome = reconcile(look, dry_run=dry_run, with_diff=with_diff)
    except KernelRefused as error:
        if error.undone and new and not dry_run:
            record.restore(old)
        raise
    wanted = new[0]
    told, before, after = _parameters(old, wanted)
    outcome.changes = [*told, *outcome.changes]
    outcome.before, outcome.after = before + outcome.before, after + outcome.after
    if not dry_run:
        record.discard_draft()
        if record.load() != wanted:
            record.save(wanted)
    return outcome, wanted


def _look(
    kernel: Kernel, options: Options, old: Record | None, in_full: bool
) -> tuple[Look, Record]:
    host = kernel.host(options.public, options.loopback)
    found = surveys.survey(kernel, host, [], interfaces=True)
    pools = _pools(options, old)
    port_range = options.host_ephemeral or host_ephemeral()
    claims.check_pools(pools, port_range)
    _check_owners(kernel, found, pools, old)
    before = state([*found.shared, *_base_objects(kernel, host)])
    sysctls = _sysctls(host, options.rp_filter, options.host_ephemeral)
    if options.rp_filter == "keep" and old:
        sysctls.update((name, value) for name, value in old.before.items() if "rp_filter" in name)
    for name in sysctls:
        _add_sysctl(before, name)
    after = state(
        [
            *layout.host_base(host, netns.HANDLES, sysctls),
            *layout.host_filters(host, before),
        ]
    )
    applied = (host.address, str(host.prefix), host.mac, str(host.mtu), host.gateway)
    wanted = Record(
        host.public, host.loopback, pools, options.host_ephemeral, options.rp_filter,
        _values_before(before, after, old, options), _qdiscs_made(before, after, old), applied,
    )  # fmt: skip
    result = {"host": host_report(host, wanted, port_range)}
    looked = Look(kernel, before, after, result=result, in_full=in_full)
    if _containers_are_stale(found, before, after, old, applied):
        _refresh_containers(kernel, host, wanted, looked)
    else:
        _drop_orphans(found, looked)
    return looked, wanted


def _pools(options: Options, old: Record | None) -> Pools:
    """The pools given; what is left out stays as it was."""
    service = options.ports if options.ports is not None else old.pools.service if old else ()
    ephemeral = options.ephemeral or (old.pools.ephemeral if old else None)
    if ephemeral is None:
        raise InvalidRequest("cannot prepare the host: ephemeral_ports is missing")
    return Pools(service, ephemeral, options.per_container)


def host_ephemeral() -> ports.Range:
    return ports.parse((procsys.read(HOST_EPHEMERAL) or "").replace(" ", "-"), HOST_EPHEMERAL)


def wanted_sysctls(host: tenants.Host, prepared: Record) -> dict[str, str]:
    """The sysctls of a prepared host, as its record says."""
    return _sysctls(host, prepared.rp_filter, prepared.host_ephemeral)


def _sysctls(host: tenants.Host, rp_filter: str, own: ports.Range | None) -> dict[str, str]:
    values = sysctls.host_sysctls(host)
    if rp_filter == "relax":
        values.update(sysctls.relaxed_rp_filter(host, _rp_filters()))
    if own:
        values[HOST_EPHEMERAL] = f"{own.first} {own.last}"
    return values


def _rp_filters() -> dict[str, str]:
    found = {}
    for link in procsys.links("ipv4"):
        value = procsys.read(f"net/ipv4/conf/{link}/rp_filter")
        if value is not None:
            found[link] = value
    return found


def _check_owners(kernel: Kernel, found: Survey, pools: Pools, old: Record | None) -> None:
    owners = {veth: owned for veth, owned in found.owners().items() if veth}
    if not owners or old is None:
        return
    if (found.host.public, found.host.loopback) != (old.public, old.loopback):
        raise InvalidRequest(
            f"cannot move from {old.public} and {old.loopback} to {found.host.public} and"
            f" {found.host.loopback}: containers are placed; remove them first"
        )
    if pools != old.pools:
        claims.check_owners(pools, owners, lambda veth: surveys.owner_name(kernel, veth))


def _base_objects(kernel: Kernel, host: tenants.Host) -> list[Object]:
    objects: list[Object] = []
    if netns.directory_is_shared():
        objects.append(HandleDirectory(netns.HANDLES))
    loopback = kernel.link(host.loopback)
    if loopback is not None:
        place = host.loopback_place
        objects.append(read_link(place, loopback))
    return objects


def _add_sysctl(objects: State, name: str) -> None:
    value = procsys.read(name)
    if value is not None:
        item = Sysctl(HOST, name, value)
        objects[item.identity] = item


def _values_before(
    before: State, after: State, old: Record | None, options: Options
) -> dict[str, str]:
    """What every value was before we first changed it."""
    values = dict(old.before) if old else {}
    for identity, item in after.items():
        was = before.get(identity)
        if isinstance(item, Sysctl) and isinstance(was, Sysctl) and was != item:
            values.setdefault(item.name, was.value)
        if isinstance(item, Link) and isinstance(was, Link) and was.mtu != item.mtu:
            values.setdefault("mtu", str(was.mtu))
        if isinstance(item, HandleDirectory) and was is None:
            values.setdefault("handles", netns.directory_state())
    if options.rp_filter == "keep":  # given back by this run
        values = {name: value for name, value in values.items() if "rp_filter" not in name}
    return values


def _qdiscs_made(before: State, after: State, old: Record | None) -> tuple[str, ...]:
    made = [
        item.place.link
        for identity, item in after.items()
        if isinstance(item, Qdisc) and identity not in before
    ]
    return tuple(dict.fromkeys([*(old.qdiscs if old else ()), *made]))


def _containers_are_stale(
    found: Survey, before: State, after: State, old: Record | None, applied: tuple[str, ...]
) -> bool:
    """Whether containers must be looked at too: what they copy changed, or their filters' homes."""
    if old is not None and old.applied != applied:
        return True
    homes = {item.identity for item in after.values() if isinstance(item, (Qdisc, Table))}
    return not homes <= set(before)


def _refresh_containers(kernel: Kernel, host: tenants.Host, wanted: Record, looked: Look) -> None:
    """Every container as it is, on the host as it is now."""
    found = surveys.survey(kernel, host, None)
    if not found.placed and not found.entries:
        return
    current = surveys.containers(found, wanted.pools.service, wanted.pools.ephemeral)
    requests = [claims.Request(name) for name in sorted(current)]
    their = placing.desired(kernel, found, wanted, requests, current, looked.in_full)
    looked.before.update(their.before)
    looked.after.update(their.after)
    looked.fresh.update(their.fresh)
    looked.kept.update(their.kept)
    looked.sources.update(their.sources)


def _drop_orphans(found: Survey, looked: Look) -> None:
    """Entries and mirrors whose veth is gone lead nowhere."""
    orphans = [item for item in found.entries if not item.actions or not item.actions[0].target]
    looked.before.update(state(orphans))
    for arp, chain in found.chains.items():
        looked.before.update(state(mirrors.mirrors(found.host, chain, arp)))
        kept = mirrors.place_mirrors(chain, (), ())
        looked.after.update(state(mirrors.mirrors(found.host, kept, arp)))


def _parameters(old: Record | None, new: Record) -> tuple[list[str], str, str]:
    """Changed parameters as sentences, and as lines for the diff."""
    lines_old = _parameter_lines(old) if old else {}
    lines_new = _parameter_lines(new)
    told = [
        f"set {name} to {lines_new[name]}"
        for name in lines_new
        if lines_old.get(name) != lines_new[name]
    ]
    before = "".join(f"parameter {name} = {value}\n" for name, value in lines_old.items())
    after = "".join(f"parameter {name} = {value}\n" for name, value in lines_new.items())
    return told, before, after


def _parameter_lines(item: Record) -> dict[str, str]:
    return {
        "ephemeral_ports": str(item.pools.ephemeral),
        "ephemeral_ports_per_container": str(item.pools.per_container),
        "host_ephemeral_ports": str(item.host_ephemeral or "left alone"),
        "ports": claims.say(item.pools.service) or "none",
        "rp_filter": item.rp_filter,
    }


# --- absent -------------------------------------------------------------------------------------


def unprepare(options: Options, *, dry_run: bool, with_diff: bool = False) -> Outcome:
    """Remove our filters, restore what was changed.  Raises InvalidRequest with containers left."""
    with host_lock(dry_run):
        found = next_boot.look()
        old = record.load()

        def look(kernel: Kernel, in_full: bool) -> Look:
            return _look_absent(kernel, old, options.public, options.loopback)

        outcome = reconcile(look, dry_run=dry_run, with_diff=with_diff)
        outcome.result = {"host": None}
        if old is not None:
            outcome.changes.append(f"delete the record {record.PATH}")
        if not dry_run:
            if old is not None:
                netns.remove_leftover(old.before.get("handles", "mounted"))
            record.delete()
        saving.forget(found, outcome, dry_run)
        return outcome


def _look_absent(kernel: Kernel, old: Record | None, public: str, loopback: str) -> Look:
    names = sorted({*surveys.placed_names(kernel), *(marked_names() if old else ())})
    if names:
        raise InvalidRequest(
            f"cannot take the preparation back: containers are placed, at least in part"
            f" ({', '.join(names)}); remove them with netiso.portmap.portmap_container first"
        )
    links = (old.public, old.loopback) if old else (public, loopback)
    try:
        host = kernel.host(*links)
    except InvalidRequest:
        if old is None:
            return Look(kernel, {}, {})  # nothing says where we could have been
        raise
    found = surveys.survey(kernel, host, [], interfaces=True)
    qdiscs = [item for item in found.shared if isinstance(item, Qdisc)]
    before = state(item for item in (*found.shared, *found.entries) if item not in qdiscs)
    after: State = {}
    if old is None:
        return Look(kernel, before, after, host_in_full=True)
    before.update(state(item for item in qdiscs if item.place.link in old.qdiscs))
    for item in _base_objects(kernel, host):
        if isinstance(item, Link) and "mtu" in old.before:
            before[item.identity] = item
            after[item.identity] = item._replace(mtu=int(old.before["mtu"]))
        elif isinstance(item, HandleDirectory) and netns.can_unshare(
            old.before.get("handles", "")
        ):
            before[item.identity] = item
    for name, value in old.before.items():
        if "/" in name:
            _add_sysctl(before, name)
            wanted = Sysctl(HOST, name, value)
            if wanted.identity in before:
                after[wanted.identity] = wanted
    return Look(kernel, before, after, host_in_full=True)
