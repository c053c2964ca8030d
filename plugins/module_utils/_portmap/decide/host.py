# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What preparing a host leads to, and what taking that back does, decided from what was seen.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from ..memory.record import Record
from ..objects.bridge import Bridge
from ..objects.handle import HandleDirectory
from ..objects.kind import Object, State, state
from ..objects.link import Link
from ..objects.qdisc import Qdisc
from ..objects.shaper import Shaper
from ..objects.sysctl import Sysctl
from ..objects.unmanaged import Unmanaged
from ..sight.seen import Survey
from ..steering.plane import Plane
from ..values import ports
from ..values.errors import InvalidRequest
from ..values.marks import LOOPBACK_MAC_LEFT
from ..values.netfilter import Firewall
from ..values.options import HostOptions, Pools
from ..values.places import HOST, Place
from ..values.tenants import Host
from ..wanted import claims, layout, sysctls
from ..wanted.busy import Busy

# --- present ------------------------------------------------------------------------------------


def check(
    options: HostOptions, old: Record | None, survey: Survey, own: ports.Range,
    owner_name: Callable[[str], str],
) -> None:  # fmt: skip
    """Raise InvalidRequest unless a host with these containers could have these options.

    `own` is the host's ephemeral range as it is.
    """
    claims.check_pools(options.pools, options.host_ephemeral or own)
    owners = {veth: owned for veth, owned in survey.owners().items() if veth}
    if not owners or old is None:
        return
    if options.pools != old.options.pools:
        claims.check_owners(options.pools, owners, owner_name)


def check_bridges(found: State) -> None:
    """Raise InvalidRequest when a link of somebody else has the name of a bridge of ours."""
    for item in found.values():
        if isinstance(item, Bridge) and not item.ours:
            raise InvalidRequest(
                f"cannot make the bridge {item.place}: a link of this name exists, and is not ours;"
                " rename it or delete it"
            )


_NAMED = 3  # containers in a warning


def sizes_kept(
    pools: Pools, had: Pools, owners: Mapping[str, ports.Ranges], owner_name: Callable[[str], str]
) -> list[str]:
    """A warning that another size is for the containers to come; `owners` are those that are placed."""
    kept = []
    for veth in sorted(filter(None, owners)) if pools.per_container != had.per_container else ():
        size = sum(one.size for one in ports.intersect(owners[veth], [had.ephemeral]))
        if size not in (0, pools.per_container):
            kept.append((veth, size))
    if not kept:
        return []
    named = ", ".join(f"{owner_name(veth)}: {size}" for veth, size in kept[:_NAMED])
    more = f" and {len(kept) - _NAMED} more" if len(kept) > _NAMED else ""
    said = (
        f"containers that are placed keep the ephemeral ports that they have ({named}{more});"
        f" {pools.per_container} are given to those that are placed from now on; give others with"
        " ephemeral_ports of netiso.portmap.portmap_container"
    )
    return [said]


def heard_in_pool(pools: Pools, owned: Iterable[ports.Ranges], busy: Busy) -> list[str]:
    """A warning of service ports that the host uses itself; of those that are `owned`, others tell."""
    heard = ports.intersect(pools.service, busy.heard)
    heard = ports.subtract(heard, [item for items in owned for item in items])
    if not heard:
        return []
    said = (
        f"the pool of ports ({ports.text(pools.service)}) has {ports.text(heard)}, which processes of the"
        f" host use, such as {busy.example(heard)}: no container can be given these"
    )
    return [said]


def warnings_of_firewall(firewall: Firewall, public: str) -> list[str]:
    """That a firewall of the host is not one of its containers, or that it is one."""
    told = []
    if firewall.bypassed:
        told.append(
            f"the firewall of this host ({', '.join(firewall.bypassed)}) does not guard containers, since"
            " packets for them pass it by: what listens on a port of a container is reached by whoever"
            " reaches the host; filter in the namespaces of containers, or in front of the host"
        )
    if firewall.before:
        told.append(
            f"rules of this host ({', '.join(firewall.before)}) may drop packets before they are steered to"
            f" containers, since {public} is a bridge and br_netfilter shows them what arrives there; unless"
            " they are meant to, set net.bridge.bridge-nf-call-iptables to 0"
        )
    return told


