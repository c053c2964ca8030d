# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ping and ARP with the usual tools: every question has one answer."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import frames, steering
from lab.frames import ARP, BROADCAST, ethernet
from lab.machines import BEYOND, HOST, HOST_MAC, OTHER, PEER, PEER_MAC
from scene import PORTS, Three

ANSWERED = "02:70:6d:00:00:03"
PING = ("ping", "-n", "-c", "3", "-i", "0.02", "-W", "1")


@pytest.mark.parametrize("address", [PEER, OTHER, BEYOND, HOST, "127.0.0.1", "127.0.0.2"])
@pytest.mark.parametrize("container", PORTS)
def test_a_ping_from_a_container_is_answered_once(
    three: Three, container: str, address: str
) -> None:
    said = three.lab.host.run(*PING, address, container=container).stdout
    assert "3 packets transmitted, 3 received, 0% packet loss" in said
    assert "DUP" not in said


@pytest.mark.smoke
def test_pings_from_all_containers_at_once_are_answered_once(three: Three) -> None:
    with ThreadPoolExecutor() as pool:
        said = list(
            pool.map(lambda name: three.lab.host.run(*PING, PEER, container=name).stdout, PORTS)
        )
    assert [text for text in said if "3 received, 0% packet loss" not in text] == []
    assert [text for text in said if "DUP" in text] == []


@pytest.mark.parametrize("outside", ["peer", "other"])
def test_a_ping_to_the_host_is_answered_once(three: Three, outside: str) -> None:
    said = getattr(three.lab, outside).run(*PING, HOST).stdout
    assert "3 packets transmitted, 3 received, 0% packet loss" in said
    assert "DUP" not in said


def test_a_ping_to_the_host_is_answered_by_the_host(three: Three) -> None:
    places = (three.lab.host.place, *three.containers)
    before = {place.name: place.snmp("Icmp", "InEchos") for place in places}
    three.lab.peer.run(*PING, HOST)
    asked = {place.name: place.snmp("Icmp", "InEchos") - before[place.name] for place in places}
    assert asked == {"host": 3, "web": 0, "db": 0, "cache": 0}


@pytest.mark.parametrize("container", PORTS)
def test_a_container_resolves_its_neighbours(three: Three, container: str) -> None:
    said = three.lab.host.run(
        "arping", "-f", "-w", "2", "-I", "eth0", PEER, container=container
    ).stdout
    answer = steering.by_way(PEER_MAC, ANSWERED)  # of eBPF, which asks nobody outside
    assert re.search(rf"Unicast reply from {PEER} \[{answer}\]", said, re.IGNORECASE)


def test_arping_of_the_host_has_one_answer_per_question(three: Three) -> None:
    said = three.lab.peer.run("arping", "-c", "2", "-w", "2", "-I", "eth0", HOST).stdout
    sent, received = (
        int(re.search(pattern, said)[1])
        for pattern in (r"Sent (\d+) probe", r"Received (\d+) resp")
    )
    assert sent == received == said.count("reply from")


def test_one_arp_reply_for_one_request(three: Three) -> None:
    question = ethernet(
        ARP,
        frames.arp(1, PEER_MAC, PEER, "00:00:00:00:00:00", HOST),
        to=BROADCAST,
        sender=PEER_MAC,
    )
    with frames.ear(three.lab.peer.place) as ear:
        frames.send(three.lab.peer.place, question)
        heard = ear.frames()
    replies = [frame for frame in heard if frame[12:14] == b"\x08\x06" and frame[21] == 2]
    assert len(replies) == 1
    assert replies[0][22:32] == frames.mac(HOST_MAC) + bytes((10, 0, 0, 1))


def test_nobody_answers_for_other_addresses(three: Three) -> None:
    said = three.lab.peer.run(
        "arping", "-c", "1", "-w", "1", "-I", "eth0", "10.0.0.77", check=False
    ).stdout
    assert "Received 0 response" in said
