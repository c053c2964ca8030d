# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datagrams in fragments, and pings, as a program of eBPF steers them."""

from __future__ import annotations

import socket
import struct
from collections import Counter
from contextlib import ExitStack

import pytest

from lab import frames
from lab.frames import ICMP, IPV4, UDP, ethernet, ip
from lab.machines import HOST, PEER, PEER_MAC, Place
from lab.netns import inside
from scene import DB, WEB, Three

QUIET = 1053
LOCAL = "127.0.0.1"
PATHS = (
    ("peer", "web", HOST, WEB + 2),
    ("web", "peer", PEER, QUIET),
    ("host", "web", HOST, WEB + 2),
    ("host", "web", LOCAL, WEB + 2),
    ("web", "host", HOST, QUIET),
    ("web", "host", LOCAL, QUIET),
    ("web", "db", HOST, DB + 2),
    ("web", "db", LOCAL, DB + 2),
    ("web", "web", HOST, WEB + 2),
    ("web", "web", LOCAL, WEB + 2),
)


def place(three: Three, name: str) -> Place:
    lab = three.lab
    return {"peer": lab.peer.place, "host": lab.host.place}.get(name) or lab.container(name)


def udp_socket(where: Place) -> socket.socket:
    with inside(where.netns):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(2)
    return made


@pytest.mark.parametrize("size", [1472, 1473, 4000, 60000])
@pytest.mark.parametrize("path", PATHS, ids=["-".join(map(str, path)) for path in PATHS])
def test_a_datagram_of_any_size_arrives_and_is_answered(
    three: Three, path: tuple[str, str, str, int], size: int
) -> None:
    source, target, address, port = path
    payload = bytes(number % 251 for number in range(size))
    with udp_socket(place(three, target)) as server, udp_socket(place(three, source)) as client:
        server.bind((address, port))
        client.sendto(payload, (address, port))
        received, sender = server.recvfrom(1 << 16)
        assert received == payload
        server.sendto(payload[::-1], sender)
        assert client.recv(1 << 16) == payload[::-1]


# --- what fragments could do to others ----------------------------------------------------------


def fragment(number: int, *, offset: int = 0, more: bool = True, port: int = WEB) -> bytes:
    """One of a datagram with this id; 1,000 bytes."""
    payload = struct.pack("!HHHH", port, QUIET, 3000, 0) + bytes(992)
    packet = ip(HOST, PEER, UDP, payload, fragment=offset // 8, more=more, identity=number)
    return ethernet(IPV4, packet, to=PEER_MAC)


def whole(number: int) -> list[bytes]:
    last = fragment(number, offset=2000, more=False)
    return [fragment(number), fragment(number, offset=1000), last]


def sent_by(three: Three, *raw: bytes) -> list[bytes]:
    """The fragments that come out of the host when web sends these."""
    with frames.ear(three.lab.peer.place) as ear:
        frames.send(three.web, *raw)
        return [
            frame for frame in ear.frames() if frame[12:14] == b"\x08\x00" and frame[23] == UDP
        ]


def identity(frame: bytes) -> int:
    return int.from_bytes(frame[18:20], "big")


def dropped(three: Three, reason: str) -> int:
    (web,) = three.modules.info(container="web")["containers"]
    return int(web["statistics"]["tx_filtered_by"][reason])


def test_the_fragments_of_a_datagram_leave_with_one_id_that_is_not_their_own(
    three: Three,
) -> None:
    """With their own, a container could mix its bytes into the datagram of another one."""
    seen = []
    for _ in range(8):
        out = sent_by(three, *whole(77))
        assert len(out) == 3
        assert len({identity(frame) for frame in out}) == 1
        seen.append(identity(out[0]))
    assert len(set(seen)) > 4
    assert seen.count(77) <= 1


def test_fragments_that_nobody_saw_begin_or_that_leave_a_gap_stay(three: Three) -> None:
    before = dropped(three, "fragment")
    alone = fragment(500, offset=1000)
    with_a_gap = [fragment(501), fragment(501, offset=2000, more=False)]
    assert len(sent_by(three, alone, *with_a_gap)) == 1
    assert dropped(three, "fragment") == before + 2


def test_few_datagrams_are_begun_and_not_ended_and_those_that_end_are_not_counted(
    three: Three,
) -> None:
    """Each would fill the memory of its receiver for thirty seconds, for the shared address."""
    before = dropped(three, "fragment")
    begun = sent_by(three, *(fragment(number) for number in range(1000, 1100)))
    assert 10 <= len(begun) <= 20
    assert dropped(three, "fragment") == before + 100 - len(begun)
    with udp_socket(three.lab.peer.place) as server, udp_socket(three.db) as client:
        server.bind((PEER, QUIET))
        client.bind((HOST, DB + 3))
        for number in range(50):  # of another container, and each of them whole
            client.sendto(bytes([number]) * 4000, (PEER, QUIET))
            assert server.recv(1 << 16) == bytes([number]) * 4000


# --- pings --------------------------------------------------------------------------------------


def request(number: int, sequence: int) -> bytes:
    packet = ip(HOST, PEER, ICMP, frames.icmp(8, 0, bytes(32), rest=number << 16 | sequence))
    return ethernet(IPV4, packet, to=PEER_MAC)


def test_a_reply_reaches_who_has_asked_first_and_nobody_else(three: Three) -> None:
    asked = request(0x1234, 1)
    before = dropped(three, "request")
    with ExitStack() as stack:
        ears = {one.name: stack.enter_context(frames.ear(one)) for one in three.containers}
        frames.send(three.db, asked)
        frames.send(three.web, asked)  # the very same, while the reply to db may still come
        heard = Counter(
            name
            for name, ear in ears.items()
            for frame in ear.frames()
            if frame[12:14] == b"\x08\x00" and frame[23] == ICMP and frame[34] == 0
        )
    assert heard == {"db": 1}
    assert dropped(three, "request") == before + 1


def test_a_flood_of_requests_ends_after_a_thousand(three: Three) -> None:
    before = dropped(three, "request")
    frames.send(three.web, *(request(number, 7) for number in range(3000)))
    assert 1000 <= dropped(three, "request") - before <= 2000
