# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packets that the kernel or the network card shall finish: checksums to write, segments to cut."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

from lab.frames import IPV4, TCP, UDP, checksum, ethernet, ip, token
from lab.machines import HOST, PEER, Place
from lab.netns import inside

SOL_PACKET, PACKET_VNET_HDR = 263, 15
HEADER = struct.Struct("<BBHHHH")  # struct virtio_net_hdr
NEEDS_CHECKSUM, TSO, USO = 1, 1, 5  # its flags and gso_type
QUIET = 1053  # a port of the peer on which nobody listens
TRANSPORT = 34  # where the header of TCP or UDP is in a frame
CHECKSUM_AT = {TCP: 16, UDP: 6}


class Unfinished(NamedTuple):
    """A frame whose checksum the kernel shall compute, and what becomes of it."""

    header: bytes
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
    header = HEADER.pack(NEEDS_CHECKSUM, 0, 0, 0, start, at - start)
    return Unfinished(header, bytes(frame), bytes(finished))


def datagram(
    source: str, port: int, *, fragment: int = 0, protocol: int = UDP, before: int = 0
) -> bytes:
    """With room for the two bytes that `unfinished` adds, and `before` its sign."""
    payload = bytes(before) + token()
    header = struct.pack("!HHHH", port, QUIET, 10 + len(payload), 0)
    packet = bytearray(ip(source, PEER, protocol, header + payload, fragment=fragment))
    struct.pack_into("!HH", packet, 2, len(packet) + 2, 0)
    struct.pack_into("!H", packet, 10, 0)
    struct.pack_into("!H", packet, 10, checksum(bytes(packet[:20])))
    return ethernet(IPV4, bytes(packet))


def large(protocol: int, port: int, size: int, octets: int) -> tuple[bytes, bytes]:
    """A header and a packet to be cut into segments of `size` bytes of payload."""
    if protocol == TCP:
        head = struct.pack("!HHIIBBHHH", port, QUIET, 1, 1, 0x50, 0x10, 1024, 0, 0)
    else:
        head = struct.pack("!HHHH", port, QUIET, 8 + octets, 0)
    frame = ethernet(IPV4, ip(HOST, PEER, protocol, head + bytes(octets)))
    kind = TSO if protocol == TCP else USO
    length = TRANSPORT + len(head)
    about = (NEEDS_CHECKSUM, kind, length, size, TRANSPORT, CHECKSUM_AT[protocol])
    return HEADER.pack(*about), frame


def send(place: Place, header: bytes, frame: bytes) -> None:
    with inside(place.netns), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        wire.bind(("eth0", 0))
        wire.send(header + frame)
