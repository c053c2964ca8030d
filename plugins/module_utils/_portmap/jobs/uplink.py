# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host as containers are to share it: seen, and decided together with what was before."""

from __future__ import annotations

from socket import AF_INET
from typing import NamedTuple

from ..decide import surroundings
from ..decide import uplink as decide
from ..decide.problems import drift
from ..linux.messages import LinkSeen
from ..linux.view import (
    View,
    addresses,
    all_addresses,
    other_routes,
    route_through,
    source_through,
    source_towards,
)
from ..memory.record import Record
from ..sight.host import default_interface, likely_public, public_link
from ..steering import choose
from ..values.errors import InvalidRequest
from ..values.options import HostOptions
from ..values.tenants import Host, HostAddress, last_known


class Uplink(NamedTuple):
    """`host`, and the index of its public interface.

    `moved`: it is another one than an earlier run has used, not just another name of that.
    `fault`: why no container can be placed on it; `host` then has what is still known.  `fault_kind`: of
    the problem that this is.
    """

    host: Host
    ifindex: int
    notices: list[decide.Notice]
    moved: bool = False
    fault: str = ""
    fault_kind: str = drift.KIND

    @property
    def warnings(self) -> list[str]:
        return [said for _kind, said in self.notices]


def look(view: View, options: HostOptions, old: Record | None, closely: bool = False) -> Uplink:
    """The host with these options.  Raises InvalidRequest when it cannot be used.

    `old`: the record of what it was prepared with.  `closely`: also look for what is worth a warning.
    """
    was = old if old and _is_the_same(view, options, old) else None
    public = options.public or default_interface(view)
    if not public:
        raise InvalidRequest(
            "cannot find the public interface: there is no IPv4 default route;"
            " name it with public_interface"
        )
    link = public_link(view, public, was.ifindex if was else 0, was.mac if was else "")
    if link is None:
        raise InvalidRequest(f"cannot use public_interface {public}: no such interface")
    loopback = options.loopback or "lo"
    decide.check_interfaces(link, view.link(loopback), loopback)
    have = addresses(view.socket, link.ifindex, AF_INET)
    kept = HostAddress(AF_INET, was.address, int(was.prefix)) if was and was.address else None
    known = (options.address or (kept.address if kept else "")) in {one.address for one in have}
    own = source_through(view.socket, link.ifindex) if closely or not known else ""
    address, of_address = decide.shared_address(link.name, have, options.address, kept, own)
    route = route_through(view.socket, link.ifindex, address.address)
    had = bool(was and was.gateway)
    gateways, of_route = decide.gateways(link.name, address.address, route, had)
    limited = options.link_speed, options.limit_scope
    host = Host(link.name, loopback, (address,), link.mac, link.mtu, gateways, *limited)
    host = host._replace(fair_shares=bool(options.fair_shares))
    before = was.options.public if was else link.name
    told = [*decide.renamed(before, link), *of_address, *of_route]
    host, more = _with_all(view, host, link, options, was, closely)
    if not choose.serves_whole_host(options.steering):
        more += decide.not_shared(host, have)
    if not choose.serves_whole_host(options.steering) and closely:
        more += _not_served(view, host, link.ifindex, old is None)
    if old is None or not choose.serves_whole_host(old.options.steering):
        more += decide.newly_reached(host)
    return Uplink(host, link.ifindex, [*told, *more], moved=old is not was)


def _with_all(
    view: View,
    host: Host,
    link: LinkSeen,
    options: HostOptions,
    was: Record | None,
    closely: bool,
) -> tuple[Host, list[decide.Notice]]:
    """The host with what containers are given of it besides; unless `closely`, what they were given."""
    if not choose.serves_whole_host(options.steering):
        return host, []
    if closely:
        return _with_surroundings(view, host, link, options)
    given = last_known(host.public, host.loopback, was.applied if was else ())
    addresses = (host.ipv4, *given.addresses[1:])
    return host._replace(addresses=addresses, networks=given.networks, entrances=None), []


def _not_served(view: View, host: Host, ifindex: int, first: bool) -> list[decide.Notice]:
    """Warnings of what containers do not share; `first`: the host was never prepared."""
    told = decide.routes_left_out(host, ifindex, other_routes(view.socket, AF_INET))
    if first:
        told += decide.other_entrances(host, view.all_links(), all_addresses(view.socket))
    return told


def _with_surroundings(
    view: View, host: Host, public: LinkSeen, options: HostOptions
) -> tuple[Host, list[decide.Notice]]:
    """The host with all that it has besides the interface."""
    links, families = view.all_links(), options.families
    found = [one for one in all_addresses(view.socket) if one.family in families]
    routes = [one for family in families for one in other_routes(view.socket, family)]
    routes += surroundings.everywhere(public, links, found, source_through(view.socket, 0))
    networks, told = surroundings.networks(
        public, host.ipv4, links, routes,
        lambda route: source_towards(view.socket, route.destination.partition("/")[0]),
    )  # fmt: skip
    return host._replace(
        addresses=surroundings.addresses(host.ipv4, links, found),
        networks=networks,
        entrances=surroundings.entrances(host.public, links, found, options.interfaces),
    ), told


def closed_interfaces(view: View, host: Host) -> list[str]:
    """Those of the host that have an address, and by which nobody reaches containers."""
    links, found = view.all_links(), all_addresses(view.socket)
    served = {one.link for one in host.entrances or ()}
    told = surroundings.entrances(host.public, links, found, None)
    return [one.link for one in told if one.link not in served]


def look_without_record(view: View, options: HostOptions | None, why: str) -> Uplink:
    """What can be known of a host whose record is lost; `why` it is."""
    loopback = (options.loopback if options else "") or "lo"
    public = (options.public if options else "") or likely_public(view, loopback)
    link = view.link(public) if public else None
    return Uplink(last_known(public, loopback, ()), link.ifindex if link else 0, [], fault=why)


def _is_the_same(view: View, options: HostOptions, old: Record) -> bool:
    """Whether these are the interfaces of before, whatever they are called."""
    if options.loopback not in ("", old.options.loopback):
        return False
    if options.public in ("", old.options.public):
        return True
    link = view.link(options.public) if old.ifindex else None
    return link is not None and (link.ifindex, link.mac) == (old.ifindex, old.mac)


def look_anyway(view: View, old: Record, closely: bool = False) -> Uplink:
    """A prepared host; where it cannot be used any more, what is still known of it, and why."""
    options = old.options
    try:
        found = look(view, options, old, closely)
    except InvalidRequest as error:
        link = public_link(view, options.public, old.ifindex, old.mac)
        name = link.name if link else options.public
        host = last_known(name, options.loopback, old.applied)
        kind = error.kind if isinstance(error, decide.Unfit) else drift.KIND
        return Uplink(host, link.ifindex if link else 0, [], fault=str(error), fault_kind=kind)
    if found.host.public == options.public:
        return found
    said = f"the public interface {options.public} is called {found.host.public} now"
    return found._replace(fault=f"{said}; run netiso.portmap.portmap_host, which follows")
