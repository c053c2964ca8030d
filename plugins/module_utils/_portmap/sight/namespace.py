# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inside a container's namespace: find it, and read what we set there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ..linux import netns, procsys, rtnl
from ..linux.netlink import LinkNames, Socket
from ..values import tenants
from ..values.errors import InvalidRequest
from ..values.objects import Address, DefaultRoute, Link, Object, Place, Sysctl
from ..wanted import sysctls
from ..wanted.claims import Namespace, Request
from .view import Kernel, Placed, addresses, default_route, dump_filters, dump_links, read_qdisc


def handle_path(handle: str) -> str:
    return f"{netns.HANDLES}/{handle}"


# --- which namespace ----------------------------------------------------------------------------


def find_namespace(request: Request, placed: Placed | None, home: int) -> Namespace:
    """The namespace that a request means.  `home` is the host's own, which is refused."""
    netns_option = _as_name(request.netns)
    if request.pid is not None:
        source, said = f"/proc/{request.pid}/ns/net", f"pid {request.pid}"
        return _attached(request.name, source, f"{said}: there is no such process", home)
    if os.path.isabs(netns_option):
        missing = f"netns {netns_option}: there is no network namespace"
        return _attached(request.name, netns_option, missing, home)
    handle = netns_option or (placed.handle if placed else request.name)
    path = handle_path(handle)
    descriptor = netns.open_path(path)
    if descriptor is None:
        if netns_option and handle != request.name:
            raise InvalidRequest(
                f"cannot place {request.name} in netns {handle}: there is no such network namespace"
            )
        return Namespace(handle, tenants.CREATED, 0, "")
    try:
        _refuse_home(request.name, descriptor, home, f"netns {handle}")
        origin = placed.origin if placed and placed.handle == handle else ""
        return Namespace(
            handle,
            origin or _marked_origin(request.name, descriptor),
            netns.inode(descriptor),
            path,
        )
    finally:
        os.close(descriptor)


def _as_name(option: str) -> str:
    """A path below the directory of handles is the name of a handle."""
    directory, name = os.path.split(option)
    if name and directory in (netns.HANDLES, "/var/run/netns"):
        return name
    return option


def _attached(name: str, source: str, missing: str, home: int) -> Namespace:
    descriptor = netns.open_path(source)
    if descriptor is None:
        raise InvalidRequest(f"cannot place {name} in {missing}")
    try:
        _refuse_home(name, descriptor, home, source)
        inode = netns.inode(descriptor)
    finally:
        os.close(descriptor)
    return Namespace(name, tenants.ATTACHED, inode, source)


def held_namespace(seen: Namespace | None) -> Namespace | None:
    """A process's namespace that was `seen` before, by our handle: the process may have ended."""
    if seen is None or seen.origin != tenants.ATTACHED:
        return None
    path = handle_path(seen.handle)
    descriptor = netns.open_path(path)
    if descriptor is None:
        return None
    try:
        return seen._replace(source=path) if netns.inode(descriptor) == seen.inode else None
    finally:
        os.close(descriptor)


def _refuse_home(name: str, descriptor: int, home: int, said: str) -> None:
    if netns.inode(descriptor) == netns.inode(home):
        raise InvalidRequest(f"cannot place {name} in {said}: that is the host's own namespace")


def _marked_origin(name: str, namespace: int) -> str:
    """Ours if its loopback carries our mark: the veth, which tells otherwise, is gone."""
    mark = _mark(namespace)
    return mark[2] if mark and mark[0] == name else tenants.KEPT


def _mark(namespace: int) -> tuple[str, str, str] | None:
    with opened(namespace) as sock:
        for link in dump_links(sock):
            if link.loopback:
                return tenants.read_alias(link.alias)
    return None


