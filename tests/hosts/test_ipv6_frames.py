# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames of IPv6 made by hand: which reach a container, and which leave one."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import shape
from dual import BEYOND, HOST, ON_ETH1, PEER, Six, host_with_ipv6
from lab import frames
from lab.frames import (
    HOST_MAC,
    IPV6,
    PEER_MAC,
    SCTP,
    TCP,
    UDP,
    ethernet,
    tcp_syn,
    token,
    udp,
    vlan,
)
from shape import DB, WEB

HOP, ROUTING, FRAGMENT, AUTH, ICMPV6, NONE, OPTIONS, DCCP, UDPLITE = (
    0, 43, 44, 51, 58, 59, 60, 33, 136,
)  # fmt: skip
CLIENT, NOBODYS, OF_HOST = 4000, 31999, shape.OF_HOST
GROUP_MAC, GROUP = "33:33:00:00:00:01", "ff02::1"


def packet(source: str, target: str, kind: int, payload: bytes, hops: int = 64) -> bytes:
    ends = (socket.inet_pton(socket.AF_INET6, one) for one in (source, target))
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), kind, hops, *ends) + payload


def chain(kinds: list[int], last: int, payload: bytes) -> tuple[int, bytes]:
    """Headers that say nothing before the last one; the kind of the first, and all."""
    for kind in reversed(kinds):
        empty = bytes([last, 0]) + b"\1\4" + bytes(4)
        authentic = bytes([last, 1]) + bytes(10)
        whole = bytes([last, 0]) + bytes(6)
        payload = {AUTH: authentic, FRAGMENT: whole}.get(kind, empty) + payload
        last = kind
    return last, payload


def message(kind: int, code: int = 0, payload: bytes = b"", rest: int = 0) -> bytes:
    """Without its checksum, which no filter asks for."""
    return struct.pack("!BBHI", kind, code, 0, rest) + (payload or token())


def quoted(source: str, port: int, target: str, to: int, *kinds: int) -> bytes:
    """A packet from `source` that an error is about."""
    kind, payload = chain(list(kinds), UDP, udp(port, to, token()))
    return packet(source, target, kind, payload)


def piece(at: int, more: int, payload: bytes, number: int = 77) -> bytes:
    return struct.pack("!BBHI", UDP, 0, at | more, number) + payload


# --- what arrives -------------------------------------------------------------------------------


def comes(
    port: int = WEB,
    *kinds: int,
    source: str = PEER,
    target: str = HOST,
    protocol: int = UDP,
    to: str = HOST_MAC,
) -> bytes:
    made = tcp_syn(CLIENT, port, token()) if protocol == TCP else udp(CLIENT, port, token())
    kind, payload = chain(list(kinds), protocol, made)
    return ethernet(IPV6, packet(source, target, kind, payload), to=to, sender=PEER_MAC)


def says(
    kind: int, code: int = 0, about: bytes = b"", to: str = HOST_MAC, target: str = HOST
) -> bytes:
    made = packet(
        PEER, target, ICMPV6, message(kind, code, about + token() if about else b""), 255
    )
    return ethernet(IPV6, made, to=to, sender=PEER_MAC)


