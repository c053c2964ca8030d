# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a prepared host and a placed container consist of.  Pure.

Numbers in square brackets are the packet paths of ARCHITECTURE.md.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from . import kernel as k
from . import ports, u32
from .model import (
    HOST,
    Action,
    Address,
    DefaultRoute,
    Drop,
    Filter,
    Handle,
    HandleDirectory,
    Link,
    LinkUp,
    Object,
    Place,
    Qdisc,
    State,
    Sysctl,
    Table,
    Veth,
)


class Host(NamedTuple):
    """What containers share with their host; `address` is IPv4, `gateway` may be empty."""

    public: str
    loopback: str
    address: str
    prefix: int
    mac: str
    mtu: int
    gateway: str

    @property
    def public_place(self) -> Place:
        return Place(HOST, self.public)

    @property
    def loopback_place(self) -> Place:
        return Place(HOST, self.loopback)

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The host's address alone, as a /32."""
        return ipaddress.IPv4Network(self.address)


# Whose the namespace is: made by us and named; only named by us; neither.
CREATED, ATTACHED, KEPT = "created", "attached", "kept"


class Container(NamedTuple):
    """A placed container.  `inode` of its namespace is 0 while that is still to be made."""

    name: str
    handle: str
    origin: str
    inode: int
    service: ports.Ranges
    ephemeral: ports.Range | None

    @property
    def veth(self) -> Place:
        return Place(HOST, veth_name(self.name))

    @property
    def owned(self) -> ports.Ranges:
        return ports.join((*self.service, *([self.ephemeral] if self.ephemeral else [])))

    @property
    def blocks(self) -> list[ports.Block]:
        """Service and ephemeral ranges cut separately: no block is part of both."""
        ephemeral = [self.ephemeral] if self.ephemeral else []
        return [*ports.cut(self.service), *ports.cut(ephemeral)]


def veth_name(container: str) -> str:
    """`pm-<name>`; a longer name than 12 characters is cut and told apart by 35 bits of a hash."""
    if len(container) <= 12:
        return k.VETH_PREFIX + container
    digest = base64.b32encode(hashlib.sha256(container.encode()).digest()).decode().lower()
    return f"{k.VETH_PREFIX}{container[:5]}{digest[:7]}"


# --- the interface alias tells whose a veth is --------------------------------------------------


def alias(container: Container) -> str:
    words = [k.ALIAS_PREFIX + container.name]
    if container.handle != container.name:
        words.append(f"netns={container.handle}")
    if container.origin != CREATED:
        words.append(container.origin)
    return " ".join(words)


def read_alias(text: str) -> tuple[str, str, str] | None:
    """(container, handle, origin) from an alias; None when it is not ours."""
    if not text.startswith(k.ALIAS_PREFIX):
        return None
    name, *words = text[len(k.ALIAS_PREFIX) :].split(" ")
    handle, origin = name, CREATED
    for word in words:
        if word in (ATTACHED, KEPT):
            origin = word
        elif word.startswith("netns="):
            handle = word[len("netns=") :]
    return name, handle, origin


# --- small pieces -------------------------------------------------------------------------------

_LOCALHOST = u32.LOOPBACK_NET
_NOWHERE = Place(HOST, "")
_PLAIN = (u32.NO_OPTIONS, u32.NO_FRAGMENT)
_ICMP = (*_PLAIN, u32.protocol(k.IPPROTO_ICMP))
_QUOTED = (u32.QUOTED_NO_OPTIONS, u32.QUOTED_NO_FRAGMENT)
_BY_DESTINATION_PORT = (20, 0x0000FF00)
_BY_QUOTED_SOURCE_PORT = (48, 0xFF000000)
_MIRRORED_ICMP = (  # what has no port: echo and timestamp replies, errors about such requests
    (u32.icmp_type(0),),
    (u32.icmp_type(14),),
    *((error, u32.quoted_protocol(k.IPPROTO_ICMP)) for error in u32.ERRORS),
)


def _redirect(link: str) -> tuple[Action, ...]:
    return (Action("redirect", link),)


def _qdisc(place: Place, observed: State) -> Object:
    """An ingress qdisc, unless an ingress or clsact qdisc is there already."""
    return observed.get(("qdisc", *place)) or Qdisc(place, "ingress")


