# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host and containers follow when the host changes, without a controller: what portmap-follow.service does."""

from __future__ import annotations

import os
import re
import time

import pytest

from changing import CONTAINERS, DEFAULT, NEW, NEW_MAC, OLD_MAC, lives, renumber
from lab import probes, state
from lab.follower import Follower, following, until
from lab.machines import BEYOND, HOST, OTHER, PEER, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe

# --- what it follows ----------------------------------------------------------------------------


def renumbered(lab: Lab) -> str:
    renumber(lab)
    return NEW


def without_an_address_for_a_while(lab: Lab) -> str:
    """As a client of DHCP leaves it whose lease has ended."""
    lab.host.ip("address flush dev eth0")
    time.sleep(4)
    renumber(lab)
    return NEW


def another_mac(lab: Lab) -> str:
    lab.wire.run("bridge", "fdb", "add", NEW_MAC, "dev", "host", "master", "static")
    lab.host.ip(
        "link set eth0 down", f"link set eth0 address {NEW_MAC}", "link set eth0 up", DEFAULT
    )
    lab.peer.ip("neigh flush dev eth0")
    return HOST


def another_mtu(lab: Lab) -> str:
    lab.host.ip("link set eth0 mtu 1400")
    return HOST


def another_gateway(lab: Lab) -> str:
    """Another machine is the gateway now, and has what is behind it."""
    lab.peer.ip(f"address del {BEYOND}/32 dev lo")
    lab.other.ip(f"address add {BEYOND}/32 dev lo")
    lab.host.ip(f"route replace default via {OTHER} dev eth0")
    return HOST


EVENTS = {
    "renumbered": (renumbered, f"address {HOST}/24 -> {NEW}/24; db and web follow"),
    "no address": (without_an_address_for_a_while, f"address {HOST}/24 -> {NEW}/24; db and web"),
    "another MAC": (another_mac, f"MAC {OLD_MAC} -> {NEW_MAC}; db and web follow"),
    "another MTU": (another_mtu, "MTU 1500 -> 1400; db and web follow"),
}


@pytest.mark.parametrize("event", EVENTS)
def test_containers_follow_within_seconds(
    lab: Lab, two: Modules, follower: Follower, event: str
) -> None:
    act, words = EVENTS[event]
    assert lives(lab)
    address = act(lab)
    follower.says(words)
    until(lambda: lives(lab, address), "packets pass again")
    follower.rests()
    lines = follower.said().splitlines()
    assert [line for line in lines if not line.startswith("portmap-follow: ")] == []
    assert len([line for line in lines if re.match(r"portmap-follow: \d+ changes: ", line)]) == 1
    assert "is tried again" not in follower.said() or event == "no address"
    assert two.problems() == []
    assert not two.host(**POOLS)["changed"]


def test_containers_follow_to_another_gateway(lab: Lab, two: Modules, follower: Follower) -> None:
    asked = [Probe(lab.container("web"), protocol, BEYOND, 53) for protocol in ("tcp", "udp")]
    with probes.servers() as servers:
        servers.listen(lab.peer.place, 53, BEYOND)
        assert {one.run().who for one in asked} == {"peer"}
        another_gateway(lab)
        servers.listen(lab.other.place, 53, BEYOND)
        until(lambda: {one.run().who for one in asked} == {"other"}, "the other one is asked")
    follower.says(f"after changes of routes: gateway {PEER} -> {OTHER}; db and web follow")
    assert two.problems() == []


def test_a_link_that_flaps_is_waited_for(lab: Lab, two: Modules, follower: Follower) -> None:
    for _at in range(3):
        lab.host.ip("link set eth0 down")
        time.sleep(0.2)
        lab.host.ip("link set eth0 up", DEFAULT)
    until(lambda: lives(lab), "packets pass again")
    follower.rests()
    assert "changes: " not in follower.said()
    assert two.problems() == []


