# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container can send: packets from its own ports and with the host's address, nothing else."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from lab import frames
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


def message(kind: int, *, source: str = HOST, to: str = PEER, quoted: bytes = b"") -> bytes:
    packet = ip(source, to, ICMP, frames.icmp(kind, 0, quoted + token()))
    return ethernet(IPV4, packet, to=PEER_MAC if to == PEER else HOST_MAC)


ALLOWED = {
    "UDP from an own port": (datagram(OWN), {"peer"}),
    "TCP from an own port": (datagram(OWN, protocol=TCP), {"peer"}),
    "SCTP from an own port": (datagram(OWN, protocol=SCTP), {"peer"}),
    "the first of several fragments": (datagram(OWN, more=True), {"peer"}),
    # The reply carries the same bytes, and has no port by which to tell whose it is.
    "an echo request": (message(8), {"peer", "db", "cache", "stack icmp"}),
    "an ARP request of its own": (claim(1, HOST_MAC, HOST), {"peer"}),
    "to the host, from an own port": (datagram(OWN, to=HOST), {"lo", "stack"}),
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
    "a later fragment": datagram(OWN, fragment=10),
    "a packet with IP options": datagram(OWN, options=b"\1\1\1\0"),
    "GRE": datagram(OWN, protocol=GRE),
    "IGMP": datagram(OWN, protocol=2),
    "an unassigned IP protocol": datagram(OWN, protocol=200),
    "an echo request with another's address": message(8, source=OTHER),
    "a redirect with the gateway's address": message(5, source=PEER),
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
    assert heard[label] == ALLOWED[label][1]


@pytest.mark.parametrize("label", FORBIDDEN)
def test_nothing_else_leaves_a_container(heard: dict[str, set[str]], label: str) -> None:
    assert heard[label] == set()
