# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What preparing a host leads to, decided from what was seen.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..memory.record import Record
from ..objects.bridge import Bridge
from ..objects.handle import HandleDirectory
from ..objects.kind import Object, State, state
from ..objects.link import Link
from ..objects.qdisc import Qdisc
from ..objects.sysctl import Sysctl
from ..sight.seen import Survey
from ..steering.plane import Plane
from ..values import ports
from ..values.errors import InvalidRequest
from ..values.netfilter import Firewall
from ..values.options import HostOptions, Pools
from ..values.tenants import Host
from ..wanted import claims, layout, limits, sysctls
from ..wanted.busy import Busy


def check(
    options: HostOptions, old: Record | None, survey: Survey, own: ports.Range,
    owner_name: Callable[[str], str],
) -> None:  # fmt: skip
    """Raise InvalidRequest unless a host with these containers could have these options.

    `own` is the host's ephemeral range as it is.
    """
    claims.check_pools(options.pools, options.host_ephemeral or own)
    limits.check_fair_shares(options.fair_shares, options.link_speed)
    owners = {veth: owned for veth, owned in survey.owners().items() if veth}
    if not owners or old is None:
        return
    if options.pools != old.options.pools:
        claims.check_owners(options.pools, owners, owner_name)


def check_interfaces(given: HostOptions, steering: str, serves_whole_host: bool) -> None:
    """Raise InvalidRequest when more is asked for than the public interface, and this steering has no more."""
    if given.ipv6 and not serves_whole_host:
        raise InvalidRequest(
            f"cannot use ipv6: steering {steering} steers IPv4 alone; leave ipv6 out, or use steering bpf"
        )
    if given.interfaces is not None and not serves_whole_host:
        raise InvalidRequest(
            f"cannot use interfaces ({', '.join(given.interfaces) or 'none'}): with steering {steering},"
            " containers are reached by the public interface alone; leave interfaces out, or use steering"
            " bpf"
        )


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
    host: Host, options: HostOptions, rp_filters: Mapping[str, str], needed: Mapping[str, str]
) -> dict[str, str]:
    """The sysctls of a prepared host; `rp_filters` are the values that its links have.

    `needed`: those that the steering needs.
    """
    values = {**sysctls.host_sysctls(host), **needed}
    if options.rp_filter == "relax":
        values.update(sysctls.relaxed_rp_filter(host, rp_filters))
    if options.host_ephemeral:
        own = options.host_ephemeral
        values[sysctls.EPHEMERAL_SYSCTL] = f"{own.first} {own.last}"
    return values


def given_back(
    options: HostOptions, old: Record | None, wanted: Mapping[str, str]
) -> dict[str, str]:
    """What was relaxed and shall be kept from now on, and what another steering has needed."""
    kept = options.rp_filter == "keep"
    return {
        name: value
        for name, value in (old.before if old else {}).items()
        if (kept and "rp_filter" in name) or (name.endswith("/forwarding") and name not in wanted)
    }


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
    """What every value was before we first changed it; no more of those that this run gives back."""
    values = dict(old.before) if old else {}
    wanted = {item.name: item.value for item in after.values() if isinstance(item, Sysctl)}
    wanted = {name: value for name, value in wanted.items() if value != values.get(name)}
    returned = given_back(options, old, wanted)
    for identity, item in after.items():
        was = before.get(identity)
        if isinstance(item, Sysctl) and isinstance(was, Sysctl) and was != item:
            values.setdefault(item.name, was.value)
        if isinstance(item, Link) and isinstance(was, Link) and was.mtu != item.mtu:
            values.setdefault("mtu", str(was.mtu))
        if isinstance(item, HandleDirectory) and was is None:
            values.setdefault("handles", handles)
    return {name: value for name, value in values.items() if name not in returned}


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
    """The links whose qdisc this run makes, or an earlier one has made, as long as there is one."""
    had = old.qdiscs if old else ()
    made = {
        item.place.link
        for identity, item in after.items()
        if isinstance(item, Qdisc) and (identity not in before or item.place.link in had)
    }
    return tuple(dict.fromkeys([*(one for one in had if one in made), *sorted(made)]))


def without_others(found: Iterable[Object], wanted: State, old: Record | None) -> list[Object]:
    """What was found, but no qdisc that we have not made, where we want none any more."""
    made = old.qdiscs if old else ()
    return [
        item
        for item in found
        if not isinstance(item, Qdisc) or item.identity in wanted or item.place.link in made
    ]


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
    told += [f"take {name} back" for name in lines_old if name not in lines_new]
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
        **({"fair_shares": "yes"} if options.fair_shares else {}),
        **(
            {"interfaces": ", ".join(options.interfaces) or "none besides the public one"}
            if options.interfaces is not None
            else {}
        ),
        **({"ipv6": str(options.ipv6).lower()} if options.ipv6 is not None else {}),
        **{
            name: value
            for name in ("address", "link_speed", "limit_scope")
            if (value := getattr(options, name))
        },
    }
