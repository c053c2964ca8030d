# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests of the original, on its own ports: two containers that share the whole pool."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import machines, probes
from lab.machines import BEYOND, HOST, PEER, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import REFUSED, Probe

VALID = 31001  # the first container's
INVALID = 32502  # nobody's
FIRST, SECOND = ["31000-31499"], ["31500-32000"]


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Lab, Modules]]:
    """Two containers; the first listens on a port of its own and on one of nobody."""
    with machines.lab() as lab, probes.servers() as servers:
        modules = Modules(lab.host)
        modules.host(**POOLS)
        modules.container(name="first", ports=FIRST)
        modules.container(name="second", ports=SECOND)
        servers.listen(lab.container("first"), VALID, HOST, "127.0.0.1")
        servers.listen(lab.container("first"), INVALID)
        servers.listen(lab.peer.place, 53, BEYOND)
        yield lab, modules


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("address", [HOST, "127.0.0.1"])
@pytest.mark.parametrize("source", ["second", "host"])
def test_a_port_of_the_first_is_reached_and_a_port_of_nobody_is_not(
    pair: tuple[Lab, Modules], source: str, address: str, protocol: str
) -> None:
    lab, _ = pair
    place = lab.host.place if source == "host" else lab.container(source)
    assert Probe(place, protocol, address, VALID).run().who == "first"
    assert Probe(place, protocol, address, INVALID).run().who == REFUSED


@pytest.mark.parametrize("address", [BEYOND, PEER, HOST, "127.0.0.1"])
@pytest.mark.parametrize("container", ["first", "second"])
def test_ping(pair: tuple[Lab, Modules], container: str, address: str) -> None:
    lab, _ = pair
    said = lab.host.run("ping", "-n", "-c", "1", "-W", "1", address, container=container).stdout
    assert "1 received" in said


def test_arping(pair: tuple[Lab, Modules]) -> None:
    lab, _ = pair
    lab.host.run("arping", "-f", "-w", "1", "-I", "eth0", PEER, container="first")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_name_server_behind_the_gateway_answers(
    pair: tuple[Lab, Modules], protocol: str
) -> None:
    lab, _ = pair
    assert Probe(lab.container("first"), protocol, BEYOND, 53).run().who == "peer"


@pytest.mark.smoke
def test_curl_and_ss_see_what_we_see(pair: tuple[Lab, Modules]) -> None:
    lab, _ = pair
    server = lab.host.start(
        "python3", "-m", "http.server", "31002", "--bind", HOST, container="first"
    )
    try:
        curl = ("curl", "-sS", "--retry", "20", "--retry-connrefused", "--retry-delay", "0")
        said = lab.peer.run(*curl, "-m", "5", f"http://{HOST}:31002/").stdout
        assert "Directory listing" in said
        listening = lab.host.run("ss", "-Hltn", container="first").stdout
        assert f"{HOST}:31002" in listening
        assert "31002" not in lab.host.run("ss", "-Hltn").stdout
    finally:
        server.kill()
        server.communicate()


def test_the_handles_are_usable_with_the_usual_tools(pair: tuple[Lab, Modules]) -> None:
    lab, _ = pair
    listed = lab.host.run("ip", "netns", "list").stdout.split()
    assert {"first", "second"} <= set(listed)
    said = lab.host.run("ip", "-netns", "first", "-o", "-4", "address").stdout
    assert f"{HOST}/24" in said


def test_a_removed_pair_leaves_no_filter_of_ports(lab: Lab, prepared: Modules) -> None:
    """The qdiscs stay; the ports lead to the host again."""
    prepared.container(name="first", ports=FIRST)
    prepared.container(containers=[], purge=True)
    for name in ("eth0", "lo"):
        assert "clsact" in lab.host.run("tc", "qdisc", "show", "dev", name).stdout
        shown = lab.host.run("tc", "filter", "show", "dev", name, "ingress").stdout
        assert "mirred" not in shown
    with probes.servers() as servers:
        servers.listen(lab.host.place, VALID, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, VALID).run().who == "host"
