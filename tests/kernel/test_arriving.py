# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reaches a container from outside: its ports, answers to ARP and ICMP, its own errors."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from lab import frames, probes, steering
from lab.frames import (
    ARP,
    BROADCAST,
    GRE,
    ICMP,
    IPV4,
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
from lab.netns import inside
from lab.probes import Probe
from scene import CACHE, DB, OUTSIDE_POOL, UNOWNED, WEB, Three

QUIET = 1053  # no server of the outside listens here
STRANGER = "02:00:00:00:00:77"  # the switch sends what is for it to everybody
CONTAINERS = {"web", "db", "cache"}


def datagram(
    port: int, *, to: str = HOST, mac: str = HOST_MAC, protocol: int = UDP, **ip_fields
) -> bytes:
    packet = ip(PEER, to, protocol, udp(QUIET, port, token()), **ip_fields)
    return ethernet(IPV4, packet, to=mac, sender=PEER_MAC)


def message(kind: int, payload: bytes = b"", *, to: str = HOST) -> bytes:
    packet = ip(PEER, to, ICMP, frames.icmp(kind, 0, payload + token()))
    return ethernet(IPV4, packet, to=HOST_MAC, sender=PEER_MAC)


def quoting(port: int, protocol: int = UDP, **ip_fields) -> bytes:
    """The start of a packet that was sent from `port`, as an error carries it."""
    return ip(HOST, PEER, protocol, udp(port, 53, b""), **ip_fields)


def answer(operation: int) -> bytes:
    packet = frames.arp(operation, PEER_MAC, PEER, HOST_MAC, HOST) + token()
    return ethernet(ARP, packet, to=HOST_MAC, sender=PEER_MAC)


STEERED = {
    "UDP to web": (datagram(WEB), {"web"}),
    "TCP to web": (datagram(WEB, protocol=TCP), {"web"}),
    "SCTP to web": (datagram(WEB, protocol=SCTP), {"web"}),
    "UDP to db": (datagram(DB), {"db"}),
    "UDP to cache": (datagram(CACHE), {"cache"}),
    "the first of several fragments": (datagram(WEB, more=True), {"web"}),
    "an ARP answer": (answer(2), CONTAINERS),
    "an echo reply": (message(0), CONTAINERS),
    "a timestamp reply": (message(14), CONTAINERS),
    **{
        f"an ICMP error {kind} about {name} {protocol}": (
            message(kind, quoting(port, protocol)),
            {name},
        )
        for kind in (3, 11, 12)
        for protocol in (UDP, TCP)
        for name, port in (("web", WEB), ("db", DB), ("cache", CACHE))
    },
}
# What a program of eBPF does otherwise: it knows who has asked for a reply, and where a datagram began.
BPF = {
    "an ARP answer": set(),
    "an echo reply": set(),
    "a timestamp reply": set(),
    "a later fragment whose bytes look like web's port": {"web"},
    "a packet with IP options": {"web"},
    "an ICMP error about a packet with options": {"web"},
}
KEPT = {
    "UDP to a port of nobody": datagram(UNOWNED),
    "UDP to a port outside the pool": datagram(OUTSIDE_POOL),
    "a later fragment whose bytes look like web's port": datagram(WEB, fragment=10),
    "a packet with IP options": datagram(WEB, options=b"\1\1\1\0"),
    "GRE whose bytes look like web's port": datagram(WEB, protocol=GRE),
    "a tagged frame": vlan(7, datagram(WEB)),
    "a frame to everybody": datagram(WEB, mac=BROADCAST),
    "a frame to another machine": datagram(WEB, mac=STRANGER),
    "a packet to another address": datagram(WEB, to=BEYOND),
    "a packet to loopback": datagram(WEB, to="127.0.0.1"),
    "an ARP question": answer(1),
    "an echo request": message(8),
    "a timestamp request": message(13),
    "an information request": message(15),
    "an address mask request": message(17),
    "an echo reply to another address": message(0, to=BEYOND),
    "an ICMP error about a port of nobody": message(3, quoting(UNOWNED)),
    "an ICMP error about the host": message(3, quoting(40000)),
    "an ICMP error about a packet with options": message(3, quoting(WEB, options=b"\1\1\1\0")),
}


@pytest.fixture(scope="module")
def heard(three: Three) -> dict[str, set[str]]:
    sent = {label: frame for label, (frame, _) in STEERED.items()} | KEPT
    with ExitStack() as stack:
        ears = {place.name: stack.enter_context(frames.ear(place)) for place in three.containers}
        return frames.heard(three.lab.peer.place, sent, ears)


@pytest.mark.parametrize("label", STEERED)
def test_packets_reach_exactly_those_whom_they_concern(
    heard: dict[str, set[str]], label: str
) -> None:
    expected = STEERED[label][1]
    assert heard[label] == steering.by_way(expected, BPF.get(label, expected))


@pytest.mark.parametrize("label", KEPT)
def test_nothing_else_reaches_a_container(heard: dict[str, set[str]], label: str) -> None:
    assert heard[label] == steering.by_way(set(), BPF.get(label, set()))


# --- martians -----------------------------------------------------------------------------------

REFUSED = (HOST, "127.0.0.1", "127.1.2.3", "0.0.0.0", "224.0.0.251", "239.1.2.3",
           "255.255.255.255")  # fmt: skip
TAKEN = (PEER, OTHER, BEYOND, "1.0.0.1", "126.255.255.255", "128.0.0.1", "223.255.255.255", "240.0.0.1",
         "255.255.255.254")  # fmt: skip


def saying(source: str, port: int, protocol: int = UDP, payload: bytes = b"") -> bytes:
    payload = payload or udp(QUIET, port, token())
    return ethernet(IPV4, ip(source, HOST, protocol, payload), to=HOST_MAC, sender=PEER_MAC)


@pytest.mark.parametrize("source", [*REFUSED, *TAKEN])
def test_a_container_gets_what_the_host_s_stack_takes(three: Three, source: str) -> None:
    """And nothing that it refuses as a martian, but it sees that and can count it."""
    sent = {"to web": saying(source, WEB), "to the host": saying(source, UNOWNED)}
    host = three.lab.host.place
    before = host.snmp("Ip", "InReceives")
    with frames.ear(three.web) as web, frames.stack_ear(host, UDP) as stack:
        heard = frames.heard(three.lab.peer.place, sent, {"web": web, "host": stack})
    taken = source in TAKEN
    assert heard == {
        "to web": {"web"} if taken else set(),
        "to the host": {"host"} if taken else set(),
    }
    if not taken:
        assert host.snmp("Ip", "InReceives") == before + 2


def test_nor_what_no_stack_should_take(three: Three) -> None:
    """Some kernels take 0/8, and some reverse path filters the address of everybody."""
    sent = {
        label: saying(source, WEB)
        for label, source in (("this network", "0.1.2.3"), ("everybody", "10.0.0.255"))
    }
    with frames.ear(three.web) as web:
        heard = frames.heard(three.lab.peer.place, sent, {"web": web})
    assert heard == {"this network": set(), "everybody": set()}


@pytest.mark.parametrize("source", REFUSED)
def test_martians_without_ports_reach_nobody_either(three: Three, source: str) -> None:
    quoted = frames.icmp(3, 1, quoting(WEB) + token())
    sent = {
        "an error": saying(source, 0, ICMP, quoted),
        "an echo reply": saying(source, 0, ICMP, frames.icmp(0, 0, token())),
    }
    with ExitStack() as stack:
        ears = {place.name: stack.enter_context(frames.ear(place)) for place in three.containers}
        heard = frames.heard(three.lab.peer.place, sent, ears)
    assert heard == {"an error": set(), "an echo reply": set()}


# --- errors of the network ----------------------------------------------------------------------


def test_a_refusal_from_outside_reaches_the_asker_only(three: Three) -> None:
    before = {place: place.snmp("Icmp", "InDestUnreachs") for place in _all(three)}
    assert Probe(three.web, "udp", PEER, 9).run().who == probes.REFUSED
    after = {place: place.snmp("Icmp", "InDestUnreachs") for place in _all(three)}
    assert {place.name for place in before if after[place] != before[place]} == {"web"}


def test_a_refusal_of_the_host_reaches_the_asker_only(three: Three) -> None:
    before = {place: place.snmp("Icmp", "InDestUnreachs") for place in _all(three)}
    assert Probe(three.web, "udp", HOST, 9).run().who == probes.REFUSED
    after = {place: place.snmp("Icmp", "InDestUnreachs") for place in _all(three)}
    assert {place.name for place in before if after[place] != before[place]} == {"web"}


def test_the_path_mtu_is_learned_by_the_container_whose_packet_was_too_big(three: Three) -> None:
    with inside(three.web.netns):
        talker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with talker:
        talker.connect((BEYOND, 53))
        port = talker.getsockname()[1]
        quoted = ip(HOST, BEYOND, UDP, udp(port, 53, b""))
        too_big = ip(PEER, HOST, ICMP, frames.icmp(3, 4, quoted, rest=1400))
        frame = ethernet(IPV4, too_big, to=HOST_MAC, sender=PEER_MAC)
        frames.send(three.lab.peer.place, frame)
        probes.run([Probe(three.web, "udp", PEER, 53)])  # the frame has passed by now
    assert "mtu 1400" in _route(three, "web")
    assert "mtu" not in _route(three, "db")
    assert "mtu" not in _route(three, None)


def _all(three: Three):
    return (*three.containers, three.lab.host.place)


def _route(three: Three, container: str | None) -> str:
    return three.lab.host.run("ip", "route", "get", BEYOND, container=container).stdout


def test_another_address_of_the_host_is_no_martian_for_containers(three: Three) -> None:
    """Not isolated, SECURITY.md says: what comes from it is steered, and the host itself refuses it."""
    second = "10.0.0.77"
    host = three.lab.host
    packets = [ip(second, HOST, UDP, udp(QUIET, port, token())) for port in (WEB, UNOWNED)]
    sent = [ethernet(IPV4, packet, to=HOST_MAC, sender=PEER_MAC) for packet in packets]
    host.run("ip", "address", "add", f"{second}/24", "dev", "eth0")
    try:
        with frames.ear(three.web) as web, frames.stack_ear(host.place, UDP) as stack:
            told = frames.heard(
                three.lab.peer.place,
                {"web": sent[0], "host": sent[1]},
                {"web": web, "stack": stack},
            )
    finally:
        host.run("ip", "address", "delete", f"{second}/24", "dev", "eth0")
    assert told == {"web": {"web"}, "host": set()}
