# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container can send: packets from its own ports and with the host's address, nothing else."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from lab import frames, steering
from lab.frames import (
    ARP,
    BROADCAST,
    GRE,
    ICMP,
    IPV4,
    IPV6,
    SCTP,
    TCP,
    UDP,
    ethernet,
    ip,
    token,
    udp,
    vlan,
)
from lab.machines import BEYOND, HOST, HOST_MAC, OTHER, PEER, PEER_MAC
from scene import DB, OUTSIDE_POOL, UNOWNED, WEB, Three

OWN = WEB + 1
QUIET = 1053  # no server of the outside listens here
LOCAL = "127.0.0.1"


def datagram(
    source_port: int, *, source: str = HOST, to: str = PEER, protocol: int = UDP, **ip_fields
) -> bytes:
    """A packet with ports in the first four bytes, as TCP, UDP and SCTP have them."""
    payload = udp(source_port, QUIET, token())
    mac = PEER_MAC if to == PEER else HOST_MAC
    return ethernet(IPV4, ip(source, to, protocol, payload, **ip_fields), to=mac)


def claim(operation: int, mac: str, address: str) -> bytes:
    return ethernet(ARP, frames.arp(operation, mac, address, PEER_MAC, PEER) + token())


def coat(at: int, *changed: int) -> bytes:
    """An ARP request with other bytes at this place of its first eight."""
    return with_bytes(claim(1, HOST_MAC, HOST), at, *changed)


def header(at: int, *changed: int) -> bytes:
    """A datagram from an own port with other bytes at this place of its IP header."""
    return with_bytes(datagram(OWN), at, *changed)


def with_bytes(frame: bytes, at: int, *changed: int) -> bytes:
    at += 14
    return frame[:at] + bytes(changed) + frame[at + len(changed) :]


def addressed(mac: str, to: str = PEER) -> bytes:
    return ethernet(IPV4, ip(HOST, to, UDP, udp(OWN, QUIET, token())), to=mac)


def message(
    kind: int, *, source: str = HOST, to: str = PEER, quoted: bytes = b"", code: int = 0
) -> bytes:
    packet = ip(source, to, ICMP, frames.icmp(kind, code, quoted + token()))
    return ethernet(IPV4, packet, to=PEER_MAC if to == PEER else HOST_MAC)


def quote(protocol: int, source: str = PEER) -> bytes:
    """What the peer has sent to the shared address; the bytes of its ports say an own one."""
    return ip(source, HOST, protocol, udp(QUIET, OWN, b""))


