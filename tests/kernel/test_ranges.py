# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports of a running container: add, take away, set; connections on what stays go on."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from lab import probes, state
from lab.machines import HOST, Lab
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.probes import Probe


@pytest.fixture
def web(lab: Lab, prepared: Modules) -> Modules:
    prepared.container(name="web", ports=["31000-31015"])
    prepared.container(name="db", ports=["31100-31103"])
    return prepared


def test_present_adds(web: Modules) -> None:
    result = web.ranges(container="web", ports=["31016-31019", "31500"], state="present")
    assert result["changed"]
    assert result["container"]["ports"] == ["31000-31019", "31500"]
    assert (result["added"], result["removed"]) == (["31016-31019", "31500"], [])


def test_present_is_the_default(web: Modules) -> None:
    assert web.ranges(container="web", ports=["31500"])["added"] == ["31500"]


def test_present_adds_only_what_is_missing(web: Modules) -> None:
    assert web.ranges(container="web", ports=["31008-31023"])["added"] == ["31016-31023"]
    assert not web.ranges(container="web", ports=["31000-31023"])["changed"]


def test_absent_takes_away(web: Modules) -> None:
    result = web.ranges(container="web", ports=["31004-31007", "31500"], state="absent")
    assert result["container"]["ports"] == ["31000-31003", "31008-31015"]
    assert (result["added"], result["removed"]) == ([], ["31004-31007"])
    assert not web.ranges(container="web", ports=["31004-31007"], state="absent")["changed"]


def test_exact_sets(web: Modules) -> None:
    result = web.ranges(container="web", ports=["31008-31023"], state="exact")
    assert result["container"]["ports"] == ["31008-31023"]
    assert (result["added"], result["removed"]) == (["31016-31023"], ["31000-31007"])
    assert not web.ranges(container="web", ports=["31008-31023"], state="exact")["changed"]


def test_exact_with_an_empty_list_takes_all_away(web: Modules) -> None:
    assert web.ranges(container="web", ports=[], state="exact")["container"]["ports"] == []


def test_the_ephemeral_range_is_never_touched(lab: Lab, web: Modules) -> None:
    before = lab.container("web").sysctl("ipv4/ip_local_port_range")
    result = web.ranges(container="web", ports=[], state="exact")
    assert result["container"]["ephemeral_ports"] == "30016-30031"
    assert lab.container("web").sysctl("ipv4/ip_local_port_range") == before


def test_a_container_that_does_not_exist_is_an_error(lab: Lab, web: Modules) -> None:
    before = state.of(lab.host)
    with pytest.raises(ModuleError, match="nobody"):
        web.ranges(container="nobody", ports=["31500"])
    assert state.difference(before, state.of(lab.host)) == ""


def test_traffic_follows_the_ports(lab: Lab, web: Modules) -> None:
    moved, kept = 31004, 31001
    with probes.servers() as servers:
        for place in (lab.container("web"), lab.container("db"), lab.host.place):
            for port in (moved, kept):
                servers.listen(place, port, HOST, "127.0.0.1")
        sources = [lab.peer.place, lab.host.place, lab.container("web"), lab.container("db")]

        def who(port: int) -> set[str]:
            asked = [
                Probe(source, protocol, address, port)
                for source in sources
                for protocol in ("tcp", "udp")
                for address in (HOST, "127.0.0.1")
                if not (source == lab.peer.place and address != HOST)
            ]
            return {answer.who for answer in probes.run(asked).values()}

        assert who(moved) == {"web"}
        web.ranges(container="web", ports=[str(moved)], state="absent")
        assert (who(moved), who(kept)) == ({"host"}, {"web"})
    with probes.servers() as servers:
        for place in (lab.container("web"), lab.container("db")):
            for port in (moved, kept):
                servers.listen(place, port, HOST, "127.0.0.1")
        web.ranges(container="db", ports=[str(moved)])
        assert (who(moved), who(kept)) == ({"db"}, {"web"})


def test_a_range_that_comes_back_leaves_the_same_filters(lab: Lab, web: Modules) -> None:
    before = state.of(lab.host)
    web.ranges(container="web", ports=["31005"], state="absent")
    web.ranges(container="web", ports=["31005"], state="present")
    assert state.difference(before, state.of(lab.host)) == ""


@contextlib.contextmanager
def talking(lab: Lab, port: int) -> Iterator[list[int]]:
    """A client outside and a server in `web` that pass a growing number to and fro."""
    with inside(lab.container("web").netns):
        listener = socket.create_server((HOST, port))
    with inside(lab.peer.place.netns):
        client = socket.create_connection((HOST, port), timeout=2)
    server, _ = listener.accept()
    server.settimeout(2)
    turns: list[int] = []
    stop = threading.Event()

    def talk() -> None:
        number = 0
        with contextlib.suppress(OSError):
            while not stop.is_set():
                client.sendall(number.to_bytes(8, "big"))
                heard = server.recv(8, socket.MSG_WAITALL)
                server.sendall(heard)
                if client.recv(8, socket.MSG_WAITALL) != number.to_bytes(8, "big"):
                    return
                turns.append(number)
                number += 1

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield turns
        assert talker.is_alive(), "the connection ended"
    finally:
        stop.set()
        talker.join()
        for end in (client, server, listener):
            end.close()


def retransmissions(lab: Lab) -> int:
    places = (lab.peer.place, lab.container("web"))
    return sum(place.snmp("Tcp", "RetransSegs") for place in places)


@pytest.mark.smoke
def test_a_connection_on_a_port_that_stays_loses_no_segment(lab: Lab, web: Modules) -> None:
    """A block that shrinks is replaced by smaller ones while it still matches."""
    with talking(lab, 31004) as turns:
        before = retransmissions(lab)
        for ports in (["31004"], ["31000-31015"], ["31004-31007"], ["31000-31031"], ["31004"]):
            done = len(turns)
            web.ranges(container="web", ports=ports, state="exact")
            while len(turns) < done + 100:
                threading.Event().wait(0.001)
        assert retransmissions(lab) == before


def test_connections_of_others_lose_no_segment(lab: Lab, web: Modules) -> None:
    with talking(lab, 31004) as turns:
        before = retransmissions(lab)
        web.container(name="new", ports=["31200-31299"])
        web.ranges(container="db", ports=["31104-31199"])
        web.container(name="db", state="absent")
        web.container(name="new", state="absent")
        done = len(turns)
        while len(turns) < done + 100:
            threading.Event().wait(0.001)
        assert retransmissions(lab) == before
