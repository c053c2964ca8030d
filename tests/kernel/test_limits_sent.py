# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers send no faster than they may; tc and the bytes that arrive are the witnesses."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from lab import state, steering
from lab.flow import CARRIED, arriving, flowing
from lab.machines import HOST, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS
from scene import DB, WEB, inventory

OUTSIDE = 8080
PAIR = ("pm--lim0", "pm--lim1")


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def limit(modules: Modules, name: str = "web", **limits: object) -> dict[str, Any]:
    return modules.container(name=name, limits=limits)


def pair(lab: Lab) -> list[str]:
    links = lab.host.json("ip", "-j", "link", "show")
    return sorted(link["ifname"] for link in links if link["ifname"] in PAIR)


def classes(lab: Lab) -> str:
    return lab.host.run("tc", "class", "show", "dev", "pm--lim0").stdout


@pytest.mark.parametrize("mbit", [1, 10, 100])
def test_a_container_sends_as_fast_as_it_may(lab: Lab, placed: Modules, mbit: int) -> None:
    limit(placed, send=f"{mbit}mbit")
    web = lab.container("web")
    with arriving(web, lab.peer.place, PEER, OUTSIDE, twice=mbit * 2e6) as flow:
        assert flow.reached() == pytest.approx(mbit * 1e6, rel=0.05)


def test_from_its_service_ports_it_is_the_same(lab: Lab, placed: Modules) -> None:
    limit(placed, send="10mbit")
    web = lab.container("web")
    with arriving(web, lab.peer.place, PEER, OUTSIDE, twice=20e6, source_port=WEB) as flow:
        assert flow.reached() == pytest.approx(10e6, rel=0.05)


def test_neither_the_host_nor_siblings_nor_a_neighbour_is_slowed(
    lab: Lab, placed: Modules
) -> None:
    limit(placed, send="10mbit")
    web, db, peer = lab.container("web"), lab.container("db"), lab.peer.place
    with flowing(web, peer, PEER, OUTSIDE):
        for source, to, address, port in (
            (web, lab.host.place, HOST, OUTSIDE),
            (web, db, HOST, DB),
            (db, peer, PEER, OUTSIDE + 1),
            (lab.host.place, peer, PEER, OUTSIDE + 2),
        ):
            with flowing(source, to, address, port) as flow:
                assert max(flow.rate(0.2) for _ in range(3)) > 60e6, (source, to)
    for link in ("eth0", "lo", "pm-web", "pm-db"):
        assert "htb" not in lab.host.run("tc", "qdisc", "show", "dev", link).stdout


def test_a_limit_comes_changes_and_goes_under_a_connection(lab: Lab, placed: Modules) -> None:
    with flowing(lab.container("web"), lab.peer.place, PEER, OUTSIDE) as flow:
        for mbit in (20, 40):
            limit(placed, send=f"{mbit}mbit")
            assert flow.reaches(mbit * 1e6)
        limit(placed)
        assert max(flow.rate(0.3) for _ in range(5)) > 80e6
        assert flow.broken == ""


@pytest.mark.parametrize("way", ["send", "receive"])
def test_the_original_has_twenty_kilobytes_take_nine_seconds(
    lab: Lab, placed: Modules, way: str
) -> None:
    """SmallEgressLimit and SmallIngressLimit: 20,480 bytes at 2,000 a second."""
    limit(placed, **{way: "16kbit"})
    ends = (lab.peer.place, PEER), (lab.container("web"), HOST)
    (to, address), (source, _own) = ends if way == "send" else ends[::-1]
    with inside(to.netns):
        server = socket.create_server((address, WEB))
    with inside(source.netns):
        client = socket.create_connection((address, WEB), 10)
    with server, client, server.accept()[0] as accepted:
        start = time.monotonic()
        client.sendall(bytes(20_480))
        left = 20_480
        while left:
            left -= len(accepted.recv(left))
        assert 9 < time.monotonic() - start < 25


def test_the_pair_is_there_as_long_as_somebody_is_limited(lab: Lab, placed: Modules) -> None:
    before = state.unnumbered(state.of(lab.host))
    limit(placed, send="10mbit")
    limit(placed, "db", send="20mbit", receive="1gbit")
    assert classes(lab).count(" parent 706d:1 ") == 2
    limit(placed)
    assert pair(lab) == list(PAIR)
    assert classes(lab).count(" parent 706d:1 ") == 1
    assert "rate 20Mbit" in classes(lab)
    limit(placed, "db")
    assert pair(lab) == []
    assert state.difference(before, state.unnumbered(state.of(lab.host))) == ""


