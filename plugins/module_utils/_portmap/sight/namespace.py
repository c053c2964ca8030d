# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network namespaces: which one a request means, whose it is, and what is in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from socket import AF_INET, AF_INET6

from ..linux import neighbours, netns, paths, procsys
from ..linux import uapi as k
from ..linux.messages import LinkSeen
from ..linux.netlink import LinkNames, Socket, opened
from ..linux.view import addresses, all_routes, dump_links
from ..objects.address import Address
from ..objects.kind import Object
from ..objects.link import Link
from ..objects.neighbour import Neighbour
from ..objects.route import DefaultRoute, NetworkRoute
from ..objects.sysctl import Sysctl
from ..steering.plane import Plane, Seen
from ..values import tenants
from ..values.errors import InvalidRequest
from ..values.marks import IPV6_GATEWAY
from ..values.places import Place
from ..values.tenants import Container, Host
from ..wanted import sysctls
from ..wanted.claims import Ask, Namespace
from .seen import NamespaceSeen

# --- which namespace ----------------------------------------------------------------------------


def find_namespace(ask: Ask, placed: Container | None, home: int) -> Namespace:
    """The namespace that a request means.  `home` is the host's own, which is refused."""
    netns_option = _as_name(ask.netns)
    if ask.pid is not None:
        source, said = f"/proc/{ask.pid}/ns/net", f"pid {ask.pid}"
        return _attached(ask.name, source, f"{said}: there is no such process", home, placed)
    if os.path.isabs(netns_option):
        return _by_path(ask.name, netns_option, home, placed)
    handle = netns_option or (placed.handle if placed else ask.name)
    path = netns.handle_path(handle)
    with netns.at(path) as descriptor:
        if descriptor is None:
            if netns_option and handle != ask.name:
                raise InvalidRequest(
                    f"cannot place {ask.name} in netns {handle}: there is no such network"
                    " namespace"
                )
            return _drafted(ask.name, handle, placed)
        _refuse_home(ask.name, descriptor, home, f"netns {handle}")
        origin = placed.origin if placed and placed.handle == handle else ""
        origin = origin or _origin(ask.name, handle)
        return Namespace(handle, origin, netns.inode(descriptor), path)


def _drafted(name: str, handle: str, placed: Container | None) -> Namespace:
    """The namespace that a run has not given its handle, for it was killed before; or one to be made."""
    attached = placed is not None and placed.origin == tenants.ATTACHED
    path = netns.draft_path(name)
    with netns.at(path) as descriptor:
        if descriptor is None or handle != name:
            return Namespace(handle, tenants.CREATED, 0, "")
        origin = tenants.ATTACHED if attached else tenants.CREATED
        return Namespace(handle, origin, netns.inode(descriptor), path)


def _as_name(option: str) -> str:
    """A path below the directory of handles is the name of a handle."""
    directory, name = os.path.split(option)
    if name and directory in (netns.HANDLES, "/var/run/netns"):
        return name
    return option


def _by_path(name: str, path: str, home: int, placed: Container | None) -> Namespace:
    """Whoever can write a directory on the way could hand ports to any namespace, today or later."""
    try:
        why = paths.unsafe(path)
        if why:
            raise InvalidRequest(
                f"cannot place {name} in netns {path}: others than root could lead it elsewhere"
                f" ({why}); give a path of root's alone, or name a process with pid"
            )
        missing = f"netns {path}: there is no network namespace"
        return _attached(name, path, missing, home, placed)
    except OSError as error:
        raise InvalidRequest(f"cannot place {name} in netns {path}: {error.strerror}") from error


def _attached(
    name: str, source: str, missing: str, home: int, placed: Container | None
) -> Namespace:
    with netns.at(source) as descriptor:
        if descriptor is None:
            raise InvalidRequest(f"cannot place {name} in {missing}")
        _refuse_home(name, descriptor, home, source)
        found = Namespace(name, tenants.ATTACHED, netns.inode(descriptor), source)
    _refuse_strangers(found, placed)
    return found


def _refuse_strangers(found: Namespace, placed: Container | None) -> None:
    """The handle that this one will get may be somebody else's, and lead to another namespace."""
    ours = placed is not None and placed.handle == found.handle and placed.origin != tenants.KEPT
    path = netns.handle_path(found.handle)
    inode = netns.inode_at(path)
    if ours or inode in (0, found.inode) or found.handle in netns.marked():
        return
    raise InvalidRequest(
        f"cannot place {found.handle} in {found.source}: {path} is somebody else's, and leads to another namespace;"
        f" remove it with ip netns delete {found.handle}, or give the container another name"
    )


