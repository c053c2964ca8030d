# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with all that hosts have: what a process of it meets, a process in a container meets, too."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest

import shape
from lab import machines, probes, state
from lab.exchange import echoed, streamed
from lab.machines import BEYOND, Machine
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS
from lab.probes import Answer, Probe
from whole import (
    ADDRESSES,
    BEHIND_FAR,
    ELSEWHERE,
    FAR,
    GUEST,
    ON_ETH1,
    ON_VPN,
    SMALL,
    VPN,
    Whole,
    whole_host,
)

WEB, OF_HOST = shape.WEB, shape.OF_HOST


def _state(host: Machine) -> dict[str, str]:
    """All but the clocks of the bridge, and what the kernel chooses."""
    return state.unnumbered(state.without(state.of(host), '"br-guests"'))


@pytest.fixture(scope="module")
def whole(steering: str) -> Iterator[Whole]:
    with whole_host() as made:
        shape.place(made.modules)
        yield made


def test_everybody_reaches_a_container_where_he_reaches_the_host(whole: Whole) -> None:
    web, host = whole.lab.container("web"), whole.lab.host.place
    db = whole.lab.container("db")
    with probes.servers() as servers:
        for place, port in ((web, WEB), (host, OF_HOST)):
            servers.listen(place, port, *ADDRESSES)
        sources = [*(machine.place for machine in whole.outside.values()), host, db, web]
        asked = [
            Probe(source, protocol, address, port)
            for source in sources
            for protocol in ("tcp", "udp")
            for address in ADDRESSES
            for port in (WEB, OF_HOST)
        ]
        answers = probes.run(asked)
    owner = {WEB: "web", OF_HOST: "host"}
    wrong = {str(one): str(said) for one, said in answers.items() if said.who != owner[one.port]}
    assert wrong == {}


def test_a_container_reaches_whom_the_host_reaches_from_the_same_address(whole: Whole) -> None:
    web, host = whole.lab.container("web"), whole.lab.host.place
    with probes.servers() as servers:
        for address, machine in whole.outside.items():
            servers.listen(machine.place, 53, address)
        servers.listen(whole.lab.peer.place, 53, BEYOND)
        servers.listen(whole.outside[FAR].place, 53, BEHIND_FAR)
        asked = {
            (source, protocol, address): Probe(source, protocol, address, 53)
            for source in (web, host)
            for protocol in ("tcp", "udp")
            for address in ELSEWHERE
        }
        answers = probes.run(asked.values())
    for protocol in ("tcp", "udp"):
        for address in ELSEWHERE:
            ours, hosts = (answers[asked[one, protocol, address]] for one in (web, host))
            assert _as_seen(ours) == _as_seen(hosts), (protocol, address)
            assert hosts.seen, (protocol, address)


def _as_seen(answer: Answer) -> tuple[str, str]:
    """Who has answered, and from which address he was asked."""
    return answer.who, answer.seen[0] if answer.seen else ""


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_ping_of_a_container_is_answered(whole: Whole, address: str) -> None:
    assert probes.ping(whole.lab.container("web"), address) == "answered"


@pytest.mark.parametrize("address", ["10.66.0.1", "10.67.0.1"])
def test_where_the_host_has_no_route_a_container_is_told_at_once(
    whole: Whole, address: str
) -> None:
    answer = Probe(whole.lab.container("web"), "tcp", address, 53).run()
    assert answer.who == "EHOSTUNREACH"


def test_a_datagram_to_where_no_route_leads_is_lost_without_a_word(whole: Whole) -> None:
    """Unless its socket asks for errors: the host's is told by the call itself."""
    asked = [
        Probe(one, "udp", "10.66.0.1", 53)
        for one in (whole.lab.container("web"), whole.lab.host.place)
    ]
    assert [one.who for one in probes.run(asked).values()] == [probes.SILENCE, "EHOSTUNREACH"]


def test_no_socket_is_bound_to_another_interface_of_the_host(whole: Whole) -> None:
    said = []
    for place in (whole.lab.host.place, whole.lab.container("web")):
        with inside(place.netns), socket.socket() as made:
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth1\0")
                said.append("bound")
            except OSError as error:
                said.append(errno.errorcode[error.errno or 0])
    assert said == ["bound", "ENODEV"]


@pytest.mark.parametrize("address", [FAR, GUEST, VPN])
@pytest.mark.parametrize("size", [SMALL - 28, SMALL, 1472, 9000])
def test_datagrams_of_any_size_go_both_ways(whole: Whole, address: str, size: int) -> None:
    """What is longer than the MTU of a link further on is cut by the sender, as it is by the host."""
    assert echoed(whole.lab.container("web"), whole.outside[address].place, address, size) == size


def test_a_stream_through_the_vpn_fits_its_mtu(whole: Whole) -> None:
    web, vpn = whole.lab.container("web"), whole.outside[VPN].place
    assert streamed(web, vpn, VPN) == 300_000


def test_the_next_runs_change_nothing(whole: Whole) -> None:
    before = _state(whole.lab.host)
    for run in (whole.modules.checking(), whole.modules):
        assert run.host(**POOLS)["changes"] == []
        assert run.container(containers=shape.CONTAINERS)["changes"] == []
    assert whole.modules.problems() == []
    assert state.difference(before, _state(whole.lab.host)) == ""