def check_move(old: Record, uplink: Host, containers: Sequence[str]) -> None:
    """Raise InvalidRequest when containers are placed on other interfaces than these."""
    before = old.options
    if containers:
        raise InvalidRequest(
            f"cannot move from {before.public} and {before.loopback} to {uplink.public} and"
            f" {uplink.loopback}: containers are placed ({', '.join(sorted(containers))}); remove them"
            " first"
        )


def wanted_sysctls(
    host: Host, options: HostOptions, rp_filters: Mapping[str, str]
) -> dict[str, str]:
    """The sysctls of a prepared host; `rp_filters` are the values that its links have."""
    values = sysctls.host_sysctls(host)
    if options.rp_filter == "relax":
        values.update(sysctls.relaxed_rp_filter(host, rp_filters))
    if options.host_ephemeral:
        own = options.host_ephemeral
        values[sysctls.EPHEMERAL_SYSCTL] = f"{own.first} {own.last}"
    return values


def given_back(options: HostOptions, old: Record | None) -> dict[str, str]:
    """What was relaxed and shall be kept from now on."""
    if options.rp_filter != "keep" or old is None:
        return {}
    return {name: value for name, value in old.before.items() if "rp_filter" in name}


def wanted_objects(
    plane: Plane, host: Host, handles: str, values: Mapping[str, str], before: State
) -> State:
    """A prepared host, whatever its containers."""
    return state([*layout.host_objects(host, handles, values), *plane.on_host(host, before)])


def record(
    options: HostOptions, host: Host, before: State, after: State, old: Record | None, handles: str,
    ifindex: int, moved: bool,
) -> Record:  # fmt: skip
    """What is to be remembered; `handles` is the state of the directory of handles.

    `ifindex`: that of the public interface; `moved`: it is another one than before, not another name.
    """
    old = known_as(old, host.public, moved) if old else None
    return Record(
        options.on(host.public, host.loopback),
        _values_before(options, before, after, old, handles),
        _qdiscs_made(before, after, old),
        host.applied,
        ifindex,
    )


