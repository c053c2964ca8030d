# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All objects of one container, on its veth and inside its namespace."""

from __future__ import annotations

from collections.abc import Set

from ..linux import netns, procsys
from ..linux.messages import LinkSeen
from ..linux.view import View
from ..objects.bridge import BridgePort
from ..objects.handle import Handle
from ..objects.kind import Object
from ..objects.link import Link, LinkUp, Veth
from ..objects.qdisc import Qdisc
from ..objects.sysctl import Sysctl
from ..steering.plane import Plane, Seen
from ..values import tenants
from ..values.errors import InvalidRequest
from ..values.marks import LINK_GROUP
from ..values.places import HOST, Place
from ..values.tenants import Container, Host
from ..wanted import sysctls
from ..wanted.claims import Namespace
from . import shaping
from .namespace import see_namespace
from .seen import ContainerSeen, NamespaceSeen, Placed, Survey
from .survey import owner_name


def see_container(
    view: View,
    plane: Plane,
    survey: Survey,
    name: str,
    space: Namespace | None,
    leaving: Set[str] = frozenset(),
) -> ContainerSeen:
    """The objects of container `name` besides its entries; `space` None: do not look inside.

    The containers that are `leaving` take their links with them.
    """
    found = Seen()
    placed = survey.placed.get(name)
    inside: NamespaceSeen | None = None
    told = space or (placed.container if placed else None)
    origin, handle = (told.origin, told.handle) if told else (tenants.CREATED, name)
    found.objects += _handle(name, "" if origin == tenants.KEPT else netns.handle_path(handle))
    if space and space.inode:
        with netns.at(space.source) as descriptor:
            if descriptor is None:
                raise InvalidRequest(f"cannot look into {name}: {space.source} is gone")
            inside = see_namespace(plane, name, descriptor, survey.host)
        found.add(inside.found)
    eth0 = inside.eth0 if inside else None
    placed = placed or _renamed(view, name, eth0)
    ours = placed is not None and _is_pair(placed.veth, eth0)
    goes = eth0 is not None and not ours and owner_name(view, _peer(view, eth0)) in leaving
    misnamed = placed is not None and placed.veth.name != tenants.veth_name(name)
    if goes or misnamed:
        eth0_place = Place(name, survey.host.public)
        found.objects = [item for item in found.objects if item.place != eth0_place]
    if placed:
        whole = not misnamed and (ours or space is None)
        found.objects += _veth(view, placed, survey.host, whole)
        found.objects += _on_veth(survey, placed) if whole else []
    stranger = f"the link {_whose(view, eth0)}" if eth0 and not ours and not goes else ""
    stranger = stranger or _shared(inside)
    return ContainerSeen(found, inside.settable if inside else (), stranger)


def _peer(view: View, link: LinkSeen) -> str:
    """The host's end of a pair; "" when it has none."""
    return view.names[link.peer_ifindex] if link.peer_ifindex else ""


def _on_veth(survey: Survey, placed: Placed) -> list[Object]:
    up = [LinkUp(Place(HOST, placed.veth.name))] if placed.veth.up else []
    return [*survey.veths[placed.container.name], *up]


def _shared(inside: NamespaceSeen | None) -> str:
    """A qdisc on which nobody can put filters, for they are in a block of several links."""
    found = inside.found.objects if inside else ()
    return next((f"the {one}" for one in found if isinstance(one, Qdisc) and one.shared), "")


def _whose(view: View, eth0: LinkSeen) -> str:
    """A link that is not the container's, in words."""
    other = view.names[eth0.peer_ifindex] if eth0.peer_ifindex else ""
    owner = owner_name(view, other)
    if owner != other:
        return f"{eth0.name} of container {owner}"
    return f"{eth0.name} already, which is not ours"


def _renamed(view: View, name: str, eth0: LinkSeen | None) -> Placed | None:
    """The container's veth when somebody gave it another name; it has to be made anew."""
    link = view.link(view.names[eth0.peer_ifindex]) if eth0 and eth0.peer_ifindex else None
    told = tenants.read_alias(link.alias) if link else None
    if link is None or told is None or told[0] != name or link.group != LINK_GROUP:
        return None
    return Placed(Container(*told, 0, (), None, *tenants.read_told(link.alias)), link)


def _handle(name: str, path: str) -> list[Object]:
    """`path` "": the handle is another maker's, and none of our objects."""
    inode, draft = 0, netns.has_draft(name)
    with netns.at(path) as descriptor:
        if descriptor is not None:
            inode = netns.inode(descriptor)
        elif netns.is_leftover(path):
            inode = -1
    return [Handle(name, path, inode, draft)] if inode or draft else []


def _is_pair(veth: LinkSeen, eth0: LinkSeen | None) -> bool:
    return (
        eth0 is not None
        and veth.peer_ifindex == eth0.ifindex
        and eth0.peer_ifindex == veth.ifindex
        and eth0.kind == "veth"
    )


def _veth(view: View, placed: Placed, host: Host, paired: bool) -> list[Object]:
    seen = placed.veth
    place = Place(HOST, seen.name)
    peer = Place(placed.container.name, host.public)
    objects: list[Object] = [Veth(place, peer, seen.mac, seen.mtu, seen.alias, paired, seen.group)]
    switch = sysctls.veth_ipv6_sysctl(seen.name)
    value = procsys.read(switch)
    if value is not None and paired:
        objects.append(Sysctl(HOST, switch, value, seen.name))
    if seen.master and paired:
        objects.append(BridgePort(place, view.names[seen.master], seen.forwarded))
    if paired:
        limited = placed.container.limits.receive is not None
        objects += shaping.on_veth(view, place, seen.qdisc, limited)
    return objects


def see_fresh(plane: Plane, host: Host) -> NamespaceSeen:
    """What a new namespace looks like: one is made for the look and dies after it."""
    with netns.made() as namespace:
        return see_namespace(plane, "", namespace, host)


def as_container(fresh: NamespaceSeen, name: str) -> list[Object]:
    """The contents of a fresh namespace, as those of a container whose namespace is still to be made."""
    renamed: list[Object] = []
    for item in fresh.found.objects:
        if isinstance(item, Sysctl):
            renamed.append(item._replace(netns=name))
        elif isinstance(item, Link):
            renamed.append(item._replace(place=Place(name, item.place.link)))
    return renamed
