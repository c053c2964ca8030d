# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container may reach on its host, and who outside may reach it.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import NamedTuple, Union

from . import ports
from .errors import InvalidRequest
from .ports import Ranges

_CLOSED = "host=closed"
_FROM = "from="
Network = Union[IPv4Network, IPv6Network]
Networks = tuple[Network, ...]
EVERYBODY: Networks = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))


class Access(NamedTuple):
    """`host_services`: it may use the servers of the host; if not, those on `host_ports` all the same.

    `allow_from`: the networks from which somebody outside may come; None: from everywhere.
    """

    host_services: bool = True
    host_ports: Ranges = ()
    allow_from: Networks | None = None

    @property
    def host(self) -> str:
        """In words: which servers of the host are open to it."""
        return (
            "open"
            if self.host_services
            else f"closed but for {ports.text(self.host_ports) or 'none'}"
        )

    @property
    def outside(self) -> str:
        """In words: who outside may come."""
        if self.allow_from is None:
            return "everybody"
        return ", ".join(map(str, self.allow_from)) or "nobody"


OPEN = Access()


def said(access: Access) -> list[str]:
    """What differs from a container of which nothing is asked, in words."""
    told = [] if access.host_services else [f"host services {access.host}"]
    return told if access.allow_from is None else [*told, f"allow_from {access.outside}"]


def in_order(networks: Iterable[Network]) -> Networks:
    """First those of IPv4."""
    return tuple(sorted(networks, key=lambda one: (one.version, int(one.network_address), one)))


def shortest(networks: Iterable[Network]) -> Networks | None:
    """The fewest networks that are the same; None: everybody of both families is in them."""
    listed = list(networks)
    four = collapse_addresses(one for one in listed if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in listed if isinstance(one, IPv6Network))
    fewest: Networks = (*four, *six)
    return None if fewest == EVERYBODY else fewest


# --- in the alias of a veth: the kernel has no other place for what shall be ---------------------


def words(access: Access) -> list[str]:
    told = []
    if not access.host_services:
        told.append(",".join((_CLOSED, *map(str, access.host_ports))))
    if access.allow_from is not None:
        told.append(_FROM + ",".join(map(str, access.allow_from)))
    return told


def read_words(listed: Sequence[str]) -> Access:
    """What cannot be read opens nothing."""
    access = OPEN
    for word in listed:
        first, *items = word.split(",")
        if first == _CLOSED:
            access = access._replace(host_services=False, host_ports=_readable(items))
        elif word.startswith(_FROM):
            networks = map(_network, word[len(_FROM) :].split(","))
            access = access._replace(allow_from=shortest(filter(None, networks)))
    return access


def _readable(items: Sequence[str]) -> Ranges:
    try:
        return ports.parse_all(items, _CLOSED)
    except InvalidRequest:
        return ()


def _network(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None
