# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who answers whom: every source to every port by every address, TCP and UDP.

The host and all containers listen on the same ports, so an answer names the filter's choice.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from lab import probes
from lab.machines import BEYOND, HOST, OTHER, PEER
from lab.probes import REFUSED, SILENCE, Answer, Probe
from scene import (
    ADDRESSES,
    CACHE,
    DB,
    EPHEMERAL,
    OUTSIDE_POOL,
    UNOWNED,
    UNOWNED_SILENT,
    WEB,
    WEB_SILENT,
    Three,
)


class Case(NamedTuple):
    source: str
    protocol: str
    address: str
    port: int
    expected: str

    def __str__(self) -> str:
        return f"{self.source}-{self.protocol}-{self.address}-{self.port}"


# Whoever asks, and by whichever address: the owner answers, for nobody's ports the host does.
OWNERS = {
    WEB: "web",
    DB: "db",
    CACHE: "cache",
    UNOWNED: "host",
    OUTSIDE_POOL: "host",
    UNOWNED_SILENT: REFUSED,
    WEB_SILENT: REFUSED,
}
INSIDE = ("host", "web", "db", "cache")

MATRIX = [
    Case(source, protocol, address, port, owner)
    for source in INSIDE
    for protocol in ("tcp", "udp")
    for address in ADDRESSES
    for port, owner in OWNERS.items()
] + [
    Case(source, protocol, HOST, port, owner)
    for source in ("peer", "other")
    for protocol in ("tcp", "udp")
    for port, owner in OWNERS.items()
]


def place(three: Three, name: str):
    machines = {"host": three.lab.host, "peer": three.lab.peer, "other": three.lab.other}
    return machines[name].place if name in machines else three.lab.container(name)


@pytest.fixture(scope="module")
def answers(three: Three) -> dict[Case, Answer]:
    """The whole matrix, asked at once."""
    asked = {
        case: Probe(place(three, case.source), case.protocol, case.address, case.port)
        for case in MATRIX
    }
    given = probes.run(asked.values())
    return {case: given[probe] for case, probe in asked.items()}


@pytest.mark.smoke
@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_the_owner_of_a_port_answers(answers: dict[Case, Answer], case: Case) -> None:
    assert answers[case].who == case.expected


def test_clients_outside_are_seen_with_their_own_address(answers: dict[Case, Answer]) -> None:
    seen = {
        (case.source, answer.seen[0])
        for case, answer in answers.items()
        if case.source in ("peer", "other") and answer.seen
    }
    assert seen == {("peer", PEER), ("other", OTHER)}


def test_containers_call_from_their_own_ephemeral_ports(answers: dict[Case, Answer]) -> None:
    strays = [
        (case, answer)
        for case, answer in answers.items()
        if case.source in EPHEMERAL
        and answer.seen
        and not EPHEMERAL[case.source][0] <= answer.seen[1] <= EPHEMERAL[case.source][1]
    ]
    assert strays == []


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("address", "name"), [(PEER, "peer"), (OTHER, "other"), (BEYOND, "peer")])
@pytest.mark.parametrize("source", ["web", "db", "cache"])
def test_containers_reach_the_outside_with_the_address_of_the_host(
    three: Three, source: str, address: str, name: str, protocol: str
) -> None:
    answer = Probe(place(three, source), protocol, address, 53).run()
    first, last = EPHEMERAL[source]
    assert answer.who == name
    assert answer.seen is not None
    assert answer.seen[0] == HOST
    assert first <= answer.seen[1] <= last


SOURCE_PORTS = {
    "own": 31002,
    "foreign": DB + 1,
    "unowned": 31097,
    "outside the pool": OUTSIDE_POOL + 1,
    "the host's ephemeral": 40000,
}
LEAVING = [
    (kind, protocol, address)
    for kind in SOURCE_PORTS
    for protocol in ("tcp", "udp")
    for address in (PEER, *ADDRESSES)
]


@pytest.fixture(scope="module")
def left(three: Three) -> dict[tuple[str, str, str], Answer]:
    """What came back for packets of `web` from ports of its own and of others."""
    asked = {
        (kind, protocol, address): Probe(
            three.web,
            protocol,
            address,
            53 if address == PEER else DB,
            source_port=SOURCE_PORTS[kind],
        )
        for kind, protocol, address in LEAVING
    }
    given = probes.run(asked.values())
    return {case: given[probe] for case, probe in asked.items()}


@pytest.mark.smoke
@pytest.mark.parametrize("case", LEAVING, ids="-".join)
def test_only_packets_from_own_ports_leave_a_container(
    left: dict[tuple[str, str, str], Answer], case: tuple[str, str, str]
) -> None:
    kind, _, address = case
    owner = "peer" if address == PEER else "db"
    assert left[case].who == (owner if kind == "own" else SILENCE)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_the_host_calls_out_as_before(three: Three, protocol: str) -> None:
    assert Probe(three.lab.host.place, protocol, BEYOND, 53).run().who == "peer"
