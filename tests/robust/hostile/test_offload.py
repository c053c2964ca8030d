# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checksums that a container leaves to the kernel or to the network card.

Filters see a packet before they are written. None is written where it makes another packet of it.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

import stage as stages
from lab import frames
from lab.frames import ARP, GRE, ICMP, IPV4, SCTP, UDP, ethernet, icmp, ip, token, udp
from lab.machines import BEYOND, HOST, HOST_MAC, OTHER, OTHER_MAC, PEER, Place
from lab.netns import inside
from stage import DB, WEB, Stage
from unfinished import HEADER, NEEDS_CHECKSUM, TRANSPORT, Unfinished, datagram, send, unfinished

FRAGMENT_AT, TTL_AT, SOURCE_AT, SENDER_AT = 20, 22, 28, 30  # in the frame


@pytest.fixture(scope="module", params=stages.HOSTS)
def stage(steering: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A host whose card computes checksums, and one whose kernel does."""
    with stages.bare() as made:
        stages.become(made, request.param)
        stages.prepare(made)
        yield made


def _redirect() -> bytes:
    gateway = struct.unpack("!I", socket.inet_aton(HOST))[0]
    message = icmp(5, 1, ip(OTHER, BEYOND, UDP, udp(1, 2, b"")) + token(), rest=gateway)
    return ethernet(IPV4, ip(HOST, OTHER, ICMP, message), to=OTHER_MAC)


REWRITTEN = {
    "a port of nobody": unfinished(datagram(HOST, 22), TRANSPORT, WEB, TRANSPORT),
    "a port of another container": unfinished(datagram(HOST, DB), TRANSPORT, WEB, TRANSPORT),
    "a neighbour's address": unfinished(datagram(OTHER, WEB), SOURCE_AT, 1, SOURCE_AT - 2),
    "a later fragment": unfinished(
        datagram(HOST, WEB, fragment=185), FRAGMENT_AT, 0, FRAGMENT_AT
    ),
    "another protocol": unfinished(
        datagram(HOST, WEB, protocol=GRE), TTL_AT, 64 << 8 | UDP, TTL_AT
    ),
    "ARP for the gateway": unfinished(
        ethernet(ARP, frames.arp(2, HOST_MAC, PEER, OTHER_MAC, OTHER) + token(), to=OTHER_MAC),
        SENDER_AT, 1, SENDER_AT - 4,
    ),
    "a redirect": unfinished(_redirect(), TRANSPORT, 0x0800, TRANSPORT),
}  # fmt: skip


def sound(start: int = TRANSPORT, at: int = 6, protocol: int = UDP, port: int = WEB) -> Unfinished:
    """A datagram of web's whose checksum shall be written at `at`, counted from `start`."""
    frame = datagram(HOST, port, protocol=protocol, before=24) + bytes(2)
    return Unfinished(HEADER.pack(NEEDS_CHECKSUM, 0, 0, 0, start, at), frame, b"")


def leaving(stage: Stage, *sent: Unfinished) -> list[bool]:
    """Of which of these something is on the wire.  A sound one comes last, so silence means something."""
    lab = stage.lab
    witness = sound()
    with frames.ear(lab.wire.place, "host") as ear:
        for one in (*sent, witness):
            send(lab.container("web"), one.header, one.shown)
        heard = ear.frames()
    assert any(witness.shown[-12:] in frame for frame in heard)
    return [any(one.shown[-12:] in frame for frame in heard) for one in sent]


@pytest.mark.parametrize("label", REWRITTEN)
def test_no_checksum_makes_another_packet(stage: Stage, label: str) -> None:
    assert leaving(stage, REWRITTEN[label]) == [False]


def test_the_words_before_are_out_of_reach(stage: Stage) -> None:
    """Version and length of the header, and its size: the kernel refuses to begin so early."""
    for at, shown in ((14, 0x4500), (16, 40)):
        forged = unfinished(datagram(HOST, WEB), at, shown, at)
        with pytest.raises(OSError) as refused:
            send(stage.lab.container("web"), forged.header, forged.shown)
        assert refused.value.errno == errno.EINVAL


PLACES = {
    "where UDP has it": ({}, True),
    "where TCP has it": ({"at": 16, "protocol": frames.TCP}, True),
    "where SCTP has it": ({"at": 8, "protocol": SCTP}, True),
    "in the payload": ({"start": TRANSPORT + 8, "at": 2}, True),
    "where TCP has it, in UDP": ({"at": 16}, False),
    "over the ports": ({"at": 0}, False),
    "over the length": ({"at": 4}, False),
    "from within the header of UDP": ({"start": TRANSPORT + 7, "at": 1}, False),
    "from within the header of IP": ({"start": TRANSPORT - 2, "at": 8}, False),
    "in the payload of TCP": ({"start": TRANSPORT + 8, "at": 8, "protocol": frames.TCP}, False),
}


@pytest.mark.parametrize("label", PLACES)
def test_a_checksum_is_written_where_protocols_have_it_or_in_a_tunnel(
    stage: Stage, label: str
) -> None:
    where, passes = PLACES[label]
    assert leaving(stage, sound(**where)) == [passes]


# --- what is meant so -----------------------------------------------------------------------------


@contextlib.contextmanager
def counting(place: Place, address: str, port: int) -> Iterator[list[int]]:
    """A server that counts the bytes of one connection."""
    counted: list[int] = []
    with inside(place.netns):
        server = socket.create_server((address, port))
    server.settimeout(5)

    def count() -> None:
        with server, contextlib.suppress(OSError):
            taken, _from = server.accept()
            with taken:
                taken.settimeout(5)
                while data := taken.recv(1 << 16):
                    counted.append(len(data))

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield counted
    finally:
        thread.join()


def transferred(sender: Place, receiver: Place, address: str, port: int, count: int) -> int:
    with counting(receiver, address, port) as counted:
        with inside(sender.netns):
            client = socket.create_connection((address, port), timeout=5)
        with client, contextlib.suppress(OSError):
            client.sendall(bytes(count))
    return sum(counted)


def test_connections_in_all_directions_leave_their_checksums_to_others(stage: Stage) -> None:
    lab, count = stage.lab, 200_000
    web, db = lab.container("web"), lab.container("db")
    assert transferred(web, lab.peer.place, PEER, 1054, count) == count
    assert transferred(lab.peer.place, web, HOST, 31003, count) == count
    assert transferred(web, db, HOST, 31010, count) == count
    assert transferred(web, lab.host.place, HOST, 1055, count) == count
    assert transferred(lab.host.place, web, "127.0.0.1", 31004, count) == count


def test_datagrams_arrive_with_a_checksum_that_others_wrote(stage: Stage) -> None:
    lab = stage.lab
    with inside(lab.peer.place.netns):
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind((PEER, 1056))
    with inside(lab.container("web").netns):
        mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mouth.bind((HOST, WEB + 2))
    with ear, mouth:
        ear.settimeout(2)
        mouth.sendto(b"a checksum, please", (PEER, 1056))
        assert ear.recvfrom(99) == (b"a checksum, please", (HOST, WEB + 2))


# A tunnel of the container's own, with ports of the container's own.
TUNNEL = """
ip link add tunnel type vxlan id 7 remote {remote} local {local} dstport 31006 srcport 31000 31007
ip address add 172.31.7.{last}/24 dev tunnel
ip link set tunnel up
"""


def test_connections_in_a_tunnel_of_a_container_leave_theirs_to_others_too(stage: Stage) -> None:
    lab, count = stage.lab, 200_000
    web = lab.container("web")
    lab.host.run("sh", "-c", TUNNEL.format(remote=PEER, local=HOST, last=1), container="web")
    lab.peer.shell(TUNNEL.format(remote=HOST, local=PEER, last=2))
    try:
        assert transferred(web, lab.peer.place, "172.31.7.2", 1057, count) == count
    finally:
        lab.peer.shell("ip link delete tunnel")
        lab.host.run("ip", "link", "delete", "tunnel", container="web")


def test_without_the_capability_for_raw_sockets_nobody_asks_for_another_place(
    stage: Stage,
) -> None:
    """What bounds it where no program can be loaded: a workload without CAP_NET_RAW and CAP_NET_ADMIN."""
    script = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"
    done = stage.lab.host.run(
        *("setpriv", "--bounding-set", "-net_raw,-net_admin", "--inh-caps", "-net_raw,-net_admin"),
        *("python3", "-c", script),
        container="web",
        check=False,
    )
    assert "PermissionError" in done.stderr