class _Rows:
    """Filters of one link and protocol, written down like the table in ARCHITECTURE.md."""

    def __init__(self, place: Place, protocol: int = k.ETH_P_IP) -> None:
        self._place = place
        self._protocol = protocol

    def root(
        self,
        priority: int,
        node: int,
        *keys: u32.Key,
        to: str = "",
        goto: int = 0,
        hashed: tuple[int, int] = (0, 0),
    ) -> Filter:
        """A filter in the root table: redirect `to` a link, `goto` a table, or accept."""
        actions = _redirect(to) if to else ()
        match = u32.match(*keys)
        return Filter(
            self._place, self._protocol, priority, 0, 0, node, match, actions, goto, hashed
        )

    def table(self, priority: int, table: int, divisor: int = 1) -> Table:
        return Table(self._place, self._protocol, priority, table, divisor)

    def listed(self, priority: int, table: int, key: u32.Key, to: str = "") -> Filter:
        """A filter in a table of one bucket; the kernel numbers it."""
        actions = _redirect(to) if to else ()
        return Filter(self._place, self._protocol, priority, table, 0, 0, (key,), actions)

    def hashed(
        self, priority: int, table: int, block: ports.Block, key: u32.Key, to: str
    ) -> Filter:
        """A filter in a table of 256 buckets; its handle tells the block."""
        bucket, node = hashed_handle(block)
        return Filter(
            self._place, self._protocol, priority, table, bucket, node, (key,), _redirect(to)
        )


def hashed_handle(block: ports.Block) -> tuple[int, int]:
    """Bucket and node of a block of at most 256 ports."""
    return block.first >> 8, block.size.bit_length() << 8 | block.first & 0xFF


def hashed_block(bucket: int, node: int) -> ports.Block | None:
    """The block that a handle stands for; None when no block has it."""
    size, low = 1 << (node >> 8) - 1 if node >> 8 else 0, node & 0xFF
    if not 1 <= size <= 256 or low % size:
        return None
    return ports.Block(bucket << 8 | low, size)


def hashed_blocks(blocks: Iterable[ports.Block]) -> Iterator[ports.Block]:
    """The same ports in blocks for the hash tables: none spans two buckets."""
    for block in blocks:
        yield from ports.cut([ports.Range(block.first, block.last)], 256)


# --- the host -----------------------------------------------------------------------------------


def host_base(host: Host, handles: str, sysctls: Mapping[str, str]) -> list[Object]:
    """Everything of a prepared host but its filters; `sysctls` are the wanted values."""
    wanted = [Sysctl(HOST, name, value) for name, value in sysctls.items()]
    return [
        HandleDirectory(handles),
        Link(host.loopback_place, host.mac, host.mtu, True),
        *wanted,
    ]


def host_sysctls(host: Host) -> dict[str, str]:
    """Without these the host's loopback would refuse what containers send to it [5]-[8]."""
    conf = "net/ipv4/conf"
    return {
        f"{conf}/{host.loopback}/route_localnet": "1",
        f"{conf}/{host.loopback}/accept_local": "1",
        f"{conf}/{host.loopback}/send_redirects": "0",
        f"{conf}/all/send_redirects": "0",
    }


def relaxed_rp_filter(host: Host, found: Mapping[str, str]) -> dict[str, str]:
    """rp_filter off for `all` and the loopback, and no weaker than before everywhere else.

    `found` maps the links (with `all` and `default`) to their values; the kernel applies the
    larger of a link's own value and that of `all`.
    """
    general = int(found["all"])
    values = {
        name: str(max(general, int(own)))
        for name, own in found.items()
        if name not in ("all", host.loopback) and int(own) < general
    }
    values["all"] = values[host.loopback] = "0"
    return {f"net/ipv4/conf/{name}/rp_filter": value for name, value in values.items()}