def test_an_interface_that_is_made_anew_gets_its_filters_back(
    lab: Lab, two: Modules, follower: Follower
) -> None:
    """As when its driver is loaded again.  While it is gone, nobody is removed and nothing is moved."""
    lab.host.ip("link del eth0")
    follower.says("cannot use public_interface eth0: no such interface")
    assert lab.host.run("ip", "-o", "link", "show", "type", "veth").stdout.count(" pm-") == 2
    lab.wire.ip(
        f"link add host type veth peer name eth0 address {OLD_MAC} netns {lab.host.pid}",
        "link set host master lan up",
    )
    lab.wire.run("bridge", "fdb", "add", OLD_MAC, "dev", "host", "master", "static")
    lab.host.ip("link set eth0 up", f"address add {HOST}/24 dev eth0", DEFAULT)
    until(lambda: lives(lab), "packets pass again")
    follower.says("the host is followed again")
    assert "the host was not as it shall be" in follower.said()
    assert two.problems() == []


def test_a_host_that_is_prepared_later_is_followed_from_then_on(
    lab: Lab, modules: Modules
) -> None:
    with following(lab.host) as follower:
        follower.says("nothing to follow: this host is not prepared")
        assert not os.path.exists(lab.host.path("/run/portmap")), "it has left something"
        modules.host(**POOLS)
        modules.container(containers=CONTAINERS)
        renumber(lab)
        follower.says(f"-> {NEW}/24")
        until(lambda: lives(lab, NEW), "packets pass again")
        modules.container(containers=[], purge=True)
        modules.host(state="absent")
        before = state.of(lab.host)
        renumber(lab, HOST)
        renumber(lab, NEW)
        time.sleep(6)
        follower.rests()
        assert state.difference(before, state.of(lab.host)) == ""


# --- what it does not ---------------------------------------------------------------------------


def test_a_host_that_is_as_it_shall_be_is_left_alone_in_silence(
    lab: Lab, two: Modules, follower: Follower
) -> None:
    before = state.of(lab.host)
    lab.host.ip("link add other type veth peer name other-far", "link del other")
    time.sleep(1)
    follower.rests()
    assert follower.said() == ""
    assert state.difference(before, state.of(lab.host)) == ""


def test_it_never_moves_to_another_interface(lab: Lab, two: Modules, follower: Follower) -> None:
    lab.host.ip(
        "link add eth1 type veth peer name eth1-far", "link set eth1-far up", "link set eth1 up",
        "address add 10.9.0.1/24 dev eth1", "route replace default via 10.9.0.2 dev eth1",
    )  # fmt: skip
    follower.says(
        "cannot follow the host: the host has no default route from 10.0.0.1 through eth0 any more"
    )
    assert "it is tried again" in follower.said()
    lab.host.ip("address flush dev eth0")
    follower.says("cannot use public_interface eth0: it has no IPv4 address")
    renumber(lab)
    follower.says(f"-> {NEW}/24")
    until(lambda: lives(lab, NEW), "packets pass again")
    assert "ingress" not in lab.host.run("tc", "qdisc", "show", "dev", "eth1").stdout


def test_an_address_that_was_named_is_waited_for(lab: Lab, two: Modules) -> None:
    two.host(**POOLS, address=HOST)
    with following(lab.host) as follower:
        follower.rests()
        renumber(lab)
        follower.says(f"cannot use address {HOST}: eth0 does not have it ({NEW}/24); it is tried")
        renumber(lab, HOST)
        follower.says("the host is followed again")
        assert lives(lab)


def test_one_that_is_spoilt_from_inside_keeps_no_other_back(
    lab: Lab, two: Modules, follower: Follower
) -> None:
    lab.host.ip(
        "link set eth0 down", "link set eth0 name evil", "link add eth0 type veth peer name eth9",
        container="db",
    )  # fmt: skip
    renumber(lab)
    follower.says("cannot place db: this container's namespace was changed from inside")
    asked = [Probe(lab.peer.place, protocol, NEW, 31001) for protocol in ("tcp", "udp")]
    with probes.servers() as servers:
        servers.listen(lab.container("web"), 31001)
        until(lambda: {one.run().who for one in asked} == {"web"}, "web lives")
    assert "; web follows" in follower.said()
