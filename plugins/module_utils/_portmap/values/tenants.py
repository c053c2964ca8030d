# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host and its containers; how a veth's name and alias say whose it is.  Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from socket import AF_INET, AF_INET6
from typing import NamedTuple

from . import access as accessing
from . import limits as limiting
from . import marks, ports
from .access import OPEN, Access
from .errors import InvalidRequest
from .limits import ALL, NONE, Limits
from .places import HOST, SHARED, Place

# Of the first release, which made veths without a bridge, nothing is said; the next one said "bridged",
# and its veths have no program that judges offloads.
MADE = "judged"


class HostAddress(NamedTuple):
    """An address of the host; `family` is AF_INET or AF_INET6."""

    family: int
    address: str
    prefix: int


def alone(address: str) -> HostAddress:
    """An address without a network."""
    family = family_of(address)
    return HostAddress(family, address, 32 if family == AF_INET else 128)


def family_of(text: str) -> int:
    """Of an address or a network as text."""
    return AF_INET6 if ":" in text else AF_INET


class Gateway(NamedTuple):
    """Where the default route of a family leads; "" on the link itself."""

    family: int
    address: str


class Network(NamedTuple):
    """A destination that the host has another route to than the default one, and `source` when it sends there.

    `mtu` is 0 unless it is smaller there than on the public interface.  IPv6 has all of its routes here, and
    its default route is that to ::/0.
    """

    family: int
    destination: str
    source: str
    mtu: int

    def __str__(self) -> str:
        mtu = f" mtu {self.mtu}" if self.mtu else ""
        return f"{self.destination} from {self.source}{mtu}"


class Entrance(NamedTuple):
    """Another interface by which packets for containers come; `bare`: without headers of Ethernet."""

    link: str
    bare: bool

    @property
    def place(self) -> Place:
        return Place(HOST, self.link, SHARED)


class Host(NamedTuple):
    """What containers share with their host.  A host without a gateway has none for that family.

    Of the `addresses`, the first one is that of the public interface; of IPv4 there are others, `networks`
    and `entrances` only where the steering serves them; the entrances are None where nobody has looked.
    `link_speed`, `limit_scope` and `fair_shares`: see `options.HostOptions`.
    """

    public: str
    loopback: str
    addresses: tuple[HostAddress, ...]
    mac: str
    mtu: int
    gateways: tuple[Gateway, ...]
    link_speed: str = ""
    limit_scope: str = ""
    networks: tuple[Network, ...] = ()
    entrances: tuple[Entrance, ...] | None = ()
    fair_shares: bool = False

    def shapes(self, container: Container) -> bool:
        """Whether what the container sends goes through a class of its own."""
        return self.fair_shares or container.limits.send is not None

    @property
    def public_place(self) -> Place:
        return Place(HOST, self.public, SHARED)

    @property
    def loopback_place(self) -> Place:
        return Place(HOST, self.loopback, SHARED)

    @property
    def ipv4(self) -> HostAddress:
        """The IPv4 address that containers share."""
        return next(one for one in self.addresses if one.family == AF_INET)

    @property
    def has_ipv6(self) -> bool:
        """Whether containers have any address of IPv6."""
        return any(one.family == AF_INET6 for one in self.addresses)

    @property
    def ipv4_gateway(self) -> str:
        """ "" when there is none, or everybody is on the link itself."""
        return next((one.address for one in self.gateways if one.family == AF_INET), "")

    @property
    def applied(self) -> tuple[str, ...]:
        """All that is copied into containers, as text, to tell whether it has changed.

        The last word is how they are made: another one than that of an earlier version.
        """
        address = (self.ipv4.address, str(self.ipv4.prefix))
        gateways = tuple(one.address or _ON_LINK for one in self.gateways) or ("",)
        others = (f"{_ALSO}{one.address}" for one in self.addresses if one != self.ipv4)
        networks = (
            f"to {one.destination} from {one.source} mtu {one.mtu}" for one in self.networks
        )
        limited = ("limits everywhere",) if self.limit_scope == ALL else ()
        shared = ("fair shares",) if self.fair_shares else ()
        more = (*others, *networks, *limited, *shared, MADE)
        return (*address, self.mac, str(self.mtu), *gateways, *more)


_ON_LINK, _ALSO = "on-link", "also "
_NOTHING_KNOWN = ("0.0.0.0", "0", "", "0", "")


def last_known(public: str, loopback: str, applied: tuple[str, ...]) -> Host:
    """A host of which nothing is there to be seen, by what containers were last given."""
    known = applied[: len(_NOTHING_KNOWN)]
    whole = known if len(known) == len(_NOTHING_KNOWN) else _NOTHING_KNOWN
    address, prefix, mac, mtu, gateway = whole
    via = (Gateway(AF_INET, "" if gateway == _ON_LINK else gateway),) if gateway else ()
    more = applied[len(_NOTHING_KNOWN) :]
    others = (alone(one[len(_ALSO) :]) for one in more if one.startswith(_ALSO))
    addresses = (HostAddress(AF_INET, address, int(prefix)), *others)
    networks = tuple(filter(None, map(_read_network, more)))
    return Host(public, loopback, addresses, mac, int(mtu), via, networks=networks)