def test_what_the_host_has_later_is_a_problem_until_the_next_run(whole: Whole) -> None:
    host = whole.lab.host
    host.ip(
        "link add eth2 type veth peer name eth2-far",
        "link set eth2 addrgenmode none up",
        "link set eth2-far addrgenmode none up",
        "address add 10.12.0.1/24 dev eth2",
    )
    try:
        kinds = {one["kind"] for one in whole.modules.problems()}
        assert {"addresses", "route", "drift"} <= kinds
        planned = whole.modules.checking().host(**POOLS)["changes"]
        assert whole.modules.host(**POOLS)["changes"] == planned
        assert "pref 128 bpf" in state.filters(host, "eth2")
        assert whole.modules.problems() == []
        told = host.json("ip", "-json", "address", "show", "dev", "eth0", container="web")
        assert "10.12.0.1" in {one["local"] for one in told[0]["addr_info"]}
    finally:
        host.ip("link del eth2")
    assert whole.modules.host(**POOLS)["changed"]
    assert whole.modules.problems() == []


def test_a_better_default_route_is_followed_with_the_address_of_its_interface(
    whole: Whole,
) -> None:
    """What is sent from the address of another uplink may be dropped further on."""
    host, far, web = whole.lab.host, whole.outside[FAR], whole.lab.container("web")
    far.ip("address add 198.51.100.7/32 dev lo")
    host.ip(
        "route replace default via 10.0.0.254 metric 100",
        "route del default via 10.0.0.254 metric 0",
    )
    host.ip(f"route add default via {FAR} metric 50")
    try:
        assert "route" in {one["kind"] for one in whole.modules.problems()}
        whole.modules.host(**POOLS)
        assert whole.modules.problems() == []
        with probes.servers() as servers:
            servers.listen(far.place, 53, "198.51.100.7")
            asked = [Probe(one, "udp", "198.51.100.7", 53) for one in (web, host.place)]
            ours, hosts = probes.run(asked).values()
        assert _as_seen(ours) == _as_seen(hosts) == ("far", ON_ETH1)
    finally:
        host.ip("route del default metric 50")
    whole.modules.host(**POOLS)
    assert whole.modules.problems() == []
    assert shape.default_routes(whole.lab, "web") == ["default via 10.0.0.254 dev eth0 onlink"]


def test_taking_it_back_leaves_nothing(steering: str) -> None:
    with whole_host() as made:
        host = made.lab.host
        before = _state(host)
        shape.place(made.modules)
        assert host.place.sysctl("ipv4/conf/lo/forwarding") == "1"
        made.modules.container(containers=[], purge=True)
        made.modules.host(state="absent")
        left = _state(host)
        before, left = map(state.without_loopback_mac, (before, left))
        assert state.difference(before, left) == ""


def test_with_u32_it_is_as_it_was(steering: str) -> None:
    with whole_host() as made:
        host = made.lab.host
        made.modules.host(**POOLS, steering="u32")
        made.modules.container(containers=shape.CONTAINERS)
        before = _state(host)
        made.modules.host(**POOLS, steering="bpf")
        assert "pref 128 bpf" in state.filters(host, "eth1")
        assert "10.77.0.0/24" in host.run("ip", "route", container="web").stdout
        made.modules.host(**POOLS, steering="u32")
        assert state.difference(before, _state(host)) == ""


def test_interfaces_are_those_that_are_named(steering: str) -> None:
    with whole_host() as made:
        host = made.lab.host
        first = made.modules.checking().host(**POOLS, interfaces=["vp*"])
        assert "reached by vpn, too" in shape.told(first)
        made.modules.host(**POOLS, interfaces=["vp*"])
        made.modules.container(containers=shape.CONTAINERS)
        assert made.modules.info()["host"]["interfaces"] == ["eth0", "vpn"]
        assert made.modules.host(**POOLS)["changes"] == []
        web = made.lab.container("web")
        with probes.servers() as servers:
            servers.listen(web, WEB, *ADDRESSES)
            by_vpn = Probe(made.outside[VPN].place, "tcp", ON_VPN, WEB)
            by_eth1 = Probe(made.outside[FAR].place, "tcp", ON_ETH1, WEB)
            assert (by_vpn.run().who, by_eth1.run().who) == ("web", probes.REFUSED)
            taken = made.modules.host(**POOLS, interfaces=["eth1"])["changes"]
            assert taken[0] == "set interfaces to eth1"
            assert (by_vpn.run().who, by_eth1.run().who) == (probes.REFUSED, "web")
        assert "pref 128" not in state.filters(host, "vpn")


def test_with_u32_no_interfaces_can_be_named(steering: str) -> None:
    with (
        machines.lab() as lab,
        pytest.raises(ModuleError, match=r"cannot use interfaces \(eth1\): with steering u32"),
    ):
        Modules(lab.host).host(**POOLS, steering="u32", interfaces=["eth1"])


def test_a_qdisc_of_others_outlives_ours(steering: str) -> None:
    with whole_host() as made:
        host = made.lab.host
        host.tc(
            "qdisc add dev eth1 clsact",
            "filter add dev eth1 ingress prio 9 protocol ip u32 match u32 0 0",
        )
        before = state.filters(host, "eth1")
        made.modules.host(**POOLS)
        made.modules.host(**POOLS, interfaces=[])
        assert state.filters(host, "eth1") == before
        assert "pref 128" not in state.filters(host, "vpn")