def _values_before(
    options: HostOptions, before: State, after: State, old: Record | None, handles: str
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
            values.setdefault("handles", handles)
    if options.rp_filter == "keep":  # given back by this run
        values = {name: value for name, value in values.items() if "rp_filter" not in name}
    return values


def known_as(old: Record, public: str, moved: bool) -> Record:
    """The record of before, with the name that the public interface has now."""
    was = old.options.public
    if public == was:
        return old
    if moved:
        return old._replace(qdiscs=tuple(link for link in old.qdiscs if link != was))
    here = f"net/ipv4/conf/{was}/"
    values = {
        name.replace(here, f"net/ipv4/conf/{public}/"): value for name, value in old.before.items()
    }
    return old._replace(
        before=values, qdiscs=tuple(public if link == was else link for link in old.qdiscs)
    )


def _qdiscs_made(before: State, after: State, old: Record | None) -> tuple[str, ...]:
    made = [
        item.place.link
        for identity, item in after.items()
        if isinstance(item, Qdisc) and identity not in before
    ]
    return tuple(dict.fromkeys([*(old.qdiscs if old else ()), *made]))


def containers_are_stale(host: Host, before: State, after: State, old: Record | None) -> bool:
    """Whether containers must be looked at too: what they copy changed, or where their filters hang."""
    if old is not None:
        had = old.applied, old.options.public, old.options.link_speed
        if had != (host.applied, host.public, host.link_speed):
            return True
    return any(
        (item.carries_others and name not in before)
        or (item.serves_all and before.get(name) != item)
        for name, item in after.items()
    )


def orphans(plane: Plane, survey: Survey) -> tuple[list[Object], list[Object]]:
    """What leads to veths that are gone, as it is and as it shall be."""
    view_of_none: frozenset[str] = frozenset()
    before, after = plane.copies(survey.host, survey.steered, view_of_none, view_of_none)
    return [*plane.orphans(survey.steered), *before], after


def changed_parameters(old: Record | None, new: Record) -> tuple[list[str], str, str]:
    """Changed parameters as sentences, and all of them as lines for the diff."""
    lines_old = _parameter_lines(old.options) if old else {}
    lines_new = _parameter_lines(new.options)
    told = [
        f"set {name} to {lines_new[name]}"
        for name in lines_new
        if lines_old.get(name) != lines_new[name]
    ]
    before = "".join(f"parameter {name} = {value}\n" for name, value in lines_old.items())
    after = "".join(f"parameter {name} = {value}\n" for name, value in lines_new.items())
    return told, before, after


def _parameter_lines(options: HostOptions) -> dict[str, str]:
    return {
        "ephemeral_ports": str(options.ephemeral),
        "ephemeral_ports_per_container": str(options.per_container),
        "host_ephemeral_ports": str(options.host_ephemeral or "left alone"),
        "ports": ports.text(options.service or ()) or "none",
        "rp_filter": options.rp_filter,
        "steering": options.steering,
        **{
            name: value
            for name in ("address", "link_speed", "limit_scope")
            if (value := getattr(options, name))
        },
    }


# --- absent -------------------------------------------------------------------------------------


def taken_back(
    survey: Survey, base: Sequence[Object], sysctls_now: Iterable[Object], old: Record,
    can_unshare: bool,
) -> tuple[State, State]:  # fmt: skip
    """A prepared host as it is, and what stays of that: strangers' things and the values of before.

    `base` are the directory of handles, the loopback interface, bridges and files of other programs;
    `sysctls_now` the parameters that were changed.
    """
    before = ours_on_interfaces(survey)
    after: State = {}
    made = (item for item in survey.steered.shared.objects if isinstance(item, Qdisc))
    before.update(state(item for item in made if item.place.link in old.qdiscs))
    for item in base:
        if isinstance(item, Link):
            before[item.identity] = item
            left = without_host_mac(item, survey.host)
            after[item.identity] = left._replace(mtu=int(old.before.get("mtu", item.mtu)))
        elif isinstance(item, HandleDirectory) and can_unshare:
            before[item.identity] = item
    before.update(ours_on_host(base))
    for item in sysctls_now:
        if isinstance(item, Sysctl):
            before[item.identity] = item
            after[item.identity] = Sysctl(HOST, item.name, old.before[item.name])
    return before, after


def sparing(old: Record, hooked: Set[Place]) -> Record:
    """The record without the qdiscs on which others have hung filters of leaving packets."""
    taken = {place.link for place in hooked}
    return old._replace(qdiscs=tuple(link for link in old.qdiscs if link not in taken))


def left_behind(survey: Survey, old: Record) -> State:
    """What the public interface of before has of ours, with the qdisc that we made there."""
    place = survey.host.public_place
    here = state(item for item in survey.steered.shared.objects if isinstance(item, Qdisc))
    ours = {**ours_on_interfaces(survey), **(here if place.link in old.qdiscs else {})}
    return {name: item for name, item in ours.items() if item.place == place}


def taken_back_unknown(survey: Survey, base: Sequence[Object]) -> tuple[State, State]:
    """The same without a record: no values of before are known."""
    loopback = [item for item in base if isinstance(item, Link)]
    before = {**ours_on_interfaces(survey), **ours_on_host(base), **state(loopback)}
    return before, state(without_host_mac(item, survey.host) for item in loopback)


def ours_on_interfaces(survey: Survey) -> State:
    """Everything of ours on the host's interfaces but the qdiscs, which may be others' too."""
    found = (*survey.steered.shared.objects, *survey.steered.entries.objects)
    return state(item for item in found if not isinstance(item, Qdisc))


def ours_on_host(found: Iterable[Object]) -> State:
    """Our bridges and pairs, and our files of other programs."""
    return state(
        item
        for item in found
        if isinstance(item, Unmanaged) or (isinstance(item, (Bridge, Shaper)) and item.ours)
    )


def without_host_mac(loopback: Link, host: Host) -> Link:
    """The loopback interface, when it is no longer to look like the public one."""
    return loopback._replace(mac=LOOPBACK_MAC_LEFT) if loopback.mac == host.mac else loopback


def changed_sysctls(old: Record) -> list[str]:
    return [name for name in old.before if "/" in name]