ALLOWED = {
    "UDP from an own port": (datagram(OWN), {"peer"}),
    "TCP from an own port": (datagram(OWN, protocol=TCP), {"peer"}),
    "SCTP from an own port": (datagram(OWN, protocol=SCTP), {"peer"}),
    # The reply carries the same bytes, and has no port by which to tell whose it is.
    "an echo request": (message(8), {"peer", "db", "cache", "stack icmp"}),
    "an error about UDP": (message(3, code=3, quoted=quote(UDP)), {"peer"}),
    "an error about SCTP": (message(3, code=3, quoted=quote(SCTP)), {"peer"}),
    "an ARP request of its own": (claim(1, HOST_MAC, HOST), {"peer"}),
    "an ARP announcement of its own": (claim(2, HOST_MAC, HOST), {"peer"}),
    "with bytes behind its end": (datagram(OWN) + token(), {"peer"}),
    "to everybody": (addressed(BROADCAST, "255.255.255.255"), {"peer", "other"}),
    "to everybody of the network": (addressed(BROADCAST, "10.0.0.255"), {"peer", "other"}),
    "to an address that was reserved": (addressed(PEER_MAC, "240.0.0.1"), {"peer"}),
    "to the host, from an own port": (datagram(OWN, to=HOST), {"lo", "stack"}),
}
# What a program of eBPF does otherwise: a reply finds who has asked, neighbours are the host's business.
BPF = {
    "an echo request": {"peer"},
    "an ARP request of its own": set(),
    "an ARP announcement of its own": set(),
    "the first of several fragments": {"peer"},
    "a packet with IP options": {"peer"},
    "an error about UDP Lite": {"peer"},
}
FORBIDDEN = {
    "UDP from a port of another container": datagram(DB),
    "TCP from a port of another container": datagram(DB, protocol=TCP),
    "UDP from a port of nobody": datagram(UNOWNED),
    "UDP from a port outside the pool": datagram(OUTSIDE_POOL),
    "UDP from a port of the host": datagram(22),
    "UDP from port 0": datagram(0),
    "UDP with an address of the network": datagram(OWN, source=OTHER),
    "UDP with the address of the gateway": datagram(OWN, source=PEER),
    "UDP with an address of elsewhere": datagram(OWN, source=BEYOND),
    "UDP with a loopback address": datagram(OWN, source=LOCAL),
    "the first of several fragments": datagram(OWN, more=True),
    "a later fragment": datagram(OWN, fragment=10),
    "the reserved flag": header(6, 0x80),
    "IP version 6 in a frame for version 4": header(0, 0x65),
    "IP version 0": header(0, 0x05),
    "TTL 0": header(8, 0),
    "no length at all": header(2, 0, 0),
    "a length without ports": header(2, 0, 20),
    "a length without the end of the ports' header": header(2, 0, 27),
    "a length beyond the end of the frame": header(2, 0, 41),
    "the largest length": header(2, 0xFF, 0xFF),
    "to a loopback address outside": addressed(PEER_MAC, LOCAL),
    "to this network": addressed(PEER_MAC, "0.0.0.0"),
    "to a multicast group": addressed("01:00:5e:00:00:fb", "224.0.0.251"),
    "to a multicast group, in a frame for one": addressed(PEER_MAC, "239.1.2.3"),
    "to one, in a frame for a group": addressed("01:00:5e:00:00:fb"),
    "to one, in a frame for bridges": addressed("01:80:c2:00:00:00"),
    "a packet with IP options": datagram(OWN, options=b"\1\1\1\0"),
    "GRE": datagram(OWN, protocol=GRE),
    "IGMP": datagram(OWN, protocol=2),
    "an unassigned IP protocol": datagram(OWN, protocol=200),
    "an echo request with another's address": message(8, source=OTHER),
    "a redirect with the gateway's address": message(5, source=PEER),
    "an echo request with a code": message(8, code=99),
    "an error about GRE": message(3, code=3, quoted=quote(GRE)),
    "an error about a ping": message(3, code=1, quoted=quote(ICMP)),
    "an error about UDP Lite": message(3, code=3, quoted=quote(136)),
    "an error about another's packet": message(3, code=3, quoted=quote(UDP, OTHER)),
    "an error about IP version 6": message(3, code=3, quoted=b"\x65" + quote(UDP)[1:]),
    "an error without its end": with_bytes(message(3, code=3, quoted=quote(UDP)), 2, 0, 55),
    "IPv6": ethernet(IPV6, b"\x60\0\0\0\0\x14\x11\x40" + bytes(32) + udp(OWN, QUIET, token())),
    "IPv6 neighbour advertisement": ethernet(
        IPV6, b"\x60\0\0\0\0\x20\x3a\xff" + bytes(32) + b"\x88" + bytes(19) + token()
    ),
    "a tagged frame": vlan(7, datagram(OWN)),
    "a frame of priority 0": vlan(0, datagram(OWN)),
    "LLDP": ethernet(0x88CC, token(), to="01:80:c2:00:00:0e"),
    "an unknown kind of frame": ethernet(0x88B5, token(), to=BROADCAST),
    "ARP claiming the gateway": claim(2, HOST_MAC, PEER),
    "ARP claiming a neighbour": claim(1, HOST_MAC, OTHER),
    "ARP with another MAC": claim(2, "02:00:00:00:00:66", HOST),
    "ARP of another hardware": coat(0, 0, 99),
    "ARP for IPv6": coat(2, 0x86, 0xDD),
    "ARP with long hardware addresses": coat(4, 8),
    "ARP with long addresses": coat(5, 16),
    "ARP of another operation": coat(6, 0, 8),
    "ARP of no operation": coat(6, 0, 0),
    "ARP to a group": claim(1, HOST_MAC, HOST).replace(
        frames.mac(PEER_MAC), frames.mac("01:80:c2:00:00:00"), 1
    ),
    "to the host, from a port of another container": datagram(DB, to=HOST),
    "to the host, from a port of nobody": datagram(UNOWNED, to=HOST),
    "to the host, with another's address": datagram(OWN, to=HOST, source=OTHER),
    "to the host, with a loopback address": datagram(OWN, to=HOST, source=LOCAL),
    "to the host's loopback, from a port of nobody": datagram(UNOWNED, to=LOCAL, source=LOCAL),
    "to the host's loopback, with the public address": datagram(UNOWNED, to=LOCAL),
}


@pytest.fixture(scope="module")
def heard(three: Three) -> dict[str, set[str]]:
    sent = {label: frame for label, (frame, _) in ALLOWED.items()} | FORBIDDEN
    lab = three.lab
    with ExitStack() as stack:
        ears = {
            "peer": stack.enter_context(frames.ear(lab.peer.place)),
            "other": stack.enter_context(frames.ear(lab.other.place)),
            "db": stack.enter_context(frames.ear(three.db)),
            "cache": stack.enter_context(frames.ear(three.cache)),
            "lo": stack.enter_context(frames.ear(lab.host.place, "lo")),
            "stack": stack.enter_context(frames.stack_ear(lab.host.place, UDP)),
            "stack icmp": stack.enter_context(frames.stack_ear(lab.host.place, ICMP)),
            "stack tcp": stack.enter_context(frames.stack_ear(lab.host.place, TCP)),
        }
        return frames.heard(three.web, sent, ears)


@pytest.mark.parametrize("label", ALLOWED)
def test_a_container_sends_what_is_its_own(heard: dict[str, set[str]], label: str) -> None:
    expected = ALLOWED[label][1]
    assert heard[label] == steering.by_way(expected, BPF.get(label, expected))


@pytest.mark.parametrize("label", FORBIDDEN)
def test_nothing_else_leaves_a_container(heard: dict[str, set[str]], label: str) -> None:
    assert heard[label] == steering.by_way(set(), BPF.get(label, set()))


@pytest.mark.parametrize("size", [14, 15, 20, 24, 34, 37, 38, 41])
def test_a_frame_that_ends_too_early_goes_nowhere(three: Three, size: int) -> None:
    """Not to the host's stack either: a program that reads behind the end ends, and lets pass."""
    ends = [datagram(OWN)[:size], message(8)[:size], claim(1, HOST_MAC, HOST)[:size]]
    ends += [datagram(OWN, to=LOCAL, source=LOCAL)[:size]]
    before = _counted(three), _dropped(three)
    frames.send(three.web, *ends)
    assert _counted(three) == before[0]
    assert _dropped(three) == before[1] + len(ends)


def _counted(three: Three) -> int:
    return three.lab.host.place.snmp("Ip", "InReceives")


def _dropped(three: Three) -> int:
    (web,) = three.modules.info(container="web")["containers"]
    return web["statistics"]["tx_filtered"]