def held_namespace(seen: Namespace | None) -> Namespace | None:
    """A process's namespace that was `seen` before, by our handle: the process may have ended."""
    if seen is None or seen.origin != tenants.ATTACHED:
        return None
    for path in (netns.handle_path(seen.handle), netns.draft_path(seen.handle)):
        with netns.at(path) as descriptor:
            if descriptor is not None and netns.inode(descriptor) == seen.inode:
                return seen._replace(source=path)
    return None


def _refuse_home(name: str, descriptor: int, home: int, said: str) -> None:
    if netns.inode(descriptor) == netns.inode(home):
        raise InvalidRequest(f"cannot place {name} in {said}: that is the host's own namespace")


# --- whose namespace ----------------------------------------------------------------------------


def _origin(name: str, handle: str) -> str:
    """Ours if we made its handle: the veth, which tells otherwise, is gone.

    What the namespace itself says is not believed: root inside writes there what it likes.
    """
    return tenants.CREATED if handle == name and name in netns.marked() else tenants.KEPT


# --- what is inside -----------------------------------------------------------------------------


def see_namespace(plane: Plane, name: str, namespace: int, host: Host) -> NamespaceSeen:
    """Links, addresses, route, qdiscs, filters and sysctls; their namespace is called `name`."""
    found = Seen()
    with opened(namespace) as sock:
        sysctls_seen = _sysctls(name, host.public)
        links = {link.name: link for link in dump_links(sock)}
        names = LinkNames(sock.link_name)
        names.update((link.ifindex, link.name) for link in links.values())
        eth0 = links.get(host.public)
        for link in filter(None, (links.get("lo"), eth0)):
            place = Place(name, link.name)
            found.objects.append(link_object(place, link))
            found.add(plane.see_link(sock, place, link.ifindex, names))
        if eth0 is not None:
            place = Place(name, eth0.name)
            families = (AF_INET,) if _without_ipv6(sysctls_seen) else (AF_INET, AF_INET6)
            for family in families:
                found.objects += _reaching(sock, place, eth0.ifindex, family)
        found.objects += sysctls_seen
    return NamespaceSeen(found, _settable(), eth0)


def _without_ipv6(seen: Iterable[Object]) -> bool:
    return any(
        (one.name, one.value) == (sysctls.IPV6_SWITCH, "1")
        for one in seen
        if isinstance(one, Sysctl)
    )


def _reaching(sock: Socket, place: Place, ifindex: int, family: int) -> Iterator[Object]:
    """By what a link reaches others."""
    for seen in addresses(sock, ifindex, family):
        if family == AF_INET or seen.scope == k.RT_SCOPE_UNIVERSE:
            yield Address(place, family, seen.address, seen.prefix)
    route, others = all_routes(sock, family)
    for one in others:
        if one.protocol == k.RTPROT_OURS and one.ifindex == ifindex:
            yield NetworkRoute(place, family, one.destination, one.source, one.mtu)
    if family == AF_INET:
        if route is not None and route.ifindex == ifindex:
            yield DefaultRoute(place, family, route.gateway)
        return
    mac = neighbours.lasting(sock, ifindex).get(IPV6_GATEWAY)
    if mac is not None:
        yield Neighbour(place, IPV6_GATEWAY, mac)


def link_object(place: Place, seen: LinkSeen) -> Link:
    """A link as an object; of aliases, only that of a container's loopback is ours."""
    alias = seen.alias if place.netns and seen.loopback else ""
    return Link(place, seen.mac, seen.mtu, seen.up, alias)


def _sysctls(name: str, public: str) -> list[Object]:
    names = (*sysctls.inside_sysctl_names(public), *_settable())
    values = procsys.read_all(names)
    return [Sysctl(name, file, values[file]) for file in names if file in values]


@lru_cache(maxsize=1)
def _settable() -> tuple[str, ...]:
    """What else this kernel lets a namespace set: the same in all but the host's own.

    Asked in the first that is looked at.
    """
    names = sysctls.optional_sysctl_names()
    return tuple(name for name in names if procsys.is_writable(name))