def test_the_root_qdisc_that_somebody_else_has_on_the_public_interface_stays(
    lab: Lab, placed: Modules
) -> None:
    lab.host.tc(
        "qdisc add dev eth0 root handle 1: htb default 10",
        "class add dev eth0 parent 1: classid 1:10 htb rate 1gbit",
        "filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 192.0.2.0/24 flowid 1:10",
    )

    def theirs() -> list[str]:
        return [
            lab.host.run("tc", kind, "show", "dev", "eth0", *root).stdout
            for kind, root in (("qdisc", ()), ("class", ()), ("filter", ("root",)))
        ]

    before = theirs()
    limit(placed, send="10mbit", receive="10mbit")
    with arriving(lab.container("web"), lab.peer.place, PEER, OUTSIDE, twice=20e6) as flow:
        assert 0 < flow.reached() < 10.5e6
    assert theirs() == before
    limit(placed)
    assert theirs() == before


def test_it_goes_with_the_last_container_that_is_limited(lab: Lab, placed: Modules) -> None:
    limit(placed, send="10mbit")
    placed.container(name="web", state="absent")
    assert pair(lab) == []
    limit(placed, "db", send="10mbit")
    placed.container(containers=[], purge=True)
    assert pair(lab) == []
    placed.host(**POOLS, state="absent")


def test_a_second_run_changes_nothing_and_other_ports_are_limited_too(
    lab: Lab, placed: Modules
) -> None:
    limit(placed, send="10mbit")
    assert not limit(placed, send="10mbit")["changed"]
    assert not placed.container(containers=inventory(), purge=True)["changed"]
    assert not placed.host(**POOLS)["changed"]
    placed.ranges(container="web", ports=["31200"])
    web = lab.container("web")
    with arriving(web, lab.peer.place, PEER, OUTSIDE, twice=20e6, source_port=31200) as flow:
        assert flow.reached() == pytest.approx(10e6, rel=0.05)
    moved = placed.container(name="web", ephemeral_ports="30912-30943")
    assert moved["container"]["limits"]["send"]["rate"] == 1_250_000
    assert classes(lab).count(" parent 706d:1 ") == 1
    assert not placed.container(name="web")["changed"]
    assert placed.info()["problems"] == []