ARRIVING = {
    "UDP": (comes(), {"web"}),
    "TCP": (comes(protocol=TCP), {"web"}),
    "SCTP": (comes(protocol=SCTP), {"web"}),
    "DCCP": (comes(protocol=DCCP), {"web"}),
    "UDP Lite": (comes(protocol=UDPLITE), {"web"}),
    "to another address of the host": (comes(target=ON_ETH1), {"web"}),
    "to another container": (comes(DB), {"db"}),
    "options for every hop": (comes(WEB, HOP), {"web"}),
    "options for the destination": (comes(WEB, OPTIONS), {"web"}),
    "a route that has ended": (comes(WEB, ROUTING), {"web"}),
    "an authentication": (comes(WEB, AUTH), {"web"}),
    "one fragment that is whole": (comes(WEB, FRAGMENT), {"web"}),
    "six headers": (comes(WEB, HOP, OPTIONS, ROUTING, FRAGMENT, AUTH, OPTIONS), {"web"}),
    "seven headers": (comes(WEB, HOP, OPTIONS, ROUTING, FRAGMENT, AUTH, OPTIONS, OPTIONS), set()),
    "two headers of fragments": (comes(WEB, FRAGMENT, FRAGMENT), set()),
    "of priority 0": (vlan(0, comes()), {"web"}),
    "of another network": (vlan(5, comes()), set()),
    "to another MAC": (comes(to="02:00:00:00:00:66"), set()),
    "to a port of nobody": (comes(NOBODYS), set()),
    "to a port of the host": (comes(OF_HOST), set()),
    "to an address of somebody else": (comes(target=BEYOND), set()),
    "to the loopback": (comes(target="::1"), set()),
    "from the host's own address": (comes(source=HOST), set()),
    "from another of its own": (comes(source=ON_ETH1), set()),
    "from the loopback": (comes(source="::1"), set()),
    "from nobody": (comes(source="::"), set()),
    "from a group": (comes(source=GROUP), set()),
    "from an address of IPv4": (comes(source="::ffff:10.0.0.254"), set()),
    "to an address of IPv4": (comes(target="::ffff:10.0.0.1"), set()),
    "to a group": (comes(target=GROUP, to=GROUP_MAC), set()),
    "nothing more": (comes(WEB, protocol=NONE), set()),
    "an echo request": (says(128), set()),
    "an echo reply that nobody waits for": (says(129), set()),
    "a router": (says(134, to=GROUP_MAC, target=GROUP), set()),
    "a question for a neighbour": (says(135), set()),
    "a neighbour": (says(136), set()),
    "a redirect": (says(137), set()),
    "unreachable": (says(1, 4, quoted(HOST, WEB, PEER, CLIENT)), {"web"}),
    "too big": (says(2, 0, quoted(HOST, WEB, PEER, CLIENT)), {"web"}),
    "time exceeded": (says(3, 0, quoted(HOST, WEB, PEER, CLIENT)), {"web"}),
    "a bad header": (says(4, 0, quoted(HOST, DB, PEER, CLIENT)), {"db"}),
    "an error about headers more": (says(1, 0, quoted(HOST, WEB, PEER, CLIENT, OPTIONS)), {"web"}),
    "an error about the host's": (says(1, 0, quoted(HOST, OF_HOST, PEER, CLIENT)), set()),
    "an error about nothing": (says(1, 0, b"\x60" + bytes(20)), set()),
}  # fmt: skip


# --- what leaves --------------------------------------------------------------------------------


def goes(
    port: int = WEB,
    *kinds: int,
    source: str = HOST,
    target: str = PEER,
    protocol: int = UDP,
    to: int = CLIENT,
    hops: int = 64,
) -> bytes:
    made = tcp_syn(port, to, token()) if protocol == TCP else udp(port, to, token())
    kind, payload = chain(list(kinds), protocol, made)
    return ethernet(IPV6, packet(source, target, kind, payload, hops))


def tells(kind: int, code: int = 0, about: bytes = b"", target: str = PEER) -> bytes:
    made = message(kind, code, about + token() if about else b"", rest=kind << 8 | code)
    return ethernet(IPV6, packet(HOST, target, ICMPV6, made, 255))


def with_bytes(frame: bytes, at: int, *values: int) -> bytes:
    """The same with other bytes in its header of IPv6."""
    return frame[: 14 + at] + bytes(values) + frame[14 + at + len(values) :]


