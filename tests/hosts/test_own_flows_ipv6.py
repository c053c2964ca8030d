# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same of IPv6: who hears the answer to what the host sends from ports that containers own."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

import shape
from dual import HOST, PEER, Six, host_with_ipv6
from lab import exchange, probes
from lab.machines import Place

SERVED, ON_PEER, CLOSED = 31001, 53, 54
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@pytest.fixture(scope="module")
def six(steering: str) -> Iterator[Six]:
    with host_with_ipv6() as made, probes.servers(echo=True) as servers:
        shape.place(made.modules)
        servers.listen(made.at[PEER].place, ON_PEER, PEER)
        servers.listen(made.web, SERVED, HOST)
        yield made


def opened(place: Place, kind: str, port: int, address: str = "") -> socket.socket:
    return exchange.opened(place, KINDS[kind], port, address, socket.AF_INET6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_host_hears_the_answer(six: Six, kind: str) -> None:
    with opened(six.host, kind, 31002) as client:
        client.connect((PEER, ON_PEER))
        for _ in range(3):
            exchange.answered(client)


def test_and_the_error(six: Six) -> None:
    with opened(six.host, "udp", 31003) as client:
        client.connect((PEER, CLOSED))
        client.send(b"?")
        with pytest.raises(ConnectionRefusedError):
            client.recv(10)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_takes_a_client_of_a_server_by_sending_from_its_port(six: Six, kind: str) -> None:
    own = 5550 + (kind == "udp")
    with opened(six.at[PEER].place, kind, own) as client:
        client.connect((HOST, SERVED))
        exchange.answered(client)
        with opened(six.host, kind, SERVED, HOST) as hostile:
            hostile.setblocking(False)
            hostile.connect_ex((PEER, own))
            if kind == "udp":
                hostile.send(b"hostile")
                assert client.recv(100) == b"hostile"
            for _ in range(3):
                exchange.answered(client)


def test_a_container_takes_no_connection_of_the_host(six: Six) -> None:
    with opened(six.host, "tcp", 31004) as client:
        client.connect((PEER, ON_PEER))
        exchange.answered(client)
        with opened(six.web, "tcp", 31004) as hostile:
            hostile.settimeout(0.3)
            with pytest.raises(socket.timeout):
                hostile.connect((PEER, ON_PEER))
        exchange.answered(client)


def test_a_ping_of_the_host_is_answered_once(six: Six) -> None:
    assert probes.ping(six.host, PEER) == "answered"
