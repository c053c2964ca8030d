# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters and maps of ours, found in the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ...linux import messages, neighbours
from ...linux import uapi as k
from ...linux.attributes import attributes, number, text
from ...linux.messages import TCMSG
from ...linux.netlink import Socket
from ...linux.requests import Request
from ...linux.view import View, ask_qdisc
from ...objects.kind import Object
from ...objects.qdisc import BOTH_WAYS, Qdisc
from ...values.access import OPEN
from ...values.marks import LINK_GROUP, NOBODY, OUR_GROUPS, SHAPERS, VETH_PREFIX
from ...values.places import HOST, SHARED, Place
from ...values.tenants import Host
from ..plane import Foreign, Seen
from ..strangers import can_end_search, is_filter
from . import kit
from . import numbers as n
from .objects import UNLIMITED, Config, Flow, Invented, Owned, Steer

_EVERY, _OURS = (0, 0), (n.PRIORITY, k.ETH_P_ALL)  # priority and protocol


class Found(NamedTuple):
    """A filter as the kernel tells it; `options` are b"" outside chain 0, where packets start."""

    kind: str
    protocol: int
    priority: int
    handle: int
    options: bytes

    @property
    def is_ours(self) -> bool:
        """By its place, whatever program somebody has put there."""
        place = (self.kind, self.protocol, self.priority, self.handle)
        return bool(self.options) and place == ("bpf", k.ETH_P_ALL, n.PRIORITY, n.HANDLE)

    @property
    def program(self) -> int:
        """Its id."""
        return number(dict(attributes(self.options)).get(k.TCA_BPF_ID, b""))


def stands_where_ours_does(one: Foreign) -> bool:
    """Whether a filter that another way of steering found is ours."""
    return Found(one.kind, one.protocol, one.priority, one.handle, b"in chain 0").is_ours


def is_ours_leaving(data: bytes) -> bool:
    """Whether a message about what is on the hook of leaving packets is about our filter, or its priority."""
    _family, _ifindex, handle, _parent, info = TCMSG.unpack_from(data)
    kind = text(dict(attributes(data, TCMSG.size)).get(k.TCA_KIND, b""))
    place = (kind, messages.read_protocol(data), info >> 16)
    return place == ("bpf", k.ETH_P_ALL, n.PRIORITY) and handle in (0, n.HANDLE)


def is_used(view: View, host: Host) -> bool:
    return any(
        one.is_ours
        for place in (host.public_place, host.loopback_place)
        for one in dump(view.socket, place, view.ifindex(place), _OURS)
    )


def see_interfaces(view: View, host: Host, complete: bool) -> tuple[Seen, kit.Kit | None]:
    """Both interfaces of the host, and what their filters have in common.

    `complete`: and all others on which are filters of ours, or shall be; but not where the entrances of
    the host were not looked at.
    """
    listed = {
        place: list(dump(view.socket, place, view.ifindex(place)))
        for place in (host.public_place, host.loopback_place)
    }
    listed.update(_others(view, host) if complete else ())
    programs = {one.program for filters in listed.values() for one in filters if one.is_ours}
    used = _adopted(programs)
    if used is None or not used.owned():
        used = _adopted(programs.union(_of_containers(view)))
    found = Seen()
    for place, filters in listed.items():
        qdisc = _qdisc(view.socket, place, view.ifindex(place))
        if qdisc is None:
            continue
        found.objects.append(qdisc)
        found.add(sort(filters, place, view.ifindex(place)))
        if complete and qdisc.kind == BOTH_WAYS and place != host.loopback_place:
            leaving = dump(view.socket, place, view.ifindex(place), hook=k.EGRESS_HOOK)
            found.add(sort(leaving, place, view.ifindex(place), leaving=True))
    return found, used


def _others(view: View, host: Host) -> Iterator[tuple[Place, list[Found]]]:
    """Links that are neither containers' nor ours, and what is on them."""
    looked, entrances = {host.public, host.loopback}, {one.link for one in host.entrances or ()}
    for link in view.all_links() if host.entrances is not None else ():
        if link.name in looked or link.group in OUR_GROUPS:
            continue
        place = Place(HOST, link.name, SHARED)
        filters = list(dump(view.socket, place, link.ifindex))
        if link.name in entrances or any(one.is_ours for one in filters):
            yield place, filters


def _adopted(programs: Iterable[int]) -> kit.Kit | None:
    """Where filters lead to several sets of maps, the one by which ports lead to most containers."""
    ranked = []
    for program in sorted(programs):
        found = kit.adopt(program) if program else None
        if found:
            ranked.append((len(found.owned()), program))
    return kit.adopt(max(ranked)[1] if ranked else 0)


def _of_containers(view: View) -> Iterator[int]:
    """Programs on veths: their maps last when the host's filters are gone."""
    for link in view.all_links():
        if link.group == LINK_GROUP:
            for one in dump(view.socket, Place(HOST, link.name), link.ifindex, _OURS):
                if one.is_ours and one.program:
                    yield one.program


def invented(
    sock: Socket, place: Place, ifindex: int, known: Mapping[str, str]
) -> Iterator[Invented]:
    """Neighbours inside a container that the program has made up; `known`: the host's."""
    for address, mac in neighbours.listed(sock, ifindex).items():
        if mac == NOBODY:
            yield Invented(place, address, known.get(address, ""))


