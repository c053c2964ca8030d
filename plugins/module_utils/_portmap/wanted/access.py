# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says of whom a container may reach and who may reach it, and what that comes to.  Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from ..values.access import Access, Network, Networks, shortest
from ..values.errors import InvalidRequest
from ..values.ports import Ranges
from ..values.tenants import ALIAS_ROOM, Container, alias


class Wish(NamedTuple):
    """What a task says; None: nothing."""

    host_services: bool | None = None
    host_ports: Ranges | None = None
    allow_from: Networks | None = None


def read_networks(texts: Iterable[str]) -> Networks:
    """The option `allow_from`.  Raises InvalidRequest."""
    return tuple(map(_network, texts))


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise InvalidRequest(
            f"cannot use allow_from '{text}': expected a network, such as 10.0.0.0/8 or 2001:db8::/32, or"
            f" an address ({error})"
        ) from error


def check_room(container: Container) -> None:
    """Raise InvalidRequest when the kernel has no room for what the container's link has to tell of it."""
    access = container.access
    lists = {"host_ports": len(access.host_ports), "allow_from": len(access.allow_from or ())}
    option = max(lists, key=lambda name: lists[name])
    if not lists[option] or len(alias(container)) <= ALIAS_ROOM:
        return
    lengths = (_length(container, option, count) for count in range(1, lists[option]))
    fit = sum(length <= ALIAS_ROOM for length in lengths)
    raise InvalidRequest(
        f"cannot keep the {lists[option]} items of {option} of {container.name}: the kernel has room for"
        f" {ALIAS_ROOM} characters at its link, where its name and limits stand, too; {fit} of them fit"
    )


def _length(container: Container, option: str, count: int) -> int:
    """That of the alias with the first items of an option."""
    fewer = getattr(container.access, option)[:count]
    access = container.access._replace(**{option: fewer})
    return len(alias(container._replace(access=access)))


def computed(wish: Wish | Access, name: str, before: Access) -> Access:
    """What is left out stays as it is.  Raises InvalidRequest naming the container."""
    if isinstance(wish, Access):
        return wish
    services = before.host_services if wish.host_services is None else wish.host_services
    if services and wish.host_ports:
        raise InvalidRequest(
            f"cannot open ports of the host to {name}: all of them are open; host_ports is nothing without"
            " host_services: false"
        )
    ports = before.host_ports if wish.host_ports is None else wish.host_ports
    networks = before.allow_from if wish.allow_from is None else shortest(wish.allow_from)
    return Access(services, () if services else ports, networks)
