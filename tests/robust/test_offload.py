# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container leaves to the network card: checksums, and cutting large packets.

Filters see a packet before that is done. THESE TESTS SAY WHAT IS TRUE TODAY, NOT WHAT SHOULD BE: what
they show is not isolated, and SECURITY.md says so ("Offloads"). A mend makes them fail; then they say
the opposite, and SECURITY.md with them.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

import stage as stages
from lab import frames
from lab.frames import ARP, IPV4, TCP, UDP, checksum, ethernet, ip, token
from lab.machines import HOST, HOST_MAC, OTHER, OTHER_MAC, PEER, Place
from lab.netns import inside
from stage import DB, WEB, Stage

SOL_PACKET, PACKET_VNET_HDR = 263, 15
NEEDS_CHECKSUM, TSO, USO = 1, 1, 5  # struct virtio_net_hdr: flags, gso_type
QUIET = 1053
PORTS_AT, SOURCE_AT, FRAGMENT_AT, SENDER_AT = 34, 28, 20, 30  # in the frame


@pytest.fixture(scope="module")
def stage(steering: str) -> Iterator[Stage]:
    with stages.bare() as made:
        stages.prepare(made)
        yield made


class Unfinished(NamedTuple):
    """A frame whose checksum the kernel shall compute, and what becomes of it."""

    header: bytes  # struct virtio_net_hdr
    shown: bytes
    finished: bytes


def unfinished(wanted: bytes, at: int, shown: int, start: int) -> Unfinished:
    """The filter is shown the word `shown` at `at`; the checksum from `start` on makes it `wanted`."""
    frame = bytearray(wanted + bytes(2 + len(wanted) % 2))
    value = struct.unpack_from("!H", wanted, at)[0]
    struct.pack_into("!H", frame, at, shown)
    so_far = ~checksum(bytes(frame[start:])) & 0xFFFF
    struct.pack_into("!H", frame, len(frame) - 2, ((~value & 0xFFFF) - so_far) % 0xFFFF)
    assert checksum(bytes(frame[start:])) == value
    finished = bytearray(frame)
    struct.pack_into("!H", finished, at, value)
    header = struct.pack("<BBHHHH", NEEDS_CHECKSUM, 0, 0, 0, start, at - start)
    return Unfinished(header, bytes(frame), bytes(finished))


def datagram(source: str, port: int, fragment: int = 0) -> bytes:
    """With room for the two bytes that `unfinished` adds."""
    payload = token()
    header = struct.pack("!HHHH", port, QUIET, 10 + len(payload), 0)
    packet = bytearray(ip(source, PEER, UDP, header + payload, fragment=fragment))
    struct.pack_into("!HH", packet, 2, len(packet) + 2, 0)
    struct.pack_into("!H", packet, 10, 0)
    struct.pack_into("!H", packet, 10, checksum(bytes(packet[:20])))
    return ethernet(IPV4, bytes(packet))


REWRITTEN = {
    "a port of nobody": unfinished(datagram(HOST, 22), PORTS_AT, WEB, PORTS_AT),
    "a port of another container": unfinished(datagram(HOST, DB), PORTS_AT, WEB, PORTS_AT),
    "a neighbour's address": unfinished(datagram(OTHER, WEB), SOURCE_AT, 1, SOURCE_AT - 2),
    "a later fragment": unfinished(datagram(HOST, WEB, 185), FRAGMENT_AT, 0, FRAGMENT_AT),
    "ARP for the gateway": unfinished(
        ethernet(ARP, frames.arp(2, HOST_MAC, PEER, OTHER_MAC, OTHER) + token(), to=OTHER_MAC),
        SENDER_AT, 1, SENDER_AT - 4,
    ),
}  # fmt: skip


def send(place: Place, header: bytes, frame: bytes) -> None:
    with inside(place.netns), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        wire.bind(("eth0", 0))
        wire.send(header + frame)


def leaving(stage: Stage, one: Unfinished) -> list[bytes]:
    """What of it is on the wire, soon."""
    lab = stage.lab
    heard: list[bytes] = []
    give_up = time.monotonic() + 2
    with frames.ear(lab.wire.place, "host") as ear:
        send(lab.container("web"), one.header, one.shown)
        while not heard and time.monotonic() < give_up:
            heard = [frame for frame in ear.frames() if frame[-12:] == one.shown[-12:]]
    return heard


