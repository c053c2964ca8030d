# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that has IPv6 beside IPv4: what a process of it meets, a process in a container meets, too."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

import shape
from dual import (
    ADDRESSES,
    ELSEWHERE,
    FAR,
    HOST,
    ON_ETH1,
    PEER,
    SMALL,
    VPN,
    Six,
    host_with_ipv6,
)
from lab import probes, state
from lab.exchange import echoed, streamed
from lab.machines import Machine
from lab.netns import inside
from lab.pools import POOLS
from lab.probes import Answer, Probe
from shape import OF_HOST, WEB


def _state(host: Machine) -> dict[str, str]:
    return state.unnumbered(state.of(host))


@pytest.fixture(scope="module")
def six(steering: str) -> Iterator[Six]:
    with host_with_ipv6() as made:
        shape.place(made.modules)
        yield made


def _as_seen(answer: Answer) -> tuple[str, str]:
    """Who has answered, and from which address he was asked."""
    return answer.who, answer.seen[0] if answer.seen else ""


def test_everybody_reaches_a_container_where_he_reaches_the_host(six: Six) -> None:
    db = six.lab.container("db")
    addresses = (*ADDRESSES, "::1")
    with probes.servers() as servers:
        for place, port in ((six.web, WEB), (six.host, OF_HOST)):
            servers.listen(place, port, *addresses)
        inside_host = (six.host, db, six.web)
        asked = [
            Probe(source, protocol, address, port)
            for source in (*(one.place for one in six.outside.values()), *inside_host)
            for protocol in ("tcp", "udp")
            for address in addresses
            for port in (WEB, OF_HOST)
            if address != "::1" or source in inside_host
        ]
        answers = probes.run(asked)
    owner = {WEB: "web", OF_HOST: "host"}
    wrong = {str(one): str(said) for one, said in answers.items() if said.who != owner[one.port]}
    assert wrong == {}


def test_a_container_reaches_whom_the_host_reaches_from_the_same_address(six: Six) -> None:
    with probes.servers() as servers:
        for address, machine in six.at.items():
            servers.listen(machine.place, 53, address)
        asked = {
            (source, protocol, address): Probe(source, protocol, address, 53)
            for source in (six.web, six.host)
            for protocol in ("tcp", "udp")
            for address in ELSEWHERE
        }
        answers = probes.run(asked.values())
    for protocol in ("tcp", "udp"):
        for address in ELSEWHERE:
            ours, hosts = (answers[asked[one, protocol, address]] for one in (six.web, six.host))
            assert _as_seen(ours) == _as_seen(hosts), (protocol, address)
            assert hosts.seen, (protocol, address)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_ping_of_a_container_is_answered_once(six: Six, address: str) -> None:
    assert probes.ping(six.web, address) == "answered"


@pytest.mark.parametrize(
    ("address", "ours", "hosts"),
    [
        ("2001:db8:66::1", "ENETUNREACH", "EHOSTUNREACH"),  # what ICMPv6 has for both
        ("2001:db8:67::1", "EACCES", "EACCES"),
    ],
)
def test_where_the_host_has_no_route_a_container_is_told_at_once(
    six: Six, address: str, ours: str, hosts: str
) -> None:
    asked = [Probe(one, "tcp", address, 53) for one in (six.web, six.host)]
    assert [one.who for one in probes.run(asked).values()] == [ours, hosts]


def test_a_port_that_nobody_listens_on_is_refused_everywhere(six: Six) -> None:
    sources = [six.host, six.lab.container("db"), *(one.place for one in six.outside.values())]
    asked = [
        Probe(source, protocol, HOST, WEB + 1) for source in sources for protocol in ("tcp", "udp")
    ]
    answers = probes.run(asked)
    assert {
        str(one): said.who for one, said in answers.items() if said.who != probes.REFUSED
    } == {}


def test_a_server_of_both_families_is_reached_by_both(six: Six) -> None:
    """As most servers listen: on [::], where it was given an address of IPv4 alone before."""
    with inside(six.web.netns):
        server = socket.create_server(
            ("::", WEB), family=socket.AF_INET6, dualstack_ipv6=True, backlog=8
        )
    with server:
        server.settimeout(probes.patience())
        for address in ("10.0.0.1", HOST):
            with inside(six.outside[PEER].place.netns):
                client = socket.create_connection((address, WEB), probes.patience())
            with client, server.accept()[0] as connection:
                assert connection.getsockname()[0].removeprefix("::ffff:") == address


@pytest.mark.parametrize("address", [FAR, VPN])
@pytest.mark.parametrize("size", [SMALL - 48, SMALL, 1452, 9000])
def test_datagrams_of_any_size_go_both_ways(six: Six, address: str, size: int) -> None:
    """What is longer than the MTU of a link further on is cut by the sender, as it is by the host."""
    assert echoed(six.web, six.at[address].place, address, size) == size


@pytest.mark.parametrize("address", [HOST, "::1"])
def test_long_datagrams_reach_host_and_siblings(six: Six, address: str) -> None:
    for server in (six.host, six.lab.container("db")):
        port = OF_HOST if server == six.host else shape.DB
        assert echoed(six.web, server, address, 9000, port) == 9000


def test_a_stream_through_the_vpn_fits_its_mtu(six: Six) -> None:
    assert streamed(six.web, six.outside[VPN].place, VPN) == 300_000


