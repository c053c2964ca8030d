# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packets that the kernel or the network card shall cut into segments.

None is larger than the MTU of the public interface, and one packet does not become thousands.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

import pytest

import stage as stages
from lab import frames
from lab.frames import TCP, UDP
from lab.machines import HOST, PEER
from lab.netns import inside
from lab.pools import POOLS
from stage import WEB, Stage
from unfinished import HEADER, large, send

HEADERS = {TCP: 40, UDP: 28}
UDP_SEGMENT = 103  # linux/udp.h
MTU = 1500


@pytest.fixture(scope="module", params=stages.HOSTS)
def stage(steering: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The other machines take frames of 9,000 bytes; a card of the host cuts packets, or the kernel."""
    with stages.bare() as made:
        made.lab.wire.shell("for link in lan host peer other; do ip link set $link mtu 9000; done")
        made.lab.peer.shell("ip link set eth0 mtu 9000")
        stages.become(made, request.param)
        stages.prepare(made)
        yield made


def leaving(stage: Stage, header: bytes, frame: bytes) -> int:
    """How many bytes of payload leave, in whatever segments."""
    lab = stage.lab
    last = large(UDP, WEB + 1, 100, 50)
    with frames.ear(lab.wire.place, "host") as ear:
        for one in ((header, frame), last):
            send(lab.container("web"), *one)
        heard = ear.frames()
    assert any(frame[34:36] == struct.pack("!H", WEB + 1) for frame in heard)
    mine = [frame for frame in heard if frame[34:36] == struct.pack("!H", WEB)]
    return sum(struct.unpack_from("!H", frame, 16)[0] - HEADERS[frame[23]] for frame in mine)


@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_segments_fit_the_mtu(stage: Stage, protocol: int) -> None:
    most = MTU - HEADERS[protocol]
    assert leaving(stage, *large(protocol, WEB, most, 4 * most)) == 4 * most
    assert leaving(stage, *large(protocol, WEB, most + 1, 4 * most)) == 0
    assert leaving(stage, *large(protocol, WEB, 3000, 9000)) == 0


def test_they_fit_another_mtu_once_it_is_set(stage: Stage) -> None:
    lab = stage.lab
    most = 1400 - HEADERS[TCP]
    lab.host.run("ip", "link", "set", "eth0", "mtu", "1400")
    try:
        stage.modules.call("portmap_host", POOLS)
        assert leaving(stage, *large(TCP, WEB, most, 2 * most)) == 2 * most
        assert leaving(stage, *large(TCP, WEB, most + 1, 2 * most)) == 0
    finally:
        lab.host.run("ip", "link", "set", "eth0", "mtu", str(MTU))
        stage.modules.call("portmap_host", POOLS)


def test_a_link_of_the_container_with_another_mtu_is_no_way_round(stage: Stage) -> None:
    lab = stage.lab
    lab.host.run("ip", "link", "set", "eth0", "mtu", "9000", container="web")
    try:
        whole = large(UDP, WEB, 3000, 1473)
        assert leaving(stage, *large(TCP, WEB, 3000, 9000)) == 0
        assert leaving(stage, HEADER.pack(*bytes(6)), whole[1]) == 0
    finally:
        lab.host.run("ip", "link", "set", "eth0", "mtu", str(MTU), container="web")


@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_one_packet_does_not_become_thousands(stage: Stage, protocol: int) -> None:
    assert leaving(stage, *large(protocol, WEB, 47, 128 * 47)) == 128 * 47
    for size, octets in ((1, 3000), (47, 129 * 47)):
        try:
            assert leaving(stage, *large(protocol, WEB, size, octets)) == 0
        except OSError as error:  # of UDP the kernel itself takes no more, since 2024
            assert (protocol, error.errno) == (UDP, errno.EINVAL)


def test_a_far_end_that_takes_little_at_a_time_gets_it(stage: Stage) -> None:
    """TCP asks for no less than 48 bytes a segment, and for as many segments as fit a packet."""
    assert leaving(stage, *large(TCP, WEB, 48, 200 * 48)) == 200 * 48


def test_datagrams_of_one_send_are_cut(stage: Stage) -> None:
    lab, most = stage.lab, MTU - HEADERS[UDP]
    with inside(lab.peer.place.netns):
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind((PEER, 1058))
    with inside(lab.container("web").netns):
        mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mouth.bind((HOST, WEB + 3))
        mouth.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, most)
    with ear, mouth:
        ear.settimeout(2)
        mouth.sendto(bytes(20 * most), (PEER, 1058))
        assert [len(ear.recv(9000)) for _ in range(20)] == [most] * 20


def test_checksums_of_another_place_are_refused_in_large_packets(stage: Stage) -> None:
    """The kernel looks at these: since 2024, and in its stable releases."""
    header, frame = large(TCP, WEB, 1400, 3000)
    for start, at in ((18, 16), (34, 0)):
        forged = header[:6] + struct.pack("<HH", start, at)
        with pytest.raises(OSError, match="Invalid argument"):
            send(stage.lab.container("web"), forged, frame)