def host_filters(host: Host, observed: State) -> list[Object]:
    """Qdiscs, hash tables and root filters of both interfaces; they hold every container's."""
    eth0, lo = _Rows(host.public_place), _Rows(host.loopback_place)
    to_host = (u32.destination(host.network),)
    to_mac = u32.destination_mac(host.mac)
    items: list[Object] = [
        _qdisc(host.public_place, observed),
        _qdisc(host.loopback_place, observed),
        eth0.table(k.PRIO_ICMP, k.TABLE_ICMP),
    ]
    for rows, addressed in ((eth0, to_host), (lo, ())):
        items += [
            rows.table(k.PRIO_ICMP_ERROR, k.TABLE_ICMP_ERROR, 256),
            rows.table(k.PRIO_IP, k.TABLE_IP, 256),
        ]
        for protocol in k.PORT_PROTOCOLS:
            framed = (*to_mac, *addressed) if rows is eth0 else ()
            keys = (*_PLAIN, u32.protocol(protocol), *framed)
            items.append(
                rows.root(k.PRIO_IP, protocol, *keys, goto=k.TABLE_IP, hashed=_BY_DESTINATION_PORT)
            )
            for kind, error in enumerate(u32.ERRORS):
                quoted = (*_ICMP, error, *_QUOTED, u32.quoted_protocol(protocol), *addressed)
                node = kind << 8 | protocol
                items.append(
                    rows.root(
                        k.PRIO_ICMP_ERROR,
                        node,
                        *quoted,
                        goto=k.TABLE_ICMP_ERROR,
                        hashed=_BY_QUOTED_SOURCE_PORT,
                    )
                )
    for node, what in enumerate(_MIRRORED_ICMP, 1):
        keys = (*_ICMP, *what, *to_host)
        items.append(eth0.root(k.PRIO_ICMP, node, *keys, goto=k.TABLE_ICMP))
    return items


def mirrors(host: Host, placed: Mapping[int, tuple[str, ...]], arp: bool) -> list[Object]:
    """The chain of mirror filters of ARP replies or of shared ICMP: node -> veths."""
    place = host.public_place
    items: list[Object] = []
    for node, veths in placed.items():
        actions = tuple(Action("mirror", veth) for veth in sorted(veths))
        match: u32.Match = (u32.ARP_REPLY,) if arp else ()
        protocol, priority, table = (
            (k.ETH_P_ARP, k.PRIO_ARP, 0) if arp else (k.ETH_P_IP, k.PRIO_ICMP, k.TABLE_ICMP)
        )
        items.append(Filter(place, protocol, priority, table, 0, node, match, actions))
    return items


def place_mirrors(
    observed: Mapping[int, tuple[str, ...]], wanted: Iterable[str], unwanted: Iterable[str]
) -> dict[int, tuple[str, ...]]:
    """Who is mirrored to from which filter: nobody moves, newcomers fill the first gap.

    `observed` and the result map nodes (from 1) to veths; links that are gone ("") and repeated
    ones are left out.
    """
    out = {"", *unwanted}
    chain: dict[int, list[str]] = {}
    seen: set[str] = set()
    for node in sorted(observed):
        kept = [veth for veth in dict.fromkeys(observed[node]) if veth not in out | seen]
        seen.update(kept)
        if kept:
            chain[node] = kept
    node = 1
    for veth in sorted(set(wanted) - seen):
        while len(chain.setdefault(node, [])) >= k.MIRRORS_PER_FILTER:
            node += 1
        chain[node].append(veth)
    return {node: tuple(sorted(veths)) for node, veths in chain.items()}


# --- a container --------------------------------------------------------------------------------


def shared_entries(host: Host, container: Container) -> Iterator[Object]:
    """A container's filters in the hash tables of the host's interfaces [1] [3]."""
    veth = container.veth.link
    for place in (host.public_place, host.loopback_place):
        rows = _Rows(place)
        for block in hashed_blocks(container.blocks):
            by_port = u32.destination_port(block)
            quoted = u32.quoted_source_port(block)
            yield rows.hashed(k.PRIO_IP, k.TABLE_IP, block, by_port, veth)
            yield rows.hashed(k.PRIO_ICMP_ERROR, k.TABLE_ICMP_ERROR, block, quoted, veth)


def container_objects(
    host: Host, container: Container, handle: str, sysctls: Mapping[str, str], observed: State
) -> Iterator[Object]:
    """Everything of one container but its share of the mirrors.

    `handle` is the path of its namespace's handle, `sysctls` the values wanted inside.
    """
    inside = Place(container.name, host.public)
    lo = Place(container.name, "lo")
    mark = alias(container) if container.origin == CREATED else ""
    if container.origin != KEPT:
        yield Handle(container.name, handle, container.inode)
    yield Veth(container.veth, inside, host.mac, host.mtu, alias(container))
    yield LinkUp(container.veth)
    yield Link(inside, host.mac, host.mtu, True)
    yield Link(lo, host.mac, host.mtu, True, mark)
    yield Address(inside, host.address, host.prefix)
    if host.gateway:
        yield DefaultRoute(inside, host.gateway)
    for name, value in sysctls.items():
        yield Sysctl(container.name, name, value)
    if _DISABLE_IPV6 in sysctls:
        yield Sysctl(HOST, veth_ipv6_sysctl(container), "1")
    yield _qdisc(container.veth, observed)
    yield _qdisc(inside, observed)
    yield _qdisc(lo, observed)
    yield from _veth_filters(host, container)
    yield from _inside_filters(host, container, inside, lo)
    yield from shared_entries(host, container)


