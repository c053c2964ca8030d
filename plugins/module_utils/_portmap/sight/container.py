# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All objects of one container, on its veth and inside its namespace."""

from __future__ import annotations

import os
from typing import NamedTuple

from ..linux import netns, procsys, rtnl
from ..values import marks, tenants
from ..values.errors import InvalidRequest
from ..values.objects import HOST, Handle, Link, LinkUp, Object, Place, Sysctl, Veth
from ..wanted.claims import Namespace
from .namespace import Inside, fresh, handle_path, look
from .survey import Survey, owner_name
from .view import Kernel, Placed


class Details(NamedTuple):
    """All objects of one container, and the sysctls that its namespace has of its own.

    `stranger` describes a link inside that stands where ours should be.
    """

    objects: list[Object]
    settable: tuple[str, ...]
    stranger: str = ""


def details(kernel: Kernel, found: Survey, name: str, namespace: Namespace | None) -> Details:
    """The objects of container `name` besides its entries; `namespace` None: do not look inside."""
    objects: list[Object] = []
    placed = found.placed.get(name)
    inside: Inside | None = None
    origin = namespace.origin if namespace else placed.origin if placed else tenants.CREATED
    handle = namespace.handle if namespace else placed.handle if placed else name
    if origin != tenants.KEPT:
        objects += _handle(name, handle_path(handle))
    if namespace and namespace.inode:
        descriptor = netns.open_path(namespace.source)
        if descriptor is None:
            raise InvalidRequest(f"cannot look into {name}: {namespace.source} is gone")
        try:
            inside = look(kernel, name, descriptor, found.host)
        finally:
            os.close(descriptor)
        objects += inside.objects
    eth0 = inside.eth0 if inside else None
    placed = placed or _renamed(kernel, name, eth0)
    if placed and placed.veth.name != tenants.veth_name(name):
        objects = [item for item in objects if not _lies_on(item, Place(name, found.host.public))]
        objects += _veth(placed, found.host, False)
    elif placed:
        paired = _paired(placed.veth, eth0)
        objects += _veth(placed, found.host, paired or namespace is None)
        if paired or namespace is None:
            objects += found.veths[name]
            if placed.veth.up:
                objects.append(LinkUp(Place(HOST, placed.veth.name)))
    ours = placed is not None and _paired(placed.veth, eth0)
    stranger = _whose(kernel, eth0) if eth0 and not ours else ""
    return Details(objects, inside.settable if inside else (), stranger)


def _whose(kernel: Kernel, eth0: rtnl.LinkSeen) -> str:
    """A link that is not the container's, in words."""
    other = kernel.names[eth0.peer_ifindex] if eth0.peer_ifindex else ""
    owner = owner_name(kernel, other)
    if owner != other:
        return f"{eth0.name} of container {owner}"
    return f"{eth0.name} already, which is not ours"


def _renamed(kernel: Kernel, name: str, eth0: rtnl.LinkSeen | None) -> Placed | None:
    """The container's veth when somebody gave it another name; it has to be made anew."""
    link = kernel.link(kernel.names[eth0.peer_ifindex]) if eth0 and eth0.peer_ifindex else None
    found = tenants.read_alias(link.alias) if link else None
    if link is None or found is None or found[0] != name or link.group != marks.LINK_GROUP:
        return None
    return Placed(*found, link, ())


def _lies_on(item: Object, place: Place) -> bool:
    return getattr(item, "place", None) == place


def _handle(name: str, path: str) -> list[Object]:
    descriptor = netns.open_path(path)
    if descriptor is None:
        return [Handle(name, path, -1)] if netns.is_leftover(path) else []
    try:
        return [Handle(name, path, netns.inode(descriptor))]
    finally:
        os.close(descriptor)


def _paired(veth: rtnl.LinkSeen, eth0: rtnl.LinkSeen | None) -> bool:
    return (
        eth0 is not None
        and veth.peer_ifindex == eth0.ifindex
        and eth0.peer_ifindex == veth.ifindex
        and eth0.kind == "veth"
    )


def _veth(placed: Placed, host: tenants.Host, paired: bool) -> list[Object]:
    seen = placed.veth
    place = Place(HOST, seen.name)
    peer = Place(placed.name, host.public)
    objects: list[Object] = [Veth(place, peer, seen.mac, seen.mtu, seen.alias, paired, seen.group)]
    switch = f"net/ipv6/conf/{seen.name}/disable_ipv6"
    value = procsys.read(switch)
    if value is not None and paired:
        objects.append(Sysctl(HOST, switch, value))
    return objects


def new_namespace(
    kernel: Kernel, host: tenants.Host, name: str, template: list[Inside]
) -> Details:
    """What a container finds in a namespace that is still to be made; `template` keeps the look."""
    if not template:
        template.append(fresh(kernel, host))
    renamed: list[Object] = []
    for item in template[0].objects:
        if isinstance(item, Sysctl):
            renamed.append(item._replace(netns=name))
        elif isinstance(item, Link):
            renamed.append(item._replace(place=Place(name, item.place.link)))
    return Details(renamed, template[0].settable)
