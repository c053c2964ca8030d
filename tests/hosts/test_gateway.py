# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway is the one that the host itself uses through the public interface, however it is set."""

from __future__ import annotations

import re

import pytest

import shape
from lab import state, steering
from lab.machines import Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

VIA = "via 10.0.0.254 dev eth0"
SHAPES = {
    "a better one elsewhere": [
        f"route add default {VIA} metric 100", "route add default via 10.9.0.2 dev eth1 metric 50",
    ],
    "metrics": [f"route add default {VIA} metric 100", "route add default via 10.0.0.253 metric 200"],
    "multipath": ["route add default nexthop via 10.9.0.2 dev eth1 nexthop " + VIA],
    "nexthop object": [f"nexthop add id 7 {VIA}", "route add default nhid 7"],
    "nexthop group": [
        f"nexthop add id 7 {VIA}", "nexthop add id 8 via 10.9.0.2 dev eth1",
        "nexthop add id 9 group 8/7", "route add default nhid 9",
    ],
    "table and rule": [f"route add default {VIA} table 100", "rule add lookup 100 pref 100"],
    "rule of the address": [
        "route add default via 10.0.0.253 dev eth0",
        f"route add default {VIA} table 100", "rule add from 10.0.0.1 lookup 100 pref 100",
    ],
    "bogons": [f"route add default {VIA}", "route add blackhole 192.0.2.0/24 metric 9999"],
}  # fmt: skip
OWN_WAY = (
    "bogons",
    "a better one elsewhere",
    "multipath",
    "nexthop group",
    "rule of the address",
)  # of the host


@pytest.mark.parametrize("name", SHAPES)
def test_the_gateway_of_the_host(lab: Lab, modules: Modules, name: str) -> None:
    shape.second_uplink(lab)
    lab.host.ip("route del default", *SHAPES[name])
    prepared = shape.place(modules, public_interface="eth0")
    assert prepared["host"]["gateway"] == "10.0.0.254"
    assert shape.default_routes(lab, "web") == ["default via 10.0.0.254 dev eth0 onlink"]
    assert shape.matrix(lab, host_goes=name not in OWN_WAY) == {}
    for run in (modules.checking(), modules):
        assert not run.host(**POOLS)["changed"]
        assert not run.container(containers=shape.CONTAINERS)["changed"]
    assert shape.matrix(lab, host_goes=name not in OWN_WAY) == {}


def test_a_next_hop_object_of_which_only_the_number_is_told(lab: Lab, modules: Modules) -> None:
    lab.host.place.set_sysctl("ipv4/nexthop_compat_mode", "0")
    lab.host.ip("route del default", f"nexthop add id 7 {VIA}", "route add default nhid 7")
    assert shape.place(modules, public_interface="eth0")["host"]["gateway"] == "10.0.0.254"
    assert shape.matrix(lab) == {}


def test_everybody_on_the_link(lab: Lab, modules: Modules) -> None:
    """A default route of scope link: who is meant answers for himself, or somebody by proxy."""
    lab.peer.place.set_sysctl("ipv4/conf/eth0/proxy_arp", "1")
    lab.host.ip("route del default", "route add default dev eth0 scope link")
    assert shape.place(modules)["host"]["gateway"] is None
    assert shape.default_routes(lab, "web") == ["default dev eth0 scope link"]
    assert shape.matrix(lab) == {}
    assert not modules.host(**POOLS)["changed"]
    assert modules.problems() == []
    lab.host.ip("route del default", f"route add default {VIA}")
    modules.host(**POOLS)
    assert shape.default_routes(lab, "web") == ["default via 10.0.0.254 dev eth0 onlink"]
    assert shape.matrix(lab) == {}


def test_an_address_of_32_bits(lab: Lab, modules: Modules) -> None:
    lab.host.ip(
        "address flush dev eth0",
        "address add 10.0.0.1/32 dev eth0",
        "route add default via 10.0.0.254 dev eth0 onlink",
    )
    prepared = shape.place(modules)
    assert prepared["host"]["address"] == "10.0.0.1/32"
    assert prepared["host"]["gateway"] == "10.0.0.254"
    assert not modules.host(**POOLS)["changed"]
    lab.peer.place.set_sysctl("ipv4/conf/eth0/proxy_arp", "1")
    assert shape.matrix(lab) == {}


@pytest.mark.parametrize("check", [False, True])
def test_a_gateway_of_ipv6_is_refused(lab: Lab, modules: Modules, check: bool) -> None:
    lab.host.ip("route del default", "address add fe80::10/64 dev eth0 nodad")
    lab.host.run(
        *["ip", "-4", "route", "add", "default", "via", "inet6", "fe80::1", "dev", "eth0"]
    )
    before = state.of(lab.host)
    run = modules.checking() if check else modules
    with pytest.raises(ModuleError, match="leads via inet6"):
        run.host(**POOLS)
    assert state.difference(before, state.of(lab.host)) == ""


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ([f"route replace default {VIA} mtu 1400"], "sets mtu 1400"),
        ([f"route replace default {VIA} advmss 1200"], "sets advmss 1200"),
        (["route add 172.16.0.0/12 via 10.0.0.253"], r"172\.16\.0\.0/12 via 10\.0\.0\.253"),
        (["route add 169.254.169.254 dev eth0"], r"169\.254\.169\.254/32"),
    ],
)
def test_what_containers_are_not_given_is_told(
    lab: Lab, modules: Modules, routes: list, told: str
) -> None:
    if "via 10.0.0.254" not in routes[0]:
        steering.only(steering.U32, "with eBPF, containers follow other routes")
    lab.host.ip(*routes)
    prepared = shape.place(modules)
    assert re.search(told, shape.told(prepared))
    assert [one["kind"] for one in modules.problems()] == ["route"]


def test_a_plain_host_has_nothing_to_be_told(modules: Modules) -> None:
    assert "warnings" not in shape.place(modules)
    assert modules.problems() == []