def _veth_filters(host: Host, container: Container) -> Iterator[Object]:
    """What may leave a container: its own ports, address and MAC; everything else is dropped."""
    rows = _Rows(container.veth)
    yield Drop(container.veth)
    tables = (
        (k.PRIO_ICMP_ERROR, k.TABLE_ICMP_ERROR, u32.quoted_destination_port, host.loopback),
        (k.PRIO_ICMP, k.TABLE_ICMP, u32.quoted_destination_port, host.public),
        (k.PRIO_IP, k.TABLE_IP, u32.source_port, host.loopback),
        (k.PRIO_IP_OUT, k.TABLE_IP_OUT, u32.source_port, host.public),
    )
    for priority, table, key, to in tables:
        yield rows.table(priority, table)
        for block in container.blocks:
            yield rows.listed(priority, table, key(block), to)
    yield from _moved(_veth_roots(host), container.veth)


def _moved(filters: Iterable[Filter], place: Place) -> Iterator[Filter]:
    return (item._replace(place=place) for item in filters)


# Every container's are the same but for their place, and a host may have a thousand containers.
@lru_cache(maxsize=4)
def _veth_roots(host: Host) -> tuple[Filter, ...]:
    rows, arp = _Rows(_NOWHERE), _Rows(_NOWHERE, k.ETH_P_ARP)
    ours = u32.source(host.network)
    among_us = (
        (ours, u32.destination(host.network)),
        (u32.source(_LOCALHOST), u32.destination(_LOCALHOST)),
    )
    sender = u32.arp_sender(host.mac, ipaddress.IPv4Address(host.address))
    items = [arp.root(k.PRIO_ARP, 1, *sender, to=host.public)]  # [2]
    for where, ends in enumerate(among_us):
        for kind, error in enumerate(u32.ERRORS):
            node = where << 8 | kind + 1
            quoting: u32.Match = (*_ICMP, error, *_QUOTED, *ends)
            items.append(rows.root(k.PRIO_ICMP_ERROR, node, *quoting, goto=k.TABLE_ICMP_ERROR))
        for protocol in k.PORT_PROTOCOLS:
            node = where << 8 | protocol
            keys: u32.Match = (*_PLAIN, u32.protocol(protocol), *ends)
            items.append(rows.root(k.PRIO_IP, node, *keys, goto=k.TABLE_IP))
    for kind, error in enumerate(u32.ERRORS):
        quoting = (*_ICMP, error, *_QUOTED, ours)
        items.append(rows.root(k.PRIO_ICMP, kind + 1, *quoting, goto=k.TABLE_ICMP))
    for request in (8, 13):  # echo, timestamp: nothing else may be asked, redirects least of all
        asking = (*_ICMP, u32.icmp_type(request), ours)
        items.append(rows.root(k.PRIO_ICMP, 0x100 | request, *asking, to=host.public))
    for protocol in k.PORT_PROTOCOLS:
        keys = (*_PLAIN, u32.protocol(protocol), ours)
        items.append(rows.root(k.PRIO_IP_OUT, protocol, *keys, goto=k.TABLE_IP_OUT))
    return tuple(items)


def _inside_filters(host: Host, container: Container, eth0: Place, lo: Place) -> Iterator[Object]:
    """The container's own end: what is for itself stays, what is for others leaves [4]-[8]."""
    rows, arriving = _Rows(lo), _Rows(eth0)
    yield rows.table(k.PRIO_ICMP_ERROR, k.TABLE_ICMP_ERROR)
    yield rows.table(k.PRIO_OWN, k.TABLE_OWN)
    yield arriving.table(k.PRIO_IP, k.TABLE_IP)
    for block in container.blocks:
        yield rows.listed(k.PRIO_ICMP_ERROR, k.TABLE_ICMP_ERROR, u32.quoted_source_port(block))
        yield rows.listed(k.PRIO_OWN, k.TABLE_OWN, u32.destination_port(block))
        yield arriving.listed(k.PRIO_IP, k.TABLE_IP, u32.destination_port(block), "lo")
    leaving_roots, arriving_roots = _inside_roots(host)
    yield from _moved(leaving_roots, lo)
    yield from _moved(arriving_roots, eth0)