def computes(stage: Stage, value: str) -> None:
    """Whether the public interface leaves checksums to a card, or the kernel computes them."""
    stage.lab.host.run("ethtool", "-K", "eth0", "tx", value)


@pytest.mark.parametrize("label", REWRITTEN)
def test_today_a_checksum_rewrites_what_the_filter_has_seen(stage: Stage, label: str) -> None:
    one = REWRITTEN[label]
    computes(stage, "off")
    assert leaving(stage, one) == [one.finished]


@pytest.mark.parametrize("label", REWRITTEN)
def test_today_where_a_card_computes_it_the_card_is_asked_to(stage: Stage, label: str) -> None:
    """The wire of this lab has no card: it carries what the filter saw, with the request to compute."""
    one = REWRITTEN[label]
    computes(stage, "on")
    try:
        assert leaving(stage, one) == [one.shown]
    finally:
        computes(stage, "off")


def test_without_the_capability_for_raw_sockets_nobody_asks_for_it(stage: Stage) -> None:
    """What bounds it: a workload without CAP_NET_RAW and CAP_NET_ADMIN."""
    script = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"
    done = stage.lab.host.run(
        *("setpriv", "--bounding-set", "-net_raw,-net_admin", "--inh-caps", "-net_raw,-net_admin"),
        *("python3", "-c", script),
        container="web",
        check=False,
    )
    assert "PermissionError" in done.stderr


# --- large packets --------------------------------------------------------------------------------


def large(protocol: int, kind: int, size: int, octets: int) -> tuple[bytes, bytes]:
    """A packet to be cut into segments of `size` bytes of payload."""
    payload = bytes(octets)
    if protocol == TCP:
        header = struct.pack("!HHIIBBHHH", WEB, QUIET, 1, 1, 0x50, 0x10, 1024, 0, 0)
        at = 16
    else:
        header = struct.pack("!HHHH", WEB, QUIET, 8 + octets, 0)
        at = 6
    frame = ethernet(IPV4, ip(HOST, PEER, protocol, header + payload))
    about = (NEEDS_CHECKSUM, kind, 34 + len(header), size, 34, at)
    return struct.pack("<BBHHHH", *about), frame


@pytest.fixture
def wide(stage: Stage) -> Stage:
    """A network whose other machines take frames of 9,000 bytes; the host takes 1,500."""
    stage.lab.wire.shell("for link in lan host peer other; do ip link set $link mtu 9000; done")
    stage.lab.peer.shell("ip link set eth0 mtu 9000")
    stage.lab.host.run("ethtool", "-K", "eth0", "tx", "off", "tso", "off", "gso", "off")
    return stage


@pytest.mark.parametrize(("protocol", "kind", "head"), [(TCP, TSO, 40), (UDP, USO, 28)])
def test_today_segments_may_be_larger_than_the_mtu(
    wide: Stage, protocol: int, kind: int, head: int
) -> None:
    lab = wide.lab
    with frames.ear(lab.peer.place) as ear:
        send(lab.container("web"), *large(protocol, kind, 3000, 9000))
        heard = [frame for frame in ear.frames() if frame[34:36] == struct.pack("!H", WEB)]
    lengths = [struct.unpack_from("!H", frame, 16)[0] for frame in heard]
    assert lengths == [head + 3000] * 3


def test_today_one_packet_may_be_cut_into_thousands(wide: Stage) -> None:
    def sent() -> int:
        """By the host's interface; what the wire had no room for counts as dropped."""
        (link,) = wide.lab.host.json("ip", "-j", "-s", "link", "show", "eth0")
        counted = link["stats64"]["tx"]
        return int(counted["packets"] + counted["dropped"])

    before = sent()
    send(wide.lab.container("web"), *large(TCP, TSO, 1, 3000))
    assert sent() - before >= 3000


def test_checksums_of_another_place_are_refused_in_large_packets(wide: Stage) -> None:
    """The kernel looks at these: since 2024, and in its stable releases."""
    header, frame = large(TCP, TSO, 1400, 3000)
    for start, at in ((18, 16), (34, 0)):
        forged = header[:6] + struct.pack("<HH", start, at)
        with pytest.raises(OSError, match="Invalid argument"):
            send(wide.lab.container("web"), forged, frame)