def mark_of(path: str) -> str:
    """The container for which the namespace at `path` was made; "" when it is not ours.

    A killed run may have left the file alone, which has the container's name.
    """
    descriptor = netns.open_path(path)
    if descriptor is None:
        return os.path.basename(path) if netns.is_leftover(path, marked=True) else ""
    try:
        mark = _mark(descriptor)
        return mark[0] if mark else ""
    finally:
        os.close(descriptor)


def marked_names() -> list[str]:
    """The containers of whose namespaces a handle is left, or the file of one."""
    handles = sorted(os.listdir(netns.HANDLES)) if os.path.isdir(netns.HANDLES) else []
    return [name for name in map(mark_of, map(handle_path, handles)) if name]


@contextlib.contextmanager
def opened(namespace: int) -> Iterator[Socket]:
    """Enter the namespace, with a socket of its own."""
    with netns.entered(namespace):
        sock = Socket()
        try:
            yield sock
        finally:
            sock.close()


# --- what is inside -----------------------------------------------------------------------------


class Inside(NamedTuple):
    """A namespace from inside; `settable` are the sysctls that it has of its own."""

    objects: list[Object]
    settable: tuple[str, ...]
    eth0: rtnl.LinkSeen | None


def observe(kernel: Kernel, name: str, source: str, host: tenants.Host) -> Inside:
    """The namespace that `source` leads to, as the container `name`."""
    descriptor = netns.open_path(source)
    if descriptor is None:
        raise InvalidRequest(f"cannot look into {name}: its namespace {source} is gone")
    try:
        return look(kernel, name, descriptor, host)
    finally:
        os.close(descriptor)


def look(kernel: Kernel, name: str, namespace: int, host: tenants.Host) -> Inside:
    """Links, addresses, route, qdiscs, filters and sysctls; their namespace is called `name`."""
    objects: list[Object] = []
    with opened(namespace) as sock:
        links = {link.name: link for link in dump_links(sock)}
        names = LinkNames(sock.link_name)
        names.update((link.ifindex, link.name) for link in links.values())
        eth0 = links.get(host.public)
        for link in filter(None, (links.get("lo"), eth0)):
            place = Place(name, link.name)
            objects.append(read_link(place, link))
            qdisc = read_qdisc(sock, place, link.ifindex)
            if qdisc is not None:
                objects.append(qdisc)
                found = dump_filters(sock, place, link.ifindex, names)
                objects += kernel.classified(found, place)
        if eth0 is not None:
            place = Place(name, eth0.name)
            for seen in addresses(sock, eth0.ifindex):
                objects.append(Address(place, seen.address, seen.prefix))
            route = default_route(sock)
            if route is not None and route.ifindex == eth0.ifindex:
                objects.append(DefaultRoute(place, route.gateway))
        sysctls, settable = _sysctls(name, host.public)
    return Inside([*objects, *sysctls], settable, eth0)


def read_link(place: Place, seen: rtnl.LinkSeen) -> Link:
    """A link as an object; of aliases, only that of a container's loopback is ours."""
    return Link(
        place, seen.mac, seen.mtu, seen.up, seen.alias if place.netns and seen.loopback else ""
    )


def _sysctls(name: str, public: str) -> tuple[list[Object], tuple[str, ...]]:
    names = (*sysctls.inside_sysctl_names(public), *_settable())
    values = procsys.read_all(names)
    found: list[Object] = [Sysctl(name, file, values[file]) for file in names if file in values]
    return found, _settable()


@lru_cache(maxsize=1)
def _settable() -> tuple[str, ...]:
    """What else this kernel lets a namespace set: the same in all but the host's own.

    Asked in the first that is looked at.
    """
    names = sysctls.optional_sysctl_names()
    return tuple(name for name in names if procsys.is_writable(name))


def fresh(kernel: Kernel, host: tenants.Host) -> Inside:
    """What a new namespace looks like: one is made for the look and dies after it."""
    namespace = netns.make()
    try:
        return look(kernel, "", namespace, host)
    finally:
        os.close(namespace)