LEAVING = {
    "UDP": (goes(), {"peer"}),
    "TCP": (goes(protocol=TCP), {"peer"}),
    "SCTP": (goes(protocol=SCTP), {"peer"}),
    "to beyond": (goes(target=BEYOND), {"peer"}),
    "options for the destination": (goes(WEB, OPTIONS), {"peer"}),
    "from another address of the host": (goes(source=ON_ETH1), {"peer"}),
    "an echo request": (tells(128), {"peer"}),
    "an error about its own port": (tells(1, 4, quoted(PEER, CLIENT, HOST, WEB)), {"peer"}),
    "to a sibling": (goes(target=HOST, to=DB), {"db"}),
    "to the host": (goes(target=HOST, to=OF_HOST), {"lo"}),
    "to a sibling on the loopback": (goes(source="::1", target="::1", to=DB), {"db"}),
    "from a port of another container": (goes(DB), set()),
    "from a port of nobody": (goes(NOBODYS), set()),
    "from a port of the host": (goes(OF_HOST), set()),
    "TCP from a port of another container": (goes(DB, protocol=TCP), set()),
    "from an address of somebody else": (goes(source=PEER), set()),
    "from an address of its link": (goes(source="fe80::2"), set()),
    "from an address of IPv4": (goes(source="::ffff:10.0.0.1"), set()),
    "from the loopback": (goes(source="::1"), set()),
    "from nobody": (goes(source="::"), set()),
    "to the loopback": (goes(target="::1"), set()),
    "to nobody": (goes(target="::"), set()),
    "to an address of IPv4": (goes(target="::ffff:10.0.0.254"), set()),
    "to an address of its link": (goes(target="fe80::1"), set()),
    "to a group": (goes(target=GROUP), set()),
    "by a route of its own": (goes(WEB, ROUTING), set()),
    "no protocol of ports": (goes(protocol=47), set()),
    "ICMP of IPv4": (goes(protocol=1), set()),
    "without hops": (goes(hops=0), set()),
    "version 4 in a frame for IPv6": (with_bytes(goes(), 0, 0x45), set()),
    "a length without ports": (with_bytes(goes(), 4, 0, 4), set()),
    "a length beyond the end": (with_bytes(goes(), 4, 0, 200), set()),
    "a tagged frame": (vlan(7, goes()), set()),
    "an echo reply": (tells(129), set()),
    "an echo request to the host": (tells(128, target=HOST), set()),
    "too big": (tells(2, 0, quoted(PEER, CLIENT, HOST, WEB)), set()),
    "an error about another's port": (tells(1, 4, quoted(PEER, CLIENT, HOST, DB)), set()),
    "an error to somebody else": (tells(1, 4, quoted(BEYOND, CLIENT, HOST, WEB)), set()),
    "a router": (tells(134, target=GROUP), set()),
    "a question for a neighbour": (tells(135), set()),
    "a neighbour": (tells(136), set()),
    "a redirect": (tells(137), set()),
    "a later fragment": (goes(protocol=FRAGMENT), set()),
}  # fmt: skip


@pytest.fixture(scope="module")
def six(steering: str) -> Iterator[Six]:
    with host_with_ipv6() as made:
        shape.place(made.modules)
        yield made


@pytest.fixture(scope="module")
def arrived(six: Six) -> dict[str, set[str]]:
    with ExitStack() as stack:
        ears = {
            name: stack.enter_context(frames.ear(six.lab.container(name)))
            for name in ("web", "db")
        }
        sent = {label: frame for label, (frame, _who) in ARRIVING.items()}
        return frames.heard(six.outside[PEER].place, sent, ears)


@pytest.fixture(scope="module")
def left(six: Six) -> dict[str, set[str]]:
    with ExitStack() as stack:
        ears = {
            "peer": stack.enter_context(frames.ear(six.outside[PEER].place)),
            "db": stack.enter_context(frames.ear(six.lab.container("db"))),
            "lo": stack.enter_context(frames.ear(six.host, "lo")),
        }
        sent = {label: frame for label, (frame, _who) in LEAVING.items()}
        return frames.heard(six.web, sent, ears)


@pytest.mark.parametrize("label", ARRIVING)
def test_a_container_gets_what_is_for_it(arrived: dict[str, set[str]], label: str) -> None:
    assert arrived[label] == ARRIVING[label][1]


@pytest.mark.parametrize("label", LEAVING)
def test_a_container_sends_what_is_its_own(left: dict[str, set[str]], label: str) -> None:
    assert left[label] == LEAVING[label][1]


def test_fragments_follow_the_first_one_and_leave_with_another_number(six: Six) -> None:
    """Two containers with the same number cannot mix their datagrams."""
    first, later, alone = (token() for _ in range(3))
    start = piece(0, 1, udp(WEB, CLIENT, first + bytes(4)))
    with frames.ear(six.outside[PEER].place) as ear:
        for made in (
            piece(24, 0, alone, number=99), start, piece(len(start) - 8, 0, later),
        ):  # fmt: skip
            frames.send(six.web, ethernet(IPV6, packet(HOST, PEER, FRAGMENT, made)))
        heard = ear.frames()
    numbers = {
        one[14 + 40 + 4 : 14 + 40 + 8]
        for one in heard
        if any(token in one for token in (first, later))
    }
    assert len(numbers) == 1
    assert numbers != {struct.pack("!I", 77)}
    assert not any(alone in one for one in heard)
