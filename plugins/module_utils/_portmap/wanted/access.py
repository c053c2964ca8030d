# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says of whom a container may reach, and what that comes to.  Pure."""

from __future__ import annotations

from typing import NamedTuple

from ..values.access import Access
from ..values.errors import InvalidRequest
from ..values.ports import Ranges
from ..values.tenants import ALIAS_ROOM, Container, alias


class Wish(NamedTuple):
    """What a task says; None: nothing."""

    host_services: bool | None = None
    host_ports: Ranges | None = None


def check_room(container: Container) -> None:
    """Raise InvalidRequest when the kernel has no room for what the container's link has to tell of it."""
    asked = container.access.host_ports
    if not asked or len(alias(container)) <= ALIAS_ROOM:
        return
    fit = next(
        (
            count
            for count in range(len(asked), 0, -1)
            if _length(container, asked[:count]) <= ALIAS_ROOM
        ),
        0,
    )
    raise InvalidRequest(
        f"cannot keep the {len(asked)} items of host_ports of {container.name}: the kernel has room for"
        f" {ALIAS_ROOM} characters at its link, where its name and limits stand, too; {fit} of them fit"
    )


def _length(container: Container, host_ports: Ranges) -> int:
    return len(alias(container._replace(access=Access(False, host_ports))))


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
    return Access(services, () if services else ports)