@lru_cache(maxsize=4)
def _inside_roots(host: Host) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
    """On the container's loopback, and on its public interface."""
    rows = _Rows(_NOWHERE)
    leaving, arriving = [], []
    ours = (u32.destination(host.network), u32.destination(_LOCALHOST))
    icmp = u32.protocol(k.IPPROTO_ICMP)
    for kind, error in enumerate(u32.ERRORS):
        quoting = (*_ICMP, error, *_QUOTED)
        leaving.append(rows.root(k.PRIO_ICMP_ERROR, kind + 1, *quoting, goto=k.TABLE_ICMP_ERROR))
        for where, to in enumerate(ours, 1):
            node = where << 8 | kind + 1
            leaving.append(rows.root(k.PRIO_ICMP_ERROR, node, *_ICMP, error, to, to=host.public))
        arriving.append(rows.root(k.PRIO_ICMP_ERROR, kind + 1, *_ICMP, error, ours[1], to="lo"))
    leaving.append(rows.root(k.PRIO_OWN, 1, *_PLAIN, goto=k.TABLE_OWN))
    for where, to in enumerate(ours, 1):
        leaving.append(rows.root(k.PRIO_ICMP, where, icmp, to))
        leaving.append(rows.root(k.PRIO_IP, where, to, to=host.public))
    arriving.append(rows.root(k.PRIO_IP, 1, *_PLAIN, ours[1], goto=k.TABLE_IP))
    return tuple(leaving), tuple(arriving)


# The original's list of what a new namespace resets to the kernel's defaults.
INHERITED_SYSCTLS = tuple(
    f"net/{name}"
    for name in [
        "core/somaxconn",
        "core/netdev_max_backlog",
        "core/rmem_max",
        "core/wmem_max",
        "ipv4/tcp_ecn",
        "ipv4/tcp_ecn_fallback",
        "ipv4/tcp_keepalive_time",
        "ipv4/tcp_keepalive_intvl",
        "ipv4/tcp_keepalive_probes",
        "ipv4/tcp_max_syn_backlog",
        "ipv4/tcp_rmem",
        "ipv4/tcp_wmem",
        "ipv4/tcp_retries2",
        "ipv4/tcp_synack_retries",
        "ipv4/neigh/default/gc_thresh1",
        "ipv4/neigh/default/gc_thresh2",
        "ipv4/neigh/default/gc_thresh3",
    ]
)
_DISABLE_IPV6 = "net/ipv6/conf/all/disable_ipv6"
EPHEMERAL_SYSCTL = "net/ipv4/ip_local_port_range"


def veth_ipv6_sysctl(container: Container) -> str:
    return f"net/ipv6/conf/{container.veth.link}/disable_ipv6"


def inside_sysctl_names(public: str) -> tuple[str, ...]:
    """The sysctls that we set in every container's namespace."""
    conf = "net/ipv4/conf"
    own = (f"{conf}/{public}/accept_local", f"{conf}/{public}/arp_ignore")
    return (*own, f"{conf}/lo/accept_local", f"{conf}/lo/route_localnet", EPHEMERAL_SYSCTL)


def optional_sysctl_names() -> tuple[str, ...]:
    """The sysctls that we set where a namespace has them of its own."""
    return (_DISABLE_IPV6, *INHERITED_SYSCTLS)


def inside_sysctls(
    host: Host, container: Container, settable: Iterable[str], inherited: Mapping[str, str]
) -> dict[str, str]:
    """Values wanted inside; only `settable` ones, and the host's values of `inherited`."""
    conf = "net/ipv4/conf"
    values = {
        f"{conf}/{host.public}/accept_local": "1",
        f"{conf}/{host.public}/arp_ignore": "8",  # the host alone answers for the shared address
        "net/ipv4/conf/lo/accept_local": "1",
        "net/ipv4/conf/lo/route_localnet": "1",
    }
    if container.ephemeral:
        values[EPHEMERAL_SYSCTL] = f"{container.ephemeral.first} {container.ephemeral.last}"
    possible = set(settable)
    if _DISABLE_IPV6 in possible:
        values[_DISABLE_IPV6] = "1"
    values.update((name, value) for name, value in inherited.items() if name in possible)
    return values
