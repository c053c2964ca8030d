# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same as promises.py where a program of eBPF steers: it reads options, and rewrites MACs.

Whoever hears a frame hears it with other MACs: frames are the same from the byte `SAME` on.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from lab.frames import ICMP, IPV4, UDP, mac
from lab.machines import HOST_MAC, OTHER, PEER
from promises import ETHERNET, HOST, LO, LOOPBACK, NO_SENDER, NO_TARGET, OUTSIDE, Ports, owner

SAME = 12
NEIGHBOURS = IPv4Network("10.0.0.0/24")
EVERYBODY = {IPv4Address("10.0.0.255"), IPv4Address("255.255.255.255")}
REACHED = {HOST, IPv4Address(PEER), IPv4Address(OTHER), *EVERYBODY}  # of these
WITH_PORTS = (6, 17, 33, 132, 136)


class Whole:
    """A packet that the program understands, at the start of some bytes; None elsewhere."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.header = (data[0] & 15) * 4
        self.protocol = data[9]
        self.length = int.from_bytes(data[2:4], "big")
        self.source, self.target = IPv4Address(data[12:16]), IPv4Address(data[16:20])
        self.later = bool(int.from_bytes(data[6:8], "big") & 0x1FFF)
        self.rest = data[self.header :]
        self.has_ports = self.protocol in WITH_PORTS and not self.later

    @property
    def ports(self) -> tuple[int, int]:
        return int.from_bytes(self.rest[:2], "big"), int.from_bytes(self.rest[2:4], "big")


def understood(data: bytes) -> Whole | None:
    if len(data) < 20 or data[0] >> 4 != 4 or data[0] & 15 < 5 or data[6] & 0x80:
        return None
    found = Whole(data)
    return None if found.has_ports and len(found.rest) < 4 else found


def depends(frame: bytes) -> bool:
    """Whether what was sent before decides: fragments, replies, errors about requests; and neighbours."""
    packet = understood(frame[ETHERNET:])
    if packet is None or frame[12:14] != IPV4.to_bytes(2, "big"):
        return False
    if int.from_bytes(packet.data[6:8], "big") & 0x3FFF:
        return True
    if packet.target in NEIGHBOURS and packet.target not in REACHED:
        return True
    if packet.protocol != ICMP or len(packet.rest) < 8:
        return False
    quoted = understood(packet.rest[8:])
    return packet.rest[0] in (0, 14) or (quoted is not None and quoted.protocol == ICMP)


def hearing_from_inside(frame: bytes, name: str, ports: Ports) -> set[str]:
    """What leaves for one neighbour is in a frame for one: the kernel drops it in one for a group."""
    wire = set() if frame[0] & 1 else {OUTSIDE}
    packet = understood(frame[ETHERNET:])
    if packet is None or frame[12:14] != IPV4.to_bytes(2, "big") or not packet.data[8]:
        return set()
    if not packet.header + 8 <= packet.length <= len(packet.data):
        return set()
    within = packet.source in LOOPBACK and packet.target in LOOPBACK
    if not within:
        nobody = packet.target in LOOPBACK or any(packet.target in net for net in NO_TARGET)
        if packet.source != HOST or nobody:
            return set()
        within = packet.target == HOST
    if packet.has_ports:
        source, target = packet.ports
        if source not in ports[name]:
            return set()
        if packet.target in EVERYBODY:
            return {OUTSIDE}
        return (owner(ports, target) or {LO}) if within else wire
    if packet.protocol != ICMP or packet.target in EVERYBODY:
        return set()
    if packet.rest[0] in (8, 13):
        return set() if within or packet.rest[1] else wire
    heard = _refusal(packet, name, ports, within)
    return wire if heard == {OUTSIDE} else heard


def _refusal(error: Whole, name: str, ports: Ports, within: bool) -> set[str]:
    """That an own port cannot be reached, to who has tried."""
    quoted = understood(error.rest[8:])
    if error.rest[0] != 3 or error.rest[1] == 4 or quoted is None or not quoted.has_ports:
        return set()
    if error.header + 8 + quoted.header + 8 > error.length:
        return set()
    ours = quoted.target == HOST or (within and quoted.target in LOOPBACK)
    source, target = quoted.ports
    if quoted.source != error.target or target not in ports[name] or not ours:
        return set()
    return (owner(ports, source) or {LO}) if within else {OUTSIDE}


def hearing_from_outside(frame: bytes, ports: Ports) -> set[str]:
    packet = understood(frame[ETHERNET:])
    if packet is None or frame[12:14] != IPV4.to_bytes(2, "big"):
        return set()
    if any(packet.source in net for net in NO_SENDER):
        return set()
    if frame[:6] == b"\xff" * 6 and packet.target in EVERYBODY and packet.protocol == UDP:
        return owner(ports, packet.ports[1])
    if frame[:6] != mac(HOST_MAC) or packet.target != HOST:
        return set()
    if packet.has_ports:
        return owner(ports, packet.ports[1])
    if packet.protocol != ICMP or len(packet.rest) < 8 or packet.rest[0] not in (3, 4, 11, 12):
        return set()
    quoted = understood(packet.rest[8:])
    return owner(ports, quoted.ports[0]) if quoted and quoted.has_ports else set()
