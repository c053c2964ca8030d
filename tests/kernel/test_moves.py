# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports that change hands, interfaces that a container meddles with, odd sets of ports."""

from __future__ import annotations

import pytest

from lab import probes, state
from lab.machines import BEYOND, HOST, PEER, Lab, Place
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import inventory


def who(lab: Lab, *ports: int) -> list[str]:
    """Who answers outside, the host and everybody on each port, where all listen."""
    places = [lab.host.place, *(lab.container(name) for name in ("web", "db", "cache"))]
    with probes.servers() as servers:
        for place in places:
            for port in ports:
                servers.listen(place, port, HOST, "127.0.0.1")
        answers = []
        for port in ports:
            asked = [Probe(lab.peer.place, "tcp", HOST, port)] + [
                Probe(source, protocol, address, port)
                for source in places
                for protocol in ("tcp", "udp")
                for address in (HOST, "127.0.0.1")
            ]
            answers.append("/".join(sorted({a.who for a in probes.run(asked).values()})))
    return answers


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def test_two_containers_exchange_their_ports_in_one_task(lab: Lab, placed: Modules) -> None:
    """The filters keep their handles and change their targets."""
    assert who(lab, 31001, 31500) == ["web", "db"]
    swapped = [
        {"name": "web", "ports": ["31008-31031", "31500-31999"]},
        {"name": "db", "ports": ["31000-31007", "31100"]},
    ]
    assert placed.container(containers=swapped)["changed"]
    assert who(lab, 31001, 31100, 31500) == ["db", "db", "web"]
    assert not placed.container(containers=swapped)["changed"]
    assert placed.info()["problems"] == []


def test_two_containers_exchange_their_ephemeral_ranges(lab: Lab, placed: Modules) -> None:
    swapped = [
        {"name": "web", "ephemeral_ports": "30032-30047"},
        {"name": "db", "ephemeral_ports": "30016-30031"},
    ]
    assert placed.container(containers=swapped)["changed"]
    with probes.servers() as servers:
        servers.listen(lab.peer.place, 53, PEER)
        for name, first in (("web", 30032), ("db", 30016)):
            answer = Probe(lab.container(name), "tcp", PEER, 53).run()
            assert answer.seen is not None
            assert first <= answer.seen[1] < first + 16
    assert not placed.container(containers=swapped)["changed"]
    assert placed.info()["problems"] == []


def test_a_port_moves_to_another_container_in_one_task(lab: Lab, placed: Modules) -> None:
    moved = [
        {"name": "db", "ports": ["31003", "31008-31031", "31500-31999"]},
        {"name": "web", "ports": ["31000-31002", "31004-31007", "31100"]},
    ]
    placed.container(containers=moved)
    assert who(lab, 31002, 31003, 31004) == ["web", "db", "web"]
    assert not placed.container(containers=moved)["changed"]


def test_a_new_container_takes_over_the_ports_of_one_that_is_purged(
    lab: Lab, placed: Modules
) -> None:
    after = [{"name": "db"}, {"name": "cache", "ports": ["31000-31007", "32000"]}]
    placed.container(containers=after, purge=True)
    with probes.servers() as servers:
        servers.listen(lab.container("cache"), 31001, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, 31001).run().who == "cache"
    assert placed.info()["problems"] == []