@pytest.mark.parametrize("limit", ["", "100mbit"])
def test_what_is_too_long_for_a_link_is_told_to_who_has_sent_it(six: Six, limit: str) -> None:
    """Of which the container knows nothing: its MTU became smaller meanwhile."""
    host, far = six.lab.host, six.outside[FAR]
    six.modules.container(name="web", limits={"send": limit} if limit else {})
    host.run("ip", "-6", "route", "flush", "cache", container="web")
    try:
        host.ip("link set eth1 mtu 1400")
        far.ip("link set eth0 mtu 1400")
        assert _mtu(six, FAR) == 1500
        with inside(six.web.netns), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as lost:
            lost.sendto(b"x" * 1440, (FAR, 9))
        assert _mtu(six, FAR) == 1400
        assert echoed(six.web, far.place, FAR, 1440) == 1440
        assert streamed(six.web, far.place, FAR) == 300_000
    finally:
        host.ip("link set eth1 mtu 1500")
        far.ip("link set eth0 mtu 1500")
        six.modules.container(name="web", limits={})


def _mtu(six: Six, address: str) -> int:
    """Of the path, as the container knows it: that of its link unless it was told."""
    (told,) = six.lab.host.json("ip", "-json", "route", "get", address, container="web")
    return next((one["mtu"] for one in told.get("metrics", []) if "mtu" in one), 1500)


def test_no_frame_to_find_a_neighbour_leaves_a_container(six: Six) -> None:
    shown = six.lab.host.run("ip", "-6", "neighbour", "show", container="web").stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["fe80::1"]
    assert "PERMANENT" in shown


def test_the_next_runs_change_nothing(six: Six) -> None:
    before = _state(six.lab.host)
    for run in (six.modules.checking(), six.modules):
        assert run.host(**POOLS)["changes"] == []
        assert run.container(containers=shape.CONTAINERS)["changes"] == []
    assert six.modules.problems() == []
    assert state.difference(before, _state(six.lab.host)) == ""


def test_the_host_says_which_addresses_it_shares(six: Six) -> None:
    assert set(ADDRESSES) < set(six.modules.info()["host"]["addresses"])


def test_an_address_that_comes_later_is_a_problem_until_the_next_run(six: Six) -> None:
    host, later = six.lab.host, "2001:db8::77"
    host.ip(f"address add {later}/64 dev eth0 nodad")
    try:
        assert "addresses" in {one["kind"] for one in six.modules.problems()}
        planned = six.modules.checking().host(**POOLS)["changes"]
        assert six.modules.host(**POOLS)["changes"] == planned
        assert six.modules.problems() == []
        with probes.servers() as servers:
            servers.listen(six.web, WEB, later)
            assert Probe(six.outside[PEER].place, "tcp", later, WEB).run().who == "web"
    finally:
        host.ip(f"address del {later}/64 dev eth0")
    six.modules.host(**POOLS)
    assert six.modules.problems() == []


def test_what_somebody_inside_took_away_is_drift_until_the_next_run(six: Six) -> None:
    host = six.lab.host
    for damage in (
        "ip -6 neighbour del fe80::1 dev eth0",
        "ip -6 route del default",
        f"ip -6 address del {HOST}/128 dev eth0",
        "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6",
    ):
        host.run("sh", "-c", damage, container="web")
        assert {one["kind"] for one in six.modules.problems()} == {"drift"}, damage
        six.modules.container(containers=shape.CONTAINERS)
        assert six.modules.problems() == [], damage
    test_a_container_reaches_whom_the_host_reaches_from_the_same_address(six)


def test_who_may_come_is_told_for_each_family(six: Six) -> None:
    peer, far = six.outside[PEER].place, six.outside[FAR].place
    with probes.servers() as servers:
        servers.listen(six.web, WEB, HOST, ON_ETH1, "10.0.0.1")
        asked = {
            "peer": Probe(peer, "tcp", HOST, WEB),
            "far": Probe(far, "tcp", ON_ETH1, WEB),
            "of IPv4": Probe(peer, "tcp", "10.0.0.1", WEB),
            "a sibling": Probe(six.lab.container("db"), "tcp", HOST, WEB),
        }
        for allowed, come in (
            (["2001:db8::/64"], {"peer", "a sibling"}),
            (["2001:db8:9::/64", "10.0.0.0/8"], {"far", "of IPv4", "a sibling"}),
            (["0.0.0.0/0"], {"of IPv4", "a sibling"}),
            (["::/0"], {"peer", "far", "a sibling"}),
            (["::/0", "0.0.0.0/0"], set(asked)),
        ):
            six.modules.container(name="web", allow_from=allowed)
            answers = probes.run(asked.values())
            assert {name for name, one in asked.items() if answers[one].who == "web"} == come
    assert six.modules.problems() == []


def test_the_servers_of_the_host_can_be_closed_over_ipv6(six: Six) -> None:
    with probes.servers() as servers:
        servers.listen(six.host, OF_HOST, HOST, "::1")
        servers.listen(six.host, OF_HOST + 1, HOST)
        servers.listen(six.web, WEB, HOST)
        asked = [
            Probe(six.web, protocol, address, OF_HOST)
            for protocol in ("tcp", "udp")
            for address in (HOST, "::1")
        ]
        open_port = Probe(six.web, "tcp", HOST, OF_HOST + 1)
        back = Probe(six.host, "udp", HOST, WEB)
        six.modules.container(name="web", host_services=False, host_ports=[str(OF_HOST + 1)])
        try:
            answers = probes.run([*asked, open_port, back])
            assert {answers[one].who for one in asked} == {probes.SILENCE}
            assert (answers[open_port].who, answers[back].who) == ("host", "web")
        finally:
            six.modules.container(name="web", host_services=True)
        assert {said.who for said in probes.run(asked).values()} == {"host"}
