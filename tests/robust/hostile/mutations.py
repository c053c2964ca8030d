# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames that are nearly right: a genuine one with some fields changed, cut, or put in."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Sequence

from lab.frames import (
    ARP,
    BROADCAST,
    ICMP,
    IPV4,
    SCTP,
    TCP,
    UDP,
    arp,
    checksum,
    ethernet,
    icmp,
    ip,
    mac,
    tcp_syn,
    udp,
    vlan,
)
from lab.machines import BEYOND, HOST, HOST_MAC, OTHER, OTHER_MAC, PEER, PEER_MAC

PORTS = (31000, 31001, 31007, 31008, 31009, 31099, 31100, 30016, 30031, 30032, 22, 53, 0, 1, 65535)
ADDRESSES = (HOST, PEER, OTHER, BEYOND, "127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3",
             "10.0.0.0", "10.0.0.255", "10.0.1.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
             "255.255.255.255", "126.255.255.255", "128.0.0.0", "223.255.255.255")  # fmt: skip
MACS = (HOST_MAC, PEER_MAC, OTHER_MAC, BROADCAST, "01:80:c2:00:00:00", "01:80:c2:00:00:0e",
        "01:00:5e:00:00:fb", "33:33:00:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:fe",
        "03:00:00:00:00:10", "01:00:5e:7f:ff:ff")  # fmt: skip
KINDS = (0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8, 0x9100, 0x8847, 0x8863, 0x8864, 0x8035, 0x88CC,
         0x88E5, 0x8808, 0x0004, 0x002E, 0x05DC, 0x0600)  # fmt: skip
PROTOCOLS = (ICMP, TCP, UDP, SCTP, 0, 2, 4, 33, 41, 47, 50, 51, 136, 255)
WORDS = (0, 1, 5, 19, 20, 27, 28, 40, 55, 56, 57, 0x1FFF, 0x2000, 0x4000, 0x8000, 0xFFFF)

Frame = bytearray
Mutation = Callable[[random.Random, Frame], None]


def genuine(dice: random.Random, own: Sequence[int], outside: bool) -> bytes:
    """What the other side has a right to, more often than not: `outside` sends to the shared MAC."""
    ends = [PEER, HOST] if outside else [HOST, dice.choice([PEER, HOST, BEYOND])]
    if dice.random() < 0.2:
        ends = ["127.0.0.1", "127.0.0.1"]
    ports = dice.choice(own), dice.choice(PORTS)
    far, near = (ports, ports[::-1]) if not outside else (ports[::-1], ports)
    to = HOST_MAC if outside or ends[1] != PEER else PEER_MAC
    kind = dice.randrange(6)
    if kind == 0:
        return ethernet(ARP, arp(dice.choice([1, 2]), *_arp_ends(outside)), to=to)
    if kind == 1:
        body = icmp(dice.choice([0, 8, 13, 14]), 0, bytes(12))
        return ethernet(IPV4, ip(*ends, ICMP, body), to=to)
    if kind == 2:
        quoted = ip(ends[1], ends[0], dice.choice([TCP, UDP, SCTP, ICMP]), udp(*near, bytes(8)))
        body = icmp(dice.choice([3, 3, 3, 11, 12]), dice.choice([0, 1, 3, 4, 13]), quoted)
        return ethernet(IPV4, ip(*ends, ICMP, body), to=to)
    if kind == 3:
        return ethernet(IPV4, ip(*ends, TCP, tcp_syn(*far)), to=to)
    body = udp(*far, bytes(dice.choice([0, 8, 100, 1400])))
    return ethernet(IPV4, ip(*ends, dice.choice([UDP, SCTP]), body, more=kind == 5), to=to)


def _arp_ends(outside: bool) -> tuple[str, str, str, str]:
    here, there = (HOST_MAC, HOST), (PEER_MAC, PEER)
    return (*there, *here) if outside else (*here, *there)


# --- mutations ----------------------------------------------------------------------------------


def _put(frame: Frame, at: int, data: bytes) -> None:
    frame[at : at + len(data)] = data[: max(0, len(frame) - at)]


def _byte(dice: random.Random, frame: Frame) -> None:
    _put(frame, dice.randrange(min(len(frame), 70)), bytes([dice.randrange(256)]))


def _bit(dice: random.Random, frame: Frame) -> None:
    frame[dice.randrange(min(len(frame), 70))] ^= 1 << dice.randrange(8)


def _ether_type(dice: random.Random, frame: Frame) -> None:
    _put(frame, 12, struct.pack("!H", dice.choice([dice.choice(KINDS), dice.randrange(65536)])))


def _any_mac(dice: random.Random, frame: Frame) -> None:
    _put(frame, dice.choice([0, 6]), mac(dice.choice(MACS)))


def _any_address(dice: random.Random, frame: Frame) -> None:
    chosen = bytes(map(int, dice.choice(ADDRESSES).split(".")))
    _put(frame, dice.choice([26, 26, 30, 30, 54, 58, 28, 38]), chosen)