@pytest.mark.parametrize(
    "meddling",
    [
        ["ip link del eth0"],
        ["ip link set eth0 down", "ip link set eth0 name mine"],
        ["ip link add mine type veth peer name mine2", "tc qdisc add dev mine clsact"],
        ["tc qdisc del dev eth0 ingress", "tc qdisc add dev eth0 clsact"],
        ["tc qdisc del dev lo ingress", "tc qdisc add dev lo clsact"],
        ["ip address add 10.0.0.77/24 dev eth0"],
        ["ip route replace default via 10.0.0.253"],
        ["ip address add 192.0.2.7/32 dev lo"],
        [
            "ip link add mine type veth peer name mine2",
            "ip link set mine up",
            f"ip route replace default via {PEER} dev mine onlink",
        ],
    ],
    ids=lambda commands: commands[-1],
)
def test_a_container_that_meddled_with_its_inside_is_put_right(
    lab: Lab, placed: Modules, meddling: list[str]
) -> None:
    for command in meddling:
        lab.host.run(*command.split(), container="web")
    placed.container(containers=inventory())
    assert not placed.container(containers=inventory())["changed"]
    assert placed.info()["problems"] == []
    assert who(lab, 31001) == ["web"]
    with probes.servers() as servers:
        for address in (PEER, BEYOND):
            servers.listen(lab.peer.place, 53, address)
            assert Probe(lab.container("web"), "tcp", address, 53).run().who == "peer"


def test_what_led_to_a_lost_container_goes_with_any_run(lab: Lab, placed: Modules) -> None:
    """A run for another one, that shares no port with it."""
    before = {name: state.filters(lab.host, name) for name in ("eth0", "lo")}
    lab.host.run("ip", "link", "del", "pm-db")
    for name in before:
        assert "Redirect to device *" in state.filters(lab.host, name)
    placed.container(name="web")
    for name, whole in before.items():
        left = state.filters(lab.host, name)
        assert "to device *" not in left
        assert left.count("to device pm-web)") == whole.count("to device pm-web)")
        assert left.count("to device pm-cache)") == whole.count("to device pm-cache)")


def test_a_namespace_named_by_a_process_file(lab: Lab, prepared: Modules) -> None:
    with lab.host.tenant() as tenant:
        path = f"/proc/{tenant.pid}/ns/net"
        prepared.container(name="web", netns=path, ports=["31000-31007"])
        with probes.servers() as servers:
            servers.listen(Place("web", path), 31001, HOST)
            assert Probe(lab.peer.place, "tcp", HOST, 31001).run().who == "web"
        assert not prepared.container(name="web", netns=path, ports=["31000-31007"])["changed"]
        assert prepared.info()["problems"] == []
    before = {item["kind"] for item in prepared.info()["problems"]}
    prepared.container(name="web", state="absent")
    assert prepared.info()["problems"] == [], before


def test_every_other_port_of_a_pool(lab: Lab, prepared: Modules) -> None:
    """No two ports share a block: five hundred of them."""
    ports = [str(port) for port in range(31000, 32000, 2)]
    made = prepared.container(name="web", ports=ports)
    assert made["container"]["ports"] == ports
    prepared.container(name="db", ports=["31001", "31999"])
    prepared.container(name="cache", ports=[])
    assert who(lab, 31000, 31001, 31002, 31998, 31999) == ["web", "db", "web", "web", "db"]
    assert not prepared.container(name="web", ports=ports)["changed"]
    assert prepared.ranges(container="web", ports=ports[1:], state="exact")["removed"] == ["31000"]


def test_a_host_with_several_addresses_shares_the_first(lab: Lab, modules: Modules) -> None:
    lab.host.ip("address add 10.0.0.2/24 dev eth0", "address add 172.16.9.9/16 dev eth0")
    assert modules.host(**POOLS)["host"]["address"] == f"{HOST}/24"
    modules.container(name="web", ports=["31000-31007"])
    with probes.servers() as servers:
        servers.listen(lab.container("web"), 31001, HOST)
        servers.listen(lab.host.place, 31001, "10.0.0.2")
        assert Probe(lab.peer.place, "tcp", HOST, 31001).run().who == "web"
        assert Probe(lab.peer.place, "tcp", "10.0.0.2", 31001).run().who == "host"


def test_a_refused_list_leaves_everybody_as_he_was(lab: Lab, placed: Modules) -> None:
    before = state.of(lab.host)
    with pytest.raises(ModuleError):
        placed.container(
            containers=[
                {"name": "web", "ports": ["31200"]},
                {"name": "new", "ports": ["31300"]},
                {"name": "db", "ports": ["32001"]},
            ]
        )
    assert state.difference(before, state.of(lab.host)) == ""