def config(view: View, used: kit.Kit | None) -> list[Object]:
    found = used.config if used else None
    if found is None:
        return []
    public = Place(HOST, view.names[found.public], SHARED)
    return [Config(found.address, found.broadcast, public, found.mac, found.six, found.others)]


def owned(view: View, used: kit.Kit | None) -> list[Owned]:
    """All containers that the maps know, with their ports."""
    if used is None:
        return []
    tenants, ranges, access = used.tenants(), used.owned(), used.access()
    numbers = sorted(
        tenants.keys() | ranges.keys() | access.keys(), key=lambda one: (one not in ranges, one)
    )
    veths: set[str] = set()
    found = []
    for one in numbers:
        veth = _veth(view, tenants.get(one))
        links = tenants.get(one, kit.Tenant(0, 0))
        allowed = access.get(one, OPEN), links.answered
        found.append(
            Owned(
                "" if veth in veths else veth,
                one,
                ranges.get(one, ()),
                _flow(view, links),
                *allowed,
            )
        )
        veths.add(veth)
    return found


def _veth(view: View, tenant: kit.Tenant | None) -> str:
    """ "" for a link that is gone, or is no container's."""
    name = view.names[tenant.veth] if tenant else ""
    if name.startswith(VETH_PREFIX):
        return name
    link = view.link(name) if name else None
    return name if link and link.group == LINK_GROUP else ""


def see_link(sock: Socket, place: Place, ifindex: int) -> Seen:
    """The qdisc of a link, and our filter on it."""
    qdisc = _qdisc(sock, place, ifindex)
    if qdisc is None:
        return Seen()
    if qdisc.shared:
        return Seen([qdisc])
    found = sort(dump(sock, place, ifindex), place, ifindex)
    found.objects.insert(0, qdisc)
    return found


def _flow(view: View, tenant: kit.Tenant) -> Flow:
    if not any(tenant.flow):
        return UNLIMITED
    links = (view.names[one] or "(gone)" if one else "" for one in tenant.flow[2:])
    return Flow(bool(tenant.queued), tenant.traffic_class, *links)


def which(pair: tuple[Place, Place]) -> int:
    """The number of a pair of links that shape."""
    return [first for first, _second in SHAPERS].index(pair[0].link)


def see_shaper(view: View, pair: tuple[Place, Place]) -> Seen:
    """What is on its second end; on the first one the class is chosen by what the packet says."""
    return see_link(view.socket, pair[1], view.ifindex(pair[1]))


def _qdisc(sock: Socket, place: Place, ifindex: int) -> Qdisc | None:
    data = ask_qdisc(sock, place, ifindex)
    if not data:
        return None
    return Qdisc(place, messages.read_qdisc_kind(data), messages.has_shared_block(data))


def dump(
    sock: Socket,
    place: Place,
    ifindex: int,
    only: tuple[int, int] = _EVERY,
    hook: int = k.INGRESS_HOOK,
) -> Iterator[Found]:
    """The filters of a link, in the order in which packets meet them."""
    payload = messages.ask_filters(ifindex, *only, hook)
    asked = Request(k.RTM_GETTFILTER, 0, payload, f"list the filters of {place}")
    for data in sock.dump(asked):
        _family, _ifindex, handle, _parent, info = TCMSG.unpack_from(data)
        parts = dict(attributes(data, TCMSG.size))
        kind = text(parts.get(k.TCA_KIND, b""))
        if k.TCA_OPTIONS in parts and is_filter(kind, handle):
            chain = number(parts.get(k.TCA_CHAIN, b""))
            options = b"" if chain else parts[k.TCA_OPTIONS]
            yield Found(kind, messages.read_protocol(data), info >> 16, handle, options)


def sort(filters: Iterable[Found], place: Place, ifindex: int, leaving: bool = False) -> Seen:
    """Ours as objects, and strangers'."""
    found = Seen()
    for one in filters:
        if one.is_ours:
            found.objects.append(_steer(one, place, ifindex)._replace(leaving=leaving))
            continue
        before = one.priority < n.PRIORITY and place.role == SHARED
        steered = one.protocol in (k.ETH_P_IP, k.ETH_P_ALL)
        earlier = before and steered and can_end_search(one.kind, one.options)
        between = one.priority == n.PRIORITY
        found.foreign.append(
            Foreign(
                place,
                one.kind,
                one.protocol,
                one.priority,
                one.handle,
                between,
                earlier,
                n.PRIORITY,
                leaving,
            )
        )
    return found


def _steer(one: Found, place: Place, ifindex: int) -> Steer:
    parts = dict(attributes(one.options))
    classid = number(parts.get(k.TCA_BPF_CLASSID, b""))
    tag = parts.get(k.TCA_BPF_TAG, b"").hex()
    direct = number(parts.get(k.TCA_BPF_FLAGS, b"")) & k.TCA_BPF_FLAG_ACT_DIRECT
    whole = bool(direct) and kit.shares_maps(one.program)
    if whole and place.role != SHARED and not classid & n.INSIDE_LOOPBACK:
        whole = _known_link(place, classid & n.NUMBER_MASK) == ifindex
    return Steer(place, classid, "" if tag in kit.shipped_bytes().tags else tag, whole)


def _known_link(place: Place, number_of: int) -> int:
    tenant = kit.current().tenant(number_of)
    return tenant.inner if place.netns != HOST else tenant.veth
