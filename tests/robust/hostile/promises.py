# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What SECURITY.md promises about a single frame, said once more and in another way: who may hear it.

Nothing here looks at filters. A frame is bytes; who hears it is a set of names.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from lab.frames import ARP, ICMP, IPV4, SCTP, TCP, UDP, mac
from lab.machines import HOST_MAC

HOST = IPv4Address("10.0.0.1")
LOOPBACK = IPv4Network("127.0.0.0/8")
NO_SENDER = [*map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4")),
             *map(IPv4Network, ("10.0.0.1/32", "10.0.0.255/32", "255.255.255.255/32"))]  # fmt: skip
NO_TARGET = [IPv4Network("0.0.0.0/8"), IPv4Network("224.0.0.0/4")]
WITH_PORTS = (TCP, UDP, SCTP)
ETHERNET, HEADER = 14, 20  # bytes
OUTSIDE, LO = "wire", "lo"

Ports = Mapping[str, AbstractSet[int]]  # those of each container


@dataclass(frozen=True)
class Packet:
    """Bytes of an IP packet, as far as there are any; what is not there is None."""

    data: bytes

    def number(self, at: int, size: int = 1) -> int | None:
        """None too when the word of four bytes that it stands in has an end missing."""
        if len(self.data) < (at & ~3) + 4:
            return None
        return int.from_bytes(self.data[at : at + size], "big")

    def address(self, at: int) -> IPv4Address | None:
        number = self.number(at, 4)
        return None if number is None else IPv4Address(number)

    @property
    def protocol(self) -> int | None:
        return self.number(9)

    @property
    def starts(self) -> bool:
        """Without options, and no later fragment: what stands behind the header is a header."""
        first, place = self.number(0), self.number(6, 2)
        return first is not None and place is not None and first & 15 == 5 and not place & 0x1FFF

    @property
    def quoted(self) -> Packet:
        return Packet(self.data[HEADER + 8 :])

    @property
    def ports(self) -> tuple[int | None, int | None]:
        return self.number(HEADER, 2), self.number(HEADER + 2, 2)


def owner(ports: Ports, port: int | None) -> set[str]:
    return {name for name, owned in ports.items() if port in owned}


# --- what a container sends ---------------------------------------------------------------------


def hearing_from_inside(frame: bytes, name: str, ports: Ports) -> set[str]:
    """Who hears what the container `name` has sent: the wire, the host's lo, and from there others."""
    kind = int.from_bytes(frame[12:14], "big")
    if frame[6:12] != mac(HOST_MAC) or (frame[0] & 1 and frame[:6] != b"\xff" * 6):
        return set()
    data = frame[ETHERNET:]
    if kind == ARP:
        begin = bytes.fromhex("0001 0800 0604")
        sender = mac(HOST_MAC) + HOST.packed
        sound = data[:6] == begin and data[6:8] in (b"\0\1", b"\0\2") and len(data) >= 28
        return {OUTSIDE} if sound and data[8:18] == sender else set()
    packet = Packet(data)
    if kind != IPV4 or not _is_whole(packet) or not _says_own(packet, name, ports):
        return set()
    source, target = packet.address(12), packet.address(16)
    if {source, target} == {HOST} or (source in LOOPBACK and target in LOOPBACK):
        # A request of the host to itself is answered where it is asked, outside of the host.
        if packet.protocol == ICMP and packet.number(HEADER) != 3:
            return {OUTSIDE} if source == HOST else set()
        return {LO} | _found_on_lo(packet, ports)
    refused = target in LOOPBACK or any(target in net for net in NO_TARGET)
    return {OUTSIDE} if source == HOST and not refused else set()


def _is_whole(packet: Packet) -> bool:
    """One packet of IPv4 without options, alive, with its length and ports inside of it."""
    size = packet.number(2, 2) or 0
    return (
        packet.data[:1] == b"\x45"
        and size >= HEADER + 8
        and size <= len(packet.data)
        and (packet.number(6, 2) or 0) & 0xBFFF == 0
        and packet.number(8) != 0
    )


def _says_own(packet: Packet, name: str, ports: Ports) -> bool:
    """From an own port, a request without one, or a refusal of what came to an own port."""
    if packet.protocol in WITH_PORTS:
        return packet.ports[0] in ports[name]
    if packet.protocol != ICMP:
        return False
    kind, code = packet.number(HEADER), packet.number(HEADER + 1)
    if kind in (8, 13):
        return code == 0
    quoted = packet.quoted
    return (
        kind == 3
        and (code in range(4) or code in range(8, 16))
        and (packet.number(2, 2) or 0) >= 2 * (HEADER + 8)
        and quoted.data[:1] == b"\x45"
        and quoted.starts
        and quoted.protocol in WITH_PORTS
        and quoted.address(12) == packet.address(16)
        and _same_side(quoted.address(16), packet.address(12))
        and quoted.ports[1] in ports[name]
    )


def _same_side(one: IPv4Address | None, other: IPv4Address | None) -> bool:
    return one == other == HOST or (one in LOOPBACK and other in LOOPBACK)


def _found_on_lo(packet: Packet, ports: Ports) -> set[str]:
    if packet.protocol == ICMP:
        return owner(ports, packet.quoted.ports[0])
    return owner(ports, packet.ports[1])


# --- what arrives from outside ------------------------------------------------------------------


def hearing_from_outside(frame: bytes, ports: Ports) -> set[str]:
    """Which containers hear what has arrived on the public interface."""
    kind = int.from_bytes(frame[12:14], "big")
    packet = Packet(frame[ETHERNET:])
    if kind == ARP:
        return set(ports) if packet.number(6, 2) == 2 else set()
    source = packet.address(12)
    if kind != IPV4 or packet.data[:1] != b"\x45" or not packet.starts:
        return set()
    if packet.address(16) != HOST or any(source in net for net in NO_SENDER):
        return set()
    if packet.protocol in WITH_PORTS:
        return owner(ports, packet.ports[1]) if frame[:6] == mac(HOST_MAC) else set()
    return _concerned(packet, ports) if packet.protocol == ICMP else set()


def _concerned(packet: Packet, ports: Ports) -> set[str]:
    """Whom a message without ports concerns."""
    kind, quoted = packet.number(HEADER), packet.quoted
    if kind in (0, 14):
        return set(ports)
    if kind not in (3, 11, 12):
        return set()
    if quoted.protocol == ICMP:
        return set(ports)
    if quoted.protocol not in WITH_PORTS or not quoted.starts:
        return set()
    return owner(ports, quoted.ports[0])
