# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Much data on every path: segmentation off-load, checksums, and what is too big for one packet."""

from __future__ import annotations

import hashlib
import os
import socket
import threading

import pytest

from lab import frames, steering
from lab.frames import IPV4, UDP, ethernet, ip
from lab.machines import BEYOND, HOST, HOST_MAC, PEER, PEER_MAC, Place
from lab.netns import inside
from scene import DB, OUTSIDE_POOL, Three

SIZE = 3_000_000
FREE = {"web": 31005, "db": DB + 5, "host": OUTSIDE_POOL + 5, "peer": 8080}

PATHS = [
    ("peer", "web", HOST),
    ("other", "db", HOST),
    ("host", "web", HOST),
    ("host", "web", "127.0.0.1"),
    ("web", "db", HOST),
    ("web", "db", "127.0.0.1"),
    ("web", "db", "127.0.0.2"),
    ("web", "web", HOST),
    ("web", "web", "127.0.0.1"),
    ("web", "host", HOST),
    ("web", "host", "127.0.0.1"),
    ("web", "peer", PEER),
    ("db", "peer", BEYOND),
]


def place(three: Three, name: str) -> Place:
    machines = {"host": three.lab.host, "peer": three.lab.peer, "other": three.lab.other}
    return machines[name].place if name in machines else three.lab.container(name)


def exchange(one: socket.socket, other: socket.socket) -> tuple[str, str]:
    """Send random data both ways at once; what was sent and what arrived."""
    data = [os.urandom(SIZE), os.urandom(SIZE)]
    got = [hashlib.sha256(), hashlib.sha256()]

    def receive(end: socket.socket, number: int) -> None:
        while chunk := end.recv(1 << 16):
            got[number].update(chunk)

    def send(end: socket.socket, number: int) -> None:
        end.sendall(data[number])
        end.shutdown(socket.SHUT_WR)

    workers = [
        threading.Thread(target=target, args=(end, number))
        for target, end, number in (
            (receive, other, 0),
            (receive, one, 1),
            (send, one, 0),
            (send, other, 1),
        )
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sent = "".join(hashlib.sha256(part).hexdigest() for part in data)
    return sent, "".join(part.hexdigest() for part in got)


@pytest.mark.parametrize(("source", "target", "address"), PATHS, ids=map("-".join, PATHS))
def test_megabytes_arrive_as_they_were_sent(
    three: Three, source: str, target: str, address: str
) -> None:
    with inside(place(three, target).netns):
        listener = socket.create_server((address, FREE[target]))
    with inside(place(three, source).netns):
        client = socket.create_connection((address, FREE[target]), timeout=10)
    server, _ = listener.accept()
    server.settimeout(10)
    with client, server, listener:
        sent, arrived = exchange(client, server)
    assert sent == arrived


@pytest.mark.parametrize(("source", "target", "address"), PATHS[:8], ids=map("-".join, PATHS[:8]))
def test_a_datagram_that_fills_a_packet_arrives(
    three: Three, source: str, target: str, address: str
) -> None:
    assert datagram(three, source, target, address, 1472) == 1472


@pytest.mark.parametrize(
    ("source", "target", "address"), PATHS[:5:2], ids=map("-".join, PATHS[:5:2])
)
def test_a_datagram_in_fragments_is_lost_by_u32_alone(
    three: Three, source: str, target: str, address: str
) -> None:
    """A limit, told in the documentation: later fragments carry no port to steer them by."""
    assert datagram(three, source, target, address, 4000) == steering.by_way(0, 4000)


def datagram(three: Three, source: str, target: str, address: str, size: int) -> int:
    """Send one datagram; how much of it arrived."""
    with inside(place(three, target).netns):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with inside(place(three, source).netns):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((address, FREE[target]))
        server.settimeout(1 if size <= 1472 else 0.3)
        client.sendto(bytes(size), (address, FREE[target]))
        try:
            return len(server.recv(1 << 16))
        except (socket.timeout, TimeoutError):
            return 0


def test_a_corrupt_packet_is_not_delivered(three: Three) -> None:
    """The checksum of what came from outside is verified inside, not taken for good."""
    with inside(three.web.netns):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server:
        server.bind((HOST, FREE["web"]))
        server.settimeout(0.3)
        before = three.web.snmp("Udp", "InCsumErrors")
        for data, good in ((b"whole", True), (b"torn!", False)):
            payload = _checked(1053, FREE["web"], data)
            if not good:
                payload = payload[:-1] + b"?"
            frame = ethernet(IPV4, ip(PEER, HOST, UDP, payload), to=HOST_MAC, sender=PEER_MAC)
            frames.send(three.lab.peer.place, frame)
        assert server.recv(100) == b"whole"
        with pytest.raises((socket.timeout, TimeoutError)):
            server.recv(100)
        assert three.web.snmp("Udp", "InCsumErrors") == before + 1


def _checked(source_port: int, port: int, data: bytes) -> bytes:
    """A UDP datagram from the peer to the host, with its checksum."""
    bare = frames.udp(source_port, port, data)
    pseudo = socket.inet_aton(PEER) + socket.inet_aton(HOST) + bytes((0, UDP, 0, len(bare)))
    return bare[:6] + frames.checksum(pseudo + bare).to_bytes(2, "big") + bare[8:]