DAMAGE = {
    "another rate": "tc class change dev pm--lim0 parent 706d:1 classid 706d:754 htb rate 20mbit",
    "no filters": "tc filter del dev pm--lim0 parent 706d: prio 771",
    "no root": "tc qdisc del dev pm--lim0 root",
    "no way on": "tc filter del dev pm--lim1 ingress prio 771",
    "no pair": "ip link del pm--lim0",
    "down": "ip link set pm--lim1 down",
    "past it": "tc filter del dev pm-web ingress prio 771",
}
# With eBPF the class is in the packet, so no filter leads there.
BPF = {
    "no filters": "tc filter del dev pm--lim1 ingress",
    "no way on": "tc filter del dev pm--lim1 ingress prio 128",
    "past it": "tc filter del dev pm-web ingress prio 128",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_and_mended(lab: Lab, placed: Modules, damage: str) -> None:
    limit(placed, send="10mbit")
    whole = state.unnumbered(state.of(lab.host))
    lab.host.run(*steering.by_way(DAMAGE[damage], BPF.get(damage, DAMAGE[damage])).split())
    problems = placed.info()["problems"]
    assert {one["kind"] for one in problems} == {"drift"}
    assert {tuple(one["containers"]) for one in problems} == {("web",)}
    assert placed.container(name="web")["changed"]
    assert placed.info()["problems"] == []
    assert state.difference(whole, state.unnumbered(state.of(lab.host))) == ""
    with arriving(lab.container("web"), lab.peer.place, PEER, OUTSIDE, twice=20e6) as flow:
        assert flow.reached() == pytest.approx(10e6, rel=0.05)


def test_what_a_lost_container_leaves_goes_with_the_next_run(lab: Lab, placed: Modules) -> None:
    limit(placed, send="10mbit")
    lab.host.run("ip", "link", "del", "pm-web")
    placed.container(name="web", state="absent")
    assert pair(lab) == []


def test_root_inside_cannot_choose_another_class(lab: Lab, placed: Modules) -> None:
    limit(placed, send="10mbit")
    limit(placed, "db", send="1gbit")
    web = lab.container("web")
    lab.host.run("tc", "qdisc", "del", "dev", "eth0", "root", container="web", check=False)
    theirs = 0x706D0000 | 30032 >> 4
    with arriving(web, lab.peer.place, PEER, OUTSIDE, twice=20e6, priority=theirs) as flow:
        assert flow.reached() == pytest.approx(10e6, rel=0.05)


def test_a_link_of_somebody_else_is_not_taken(lab: Lab, placed: Modules) -> None:
    lab.host.run("ip", "link", "add", "pm--lim0", "type", "bridge")
    with pytest.raises(ModuleError, match="cannot make the link pm--lim0: a link of this name"):
        limit(placed, send="10mbit")


def test_who_is_not_limited_has_and_is_asked_nothing_more(lab: Lab, placed: Modules) -> None:
    before = state.of(lab.host)
    assert not placed.container(name="db", limits={})["changed"]
    assert pair(lab) == []
    assert state.difference(before, state.of(lab.host)) == ""


def test_another_mac_of_the_host_is_followed(lab: Lab, placed: Modules) -> None:
    limit(placed, send="10mbit")
    lab.host.run("ip", "link", "set", "eth0", "address", "02:00:00:00:00:77")
    assert placed.host(**POOLS)["changed"]
    (seen,) = lab.host.json("ip", "-j", "link", "show", "dev", "pm--lim1")
    assert seen["address"] == "02:00:00:00:00:77"
    assert placed.info()["problems"] == []


def test_with_the_scope_all_the_host_and_siblings_are_reached_as_fast(
    lab: Lab, placed: Modules
) -> None:
    limit(placed, send="10mbit")
    assert placed.host(**POOLS, limit_scope="all")["host"]["limit_scope"] == "all"
    web, db, peer = lab.container("web"), lab.container("db"), lab.peer.place
    ways = ((lab.host.place, HOST, OUTSIDE), (db, HOST, DB), (peer, PEER, OUTSIDE))
    for to, address, port in ways:
        with flowing(web, to, address, port) as flow:
            assert flow.rate(1) == pytest.approx(10e6, rel=0.07), to
    with flowing(db, web, HOST, WEB) as flow:
        assert max(flow.rate(0.3) for _ in range(3)) > 60e6
    assert placed.info()["problems"] == []
    assert not placed.container(name="web")["changed"]
    assert not placed.host(**POOLS)["changed"]
    placed.host(**POOLS, limit_scope="outside")
    assert not lab.host.run("ip", "link", "show", "pm--lim2", check=False).stdout
    with flowing(web, db, HOST, DB) as flow:
        assert max(flow.rate(0.3) for _ in range(3)) > 60e6
    limit(placed)
    assert pair(lab) == []


def test_two_that_borrow_share_by_container_and_not_by_connection(
    lab: Lab, placed: Modules
) -> None:
    placed.host(**POOLS, link_speed="30mbit")
    limits = {"send": "5mbit", "send_ceil": "100%"}
    placed.container(containers=[{"name": name, "limits": limits} for name in ("web", "db")])
    web, db, peer = lab.container("web"), lab.container("db"), lab.peer.place
    with flowing(web, peer, PEER, OUTSIDE, streams=8) as many:
        assert many.rate(1) == pytest.approx(30e6, rel=0.1)
        with flowing(db, peer, PEER, OUTSIDE + 1) as one:
            start = many.received
            alone = one.rate(2)
            shared = (many.received - start) * 8 / CARRIED / 2
    for got in (alone, shared):
        assert got == pytest.approx(15e6, rel=0.15)


def test_another_speed_of_the_link_is_followed(lab: Lab, placed: Modules) -> None:
    limit(placed, send="10mbit")
    placed.host(**POOLS, link_speed="3gbit")
    assert "706d:1 root rate 3Gbit" in classes(lab)
    assert placed.info()["problems"] == []
    lab.host.run("rm", "/run/portmap/host.json")
    placed.container(name="db", state="absent")
    assert "706d:1 root rate 3Gbit" in classes(lab)