def _any_port(dice: random.Random, frame: Frame) -> None:
    _put(frame, dice.choice([34, 36, 62, 64]), struct.pack("!H", dice.choice(PORTS)))


def _first_byte(dice: random.Random, frame: Frame) -> None:
    """Version and length of a header, of five words more often than not."""
    _put(
        frame,
        dice.choice([14, 42]),
        bytes([dice.randrange(16) << 4 | dice.choice([5, dice.randrange(16)])]),
    )


def _ttl(dice: random.Random, frame: Frame) -> None:
    _put(frame, 22, bytes([dice.choice([0, 0, 1, 255])]))


def _word(dice: random.Random, frame: Frame) -> None:
    """Lengths, identities, flags and offsets, types and codes; of ARP its types and sizes."""
    value = dice.choice([*WORDS, dice.randrange(65536)])
    _put(frame, dice.choice([14, 16, 18, 20, 34, 44, 48]), struct.pack("!H", value))


def _protocol(dice: random.Random, frame: Frame) -> None:
    _put(frame, dice.choice([23, 51]), bytes([dice.choice([*PROTOCOLS, dice.randrange(256)])]))


def _icmp_kind(dice: random.Random, frame: Frame) -> None:
    _put(frame, 34, bytes([dice.randrange(20), dice.choice([0, 0, dice.randrange(256)])]))


def _cut(dice: random.Random, frame: Frame) -> None:
    del frame[dice.randrange(14, len(frame) + 1) :]


def _longer(dice: random.Random, frame: Frame) -> None:
    frame += dice.randbytes(dice.choice([1, 4, 18, 100]))


def _tag(dice: random.Random, frame: Frame) -> None:
    frame[:] = vlan(dice.choice([0, 7, 4095]), bytes(frame))


def _more_header(dice: random.Random, frame: Frame) -> None:
    frame[34:34] = dice.randbytes(4 * dice.randrange(1, 11))


def _sum(dice: random.Random, frame: Frame) -> None:
    """A sound checksum of the IP header, so that stacks look further."""
    if len(frame) >= 34:
        _put(frame, 24, bytes(2))
        _put(frame, 24, struct.pack("!H", checksum(bytes(frame[14:34]))))


MUTATIONS: tuple[Mutation, ...] = (
    _byte, _bit, _ether_type, _any_mac, _any_address, _any_address, _any_port, _first_byte, _ttl,
    _word, _word, _protocol, _icmp_kind, _cut, _longer, _tag, _more_header, _sum,
)  # fmt: skip
LONGEST = 1514


def frames(seed: str, count: int, own: Sequence[int], *, outside: bool) -> Iterator[bytes]:
    """The same ones for the same seed, each with up to four mutations."""
    dice = random.Random(seed)
    for number in range(count):
        frame = bytearray(genuine(dice, own, outside))
        if frame[12:14] == b"\x08\0":  # told apart by the identity of the packet
            _put(frame, 18, struct.pack("!H", number & 0xFFFF))
        for mutation in dice.choices(MUTATIONS, k=dice.choice([0, 1, 1, 1, 2, 3, 4])):
            if len(frame) > 14:
                mutation(dice, frame)
        yield bytes(frame[:LONGEST])


# --- what is left to others to finish -------------------------------------------------------------

_STARTS = (34, 34, 34, 34, 20, 22, 24, 26, 28, 30, 32, 33, 35, 36, 38, 42, 50, 60)
_PLACES = (16, 6, 8, 16, 6, 8, 0, 1, 2, 4, 12, 24, 0xFFEC, 0xFFFF)
_SIZES = (1, 8, 47, 48, 100, 536, 1400, 1460, 1472, 1473, 3000, 9000, 65535)


def unfinished(seed: str, count: int, own: Sequence[int]) -> Iterator[tuple[bytes, bytes]]:
    """Frames of a container with a header (struct virtio_net_hdr) that asks others to finish them."""
    dice = random.Random(seed)
    for frame in frames(seed, count, own, outside=False):
        start, at = dice.choice(_STARTS), dice.choice(_PLACES)
        ported = len(frame) > 42 and frame[12:14] == b"\x08\0" and frame[23] in (TCP, UDP)
        kind = dice.choice((0, 0, 0, 1, 5, 0x81, 3)) if ported else 0
        size = dice.choice(_SIZES) if kind else 0
        if kind:
            frame, start, at = _large(dice, frame), 34, 6 if frame[23] == UDP else 16
        yield (
            struct.pack("<BBHHHH", 1, kind, len(frame) if not kind else 54, size, start, at),
            frame,
        )


def _large(dice: random.Random, frame: bytes) -> bytes:
    """With a sound header of TCP or UDP, and much behind it."""
    more = Frame(frame[:42]) + bytes(dice.choice((0, 100, 2000, 9000, 30000)))
    _put(more, 16, struct.pack("!H", len(more) - 14))
    if frame[23] == TCP:
        _put(more, 46, b"\x50\x10")
    else:
        _put(more, 38, struct.pack("!H", len(more) - 34))
    _sum(dice, more)
    return bytes(more)
