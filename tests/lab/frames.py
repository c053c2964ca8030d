# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ethernet frames made by hand, and ears that count them."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .machines import HOST_MAC, PEER_MAC, Place
from .netns import inside

ETH_P_ALL = 0x0003
ARP, IPV4, IPV6, VLAN = 0x0806, 0x0800, 0x86DD, 0x8100
ICMP, TCP, UDP, GRE, SCTP = 1, 6, 17, 47, 132
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
BROADCAST = "ff:ff:ff:ff:ff:ff"


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def token() -> bytes:
    """Bytes by which a frame is known again wherever it appears."""
    return os.urandom(12)


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(kind: int, payload: bytes, *, to: str = PEER_MAC, sender: str = HOST_MAC) -> bytes:
    return mac(to) + mac(sender) + struct.pack("!H", kind) + payload


def vlan(number: int, frame: bytes) -> bytes:
    """The same frame with an 802.1Q tag."""
    return frame[:12] + struct.pack("!HH", VLAN, number) + frame[12:]


def ip(
    source: str,
    target: str,
    protocol: int,
    payload: bytes,
    *,
    fragment: int = 0,
    more: bool = False,
    options: bytes = b"",
    ttl: int = 64,
    identity: int = 0x1234,
) -> bytes:
    """An IPv4 packet; `fragment` is the offset in units of 8 bytes."""
    words = 5 + len(options) // 4
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x40 | words,
        0,
        words * 4 + len(payload),
        identity,
        fragment | (0x2000 if more else 0),
        ttl,
        protocol,
        0,
        socket.inet_aton(source),
        socket.inet_aton(target),
    )
    header += options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def udp(source_port: int, port: int, payload: bytes) -> bytes:
    """A UDP datagram without checksum, which IPv4 allows."""
    return struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload


def tcp_syn(source_port: int, port: int, payload: bytes = b"") -> bytes:
    """A SYN with a wrong checksum: enough to be steered, not to be answered."""
    return struct.pack("!HHIIBBHHH", source_port, port, 1, 0, 0x50, 2, 1024, 0, 0) + payload


def icmp(kind: int, code: int, payload: bytes, *, rest: int = 0) -> bytes:
    message = struct.pack("!BBHI", kind, code, 0, rest) + payload
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def arp(operation: int, sender_mac: str, sender: str, target_mac: str, target: str) -> bytes:
    return (
        struct.pack("!HHBBH", 1, IPV4, 6, 4, operation)
        + mac(sender_mac)
        + socket.inet_aton(sender)
        + mac(target_mac)
        + socket.inet_aton(target)
    )


def send(place: Place, *frames: bytes, interface: str = "eth0") -> None:
    """Put frames on the wire as they are."""
    with inside(place.netns), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        for frame in frames:
            wire.send(frame)


@dataclass
class Ear:
    """Hears the frames that arrive on an interface, before any filter."""

    place: Place
    socket: socket.socket

    def frames(self, patience: float = 0.2) -> list[bytes]:
        """What has arrived until nothing more comes for `patience` seconds."""
        heard = []
        self.socket.settimeout(patience)
        with contextlib.suppress(socket.timeout, TimeoutError, BlockingIOError):
            while True:
                heard.append(self.socket.recv(2048))
        return heard


@contextlib.contextmanager
def ear(place: Place, interface: str = "eth0") -> Iterator[Ear]:
    with inside(place.netns):
        # No protocol until the socket is bound, or it would hear every interface at first.
        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with listener:
        listener.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        with inside(place.netns):
            listener.bind((interface, ETH_P_ALL))
        yield Ear(place, listener)


@contextlib.contextmanager
def stack_ear(place: Place, protocol: int) -> Iterator[Ear]:
    """Hears the packets of an IP protocol that the place's own stack accepts, after all filters."""
    with inside(place.netns):
        listener = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
    with listener:
        yield Ear(place, listener)


def heard(
    sender: Place, frames: Mapping[str, bytes], ears: Mapping[str, Ear]
) -> dict[str, set[str]]:
    """Send frames whose last 12 bytes are a sign of their own; say who heard each.

    Listening ends after a while, so send a frame of which it is known that it arrives, or silence
    proves nothing.
    """
    send(sender, *frames.values())
    time.sleep(0.2)
    caught = {name: ear.frames(0) for name, ear in ears.items()}
    return {
        label: {name for name, there in caught.items() if any(frame[-12:] in got for got in there)}
        for label, frame in frames.items()
    }
