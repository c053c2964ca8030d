# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forty containers: more than the 32 that one filter can mirror to."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from lab import frames, machines, probes, steering
from lab.frames import ARP, ICMP, IPV4, UDP, ethernet, ip, token, udp
from lab.machines import HOST, HOST_MAC, PEER, PEER_MAC, Lab, Place
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import REFUSED, Answer, Probe
from scene import ADDRESSES

NAMES = [f"c{number:02}" for number in range(40)]
FIRST = {name: 31000 + 16 * number for number, name in enumerate(NAMES)}
UNOWNED = 31900


class Forty(NamedTuple):
    lab: Lab
    modules: Modules
    places: dict[str, Place]


@pytest.fixture(scope="module")
def forty(steering: str) -> Iterator[Forty]:
    with machines.lab() as lab, probes.servers() as servers:
        modules = Modules(lab.host)
        modules.host(**POOLS)
        modules.container(
            containers=[
                {"name": name, "ports": [f"{first}-{first + 9}"]} for name, first in FIRST.items()
            ]
        )
        places = {name: lab.container(name) for name in NAMES}
        for name, place in places.items():
            machines.unlimit_errors(place)
            servers.listen(place, FIRST[name], *ADDRESSES)
            servers.listen(place, UNOWNED, *ADDRESSES)
            servers.listen(place, FIRST[NAMES[0]] + 1, *ADDRESSES)
        for first in FIRST.values():
            servers.listen(lab.host.place, first, *ADDRESSES)
        servers.listen(lab.peer.place, 53, PEER)
        yield Forty(lab, modules, places)


def neighbour(name: str) -> str:
    """Another container, chosen so that each is asked by exactly one."""
    return NAMES[(NAMES.index(name) + 17) % len(NAMES)]


@pytest.fixture(scope="module")
def answers(forty: Forty) -> dict[str, list[tuple[Probe, Answer]]]:
    """Everybody's first port, asked by both machines outside, the host, a neighbour and itself."""
    asked: dict[str, list[Probe]] = {}
    for name in NAMES:
        outside = [forty.lab.peer.place, forty.lab.other.place]
        inside = [forty.lab.host.place, forty.places[neighbour(name)], forty.places[name]]
        ways = [(source, HOST) for source in outside]
        ways += [(source, address) for source in inside for address in ADDRESSES]
        asked[name] = [
            Probe(source, protocol, address, FIRST[name])
            for source, address in ways
            for protocol in ("tcp", "udp")
        ]
    given = probes.run(probe for some in asked.values() for probe in some)
    return {name: [(probe, given[probe]) for probe in some] for name, some in asked.items()}


@pytest.mark.parametrize("name", NAMES)
def test_everybody_reaches_each_of_forty(
    answers: dict[str, list[tuple[Probe, Answer]]], name: str
) -> None:
    assert {str(probe): answer.who for probe, answer in answers[name]} == {
        str(probe): name for probe, _ in answers[name]
    }


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_port_of_nobody_is_refused_though_forty_listen(
    forty: Forty, address: str, protocol: str
) -> None:
    sources = [*forty.places.values(), forty.lab.host.place]
    answers = probes.run(Probe(source, protocol, address, UNOWNED) for source in sources)
    assert {answer.who for answer in answers.values()} == {REFUSED}


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_foreign_port_leads_to_its_owner_though_forty_listen(
    forty: Forty, protocol: str
) -> None:
    port = FIRST[NAMES[0]] + 1
    sources = [*forty.places.values(), forty.lab.host.place, forty.lab.peer.place]
    answers = probes.run(Probe(source, protocol, HOST, port) for source in sources)
    assert {answer.who for answer in answers.values()} == {NAMES[0]}


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_each_of_forty_reaches_the_outside(forty: Forty, protocol: str) -> None:
    answers = probes.run(Probe(place, protocol, PEER, 53) for place in forty.places.values())
    assert {answer.who for answer in answers.values()} == {"peer"}
    ports = [answer.seen[1] for answer in answers.values() if answer.seen]
    assert len({port // 16 for port in ports}) == 40  # each from a range of its own


def test_each_of_forty_is_answered_once_when_it_pings(forty: Forty) -> None:
    ping = ("ping", "-n", "-c", "2", "-i", "0.1", "-W", "2", PEER)
    with ThreadPoolExecutor(max_workers=8) as pool:
        said = dict(
            zip(
                NAMES,
                pool.map(lambda name: forty.lab.host.run(*ping, container=name).stdout, NAMES),
            )
        )
    wrong = {
        name: text
        for name, text in said.items()
        if "2 received, 0% packet loss" not in text or "DUP" in text
    }
    assert wrong == {}


def test_a_ping_to_the_host_is_answered_once(forty: Forty) -> None:
    said = forty.lab.peer.run("ping", "-n", "-c", "3", "-i", "0.02", "-W", "1", HOST).stdout
    assert "3 received, 0% packet loss" in said
    assert "DUP" not in said


def test_an_arp_request_has_one_reply(forty: Forty) -> None:
    with frames.ear(forty.lab.peer.place) as ear:
        forty.lab.peer.run("arping", "-c", "1", "-w", "1", "-I", "eth0", HOST)
        heard = ear.frames()
    assert len([frame for frame in heard if frame[12:14] == b"\x08\x06" and frame[21] == 2]) == 1


def hears(forty: Forty, frame: bytes) -> set[str]:
    with ExitStack() as stack:
        ears = {
            name: stack.enter_context(frames.ear(place)) for name, place in forty.places.items()
        }
        return frames.heard(forty.lab.peer.place, {"frame": frame}, ears)["frame"]


def test_an_arp_reply_reaches_all_forty_or_none(forty: Forty) -> None:
    reply = frames.arp(2, PEER_MAC, PEER, HOST_MAC, HOST) + token()
    heard = hears(forty, ethernet(ARP, reply, to=HOST_MAC, sender=PEER_MAC))
    assert heard == steering.by_way(set(NAMES), set())


def test_an_echo_reply_that_nobody_asked_for_reaches_all_forty_or_none(forty: Forty) -> None:
    reply = ip(PEER, HOST, ICMP, frames.icmp(0, 0, token()))
    heard = hears(forty, ethernet(IPV4, reply, to=HOST_MAC, sender=PEER_MAC))
    assert heard == steering.by_way(set(NAMES), set())


def test_an_echo_reply_reaches_who_has_asked_or_all_forty(forty: Forty) -> None:
    """Each asks with an id of its own; what the others hear is not theirs."""
    with ExitStack() as stack:
        ears = {
            name: stack.enter_context(frames.ear(place)) for name, place in forty.places.items()
        }
        forty.lab.host.run("ping", "-n", "-c", "1", "-W", "2", PEER, container=NAMES[7])
        heard = {name for name, ear in ears.items() if any(map(_is_echo_reply, ear.frames()))}
    assert heard == steering.by_way(set(NAMES), {NAMES[7]})


def _is_echo_reply(frame: bytes) -> bool:
    return frame[12:14] == b"\x08\x00" and frame[23] == ICMP and frame[34] == 0


@pytest.mark.parametrize("name", [NAMES[0], NAMES[31], NAMES[32], NAMES[39]])
def test_an_icmp_error_reaches_its_owner_of_forty_only(forty: Forty, name: str) -> None:
    quoted = ip(HOST, PEER, UDP, udp(FIRST[name], 53, b""))
    error = ip(PEER, HOST, ICMP, frames.icmp(3, 1, quoted + token()))
    assert hears(forty, ethernet(IPV4, error, to=HOST_MAC, sender=PEER_MAC)) == {name}