_NETWORK = re.compile(r"to (\S+) from (\S+) mtu (\d+)")


def _read_network(text: str) -> Network | None:
    found = _NETWORK.fullmatch(text)
    return Network(family_of(found[1]), found[1], found[2], int(found[3])) if found else None


# CREATED: we made the namespace and its handle.  ATTACHED: others made it, we added a handle.
# KEPT: both were there.
CREATED, ATTACHED, KEPT = "created", "attached", "kept"


class Named(NamedTuple):
    """Ports that were requested by name and count."""

    name: str
    ports: ports.Range


class Container(NamedTuple):
    """A placed container.  `inode` of its namespace is 0 while that is still to be made.

    `named` are those of its service ports that were requested by name, sorted.
    """

    name: str
    handle: str
    origin: str
    inode: int
    service: ports.Ranges
    ephemeral: ports.Range | None
    named: tuple[Named, ...] = ()
    limits: Limits = NONE
    access: Access = OPEN

    @property
    def veth(self) -> Place:
        return Place(HOST, veth_name(self.name))

    @property
    def number(self) -> int:
        """Of its class among those of all: no two have the same ephemeral ports, of which it has 16 or more."""
        return self.ephemeral.first >> 4 if self.ephemeral else 0

    @property
    def unnamed(self) -> ports.Ranges:
        """The service ports that it was given by number."""
        return ports.subtract(self.service, [one.ports for one in self.named])

    @property
    def assigned(self) -> dict[str, str]:
        """Its named ports as text, by name."""
        return {one.name: str(one.ports) for one in self.named}

    @property
    def owned(self) -> ports.Ranges:
        return ports.join((*self.service, *([self.ephemeral] if self.ephemeral else [])))

    @property
    def blocks(self) -> tuple[ports.Block, ...]:
        """Service and ephemeral ranges cut separately: no block is part of both."""
        return _blocks(self.service, self.ephemeral)


# Asked for again and again while one container is looked at.
@lru_cache(maxsize=64)
def _blocks(service: ports.Ranges, ephemeral: ports.Range | None) -> tuple[ports.Block, ...]:
    return (*ports.cut(service), *ports.cut([ephemeral] if ephemeral else []))


@lru_cache(maxsize=4096)
def veth_name(container: str) -> str:
    """`pm-<name>`; a longer name than 12 characters is cut and told apart by 35 bits of a hash."""
    if len(container) <= 12:
        return marks.VETH_PREFIX + container
    digest = base64.b32encode(hashlib.sha256(container.encode()).digest()).decode().lower()
    return f"{marks.VETH_PREFIX}{container[:5]}{digest[:7]}"


@lru_cache(maxsize=4096)
def bridge_name(container: str) -> str:
    """The bridge that the container's veth is a port of: by its name, so that it never changes."""
    digest = hashlib.sha256(container.encode()).digest()
    return marks.BRIDGES[digest[0] % len(marks.BRIDGES)]


# --- the interface alias tells whose a veth is --------------------------------------------------


ALIAS_ROOM = 255  # IFALIASZ of linux/if.h, with a NUL at the end
_NAMED = "ports="


def mark(container: Container) -> str:
    """Whose something is: all of the alias that does not change while the container is placed."""
    words = [marks.ALIAS_PREFIX + container.name]
    if container.handle != container.name:
        words.append(f"netns={container.handle}")
    if container.origin != CREATED:
        words.append(container.origin)
    return " ".join(words)


def alias(container: Container) -> str:
    """The mark, limits, who may reach whom, and which ports have names: the kernel keeps what shall be nowhere else."""
    words = [
        mark(container),
        *limiting.words(container.limits),
        *accessing.words(container.access),
    ]
    named = ",".join(f"{one.name}:{one.ports}" for one in container.named)
    return " ".join([*words, f"{_NAMED}{named}"] if named else words)


class Told(NamedTuple):
    """What an alias says of a container besides whose it is."""

    named: tuple[Named, ...]
    limits: Limits
    access: Access


def read_told(text: str) -> Told:
    words = text[len(marks.ALIAS_PREFIX) :].split(" ")[1:]
    return Told(_read_named(words), limiting.read_words(words), accessing.read_words(words))


def _read_named(words: list[str]) -> tuple[Named, ...]:
    """What cannot be read is nobody's."""
    listed = next((word[len(_NAMED) :] for word in words if word.startswith(_NAMED)), "")
    return tuple(sorted(filter(None, map(_named, listed.split(",")))))


def _named(item: str) -> Named | None:
    name, _colon, written = item.partition(":")
    try:
        return Named(name, ports.parse(written, _NAMED))
    except InvalidRequest:
        return None


def read_alias(text: str) -> tuple[str, str, str] | None:
    """(container, handle, origin) from an alias; None when it is not ours."""
    if not text.startswith(marks.ALIAS_PREFIX):
        return None
    name, *words = text[len(marks.ALIAS_PREFIX) :].split(" ")
    handle, origin = name, CREATED
    for word in words:
        if word in (ATTACHED, KEPT):
            origin = word
        elif word.startswith("netns="):
            handle = word[len("netns=") :]
    return name, handle, origin
