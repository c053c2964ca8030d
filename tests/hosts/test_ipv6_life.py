# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How containers of a host come by IPv6, and lose it again."""

from __future__ import annotations

import re
import socket
import struct
import time

import pytest

import shape
from dual import ADDRESSES, HOST, PEER, Six, host_with_ipv6
from lab import machines, probes, state
from lab.machines import Machine
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS
from lab.probes import Probe
from shape import WEB


def _state(host: Machine) -> dict[str, str]:
    return state.unnumbered(state.of(host))


def test_taking_it_back_leaves_nothing(steering: str) -> None:
    with host_with_ipv6() as made:
        before = _state(made.lab.host)
        shape.place(made.modules)
        assert made.host.sysctl("ipv6/conf/lo/forwarding") == "1"
        made.modules.container(containers=[], purge=True)
        made.modules.host(state="absent")
        left = _state(made.lab.host)
        before, left = map(state.without_loopback_mac, (before, left))
        assert state.difference(before, left) == ""


def test_ipv6_can_be_off(steering: str) -> None:
    with host_with_ipv6() as made:
        first = made.modules.checking().host(**POOLS)
        assert "reached over IPv6, too (2001:db8:9::1" in shape.told(first)
        made.modules.host(**POOLS, ipv6=False)
        made.modules.container(containers=shape.CONTAINERS)
        assert set(ADDRESSES).isdisjoint(made.modules.info()["host"]["addresses"])
        assert made.host.sysctl("ipv6/conf/lo/forwarding") == "0"
        assert not made.modules.host(**POOLS)["changed"]
        by_six = Probe(made.outside[PEER].place, "tcp", HOST, WEB)
        with probes.servers() as servers:
            servers.listen(made.web, WEB)
            assert by_six.run().who == probes.REFUSED
        assert made.modules.host(**POOLS, ipv6=True)["changes"][0] == "set ipv6 to true"
        with probes.servers() as servers:
            servers.listen(made.web, WEB, HOST)
            assert by_six.run().who == "web"
        assert made.modules.problems() == []


def test_with_u32_there_is_no_ipv6(steering: str) -> None:
    with (
        machines.lab() as lab,
        pytest.raises(ModuleError, match="cannot use ipv6: steering u32 steers IPv4 alone"),
    ):
        Modules(lab.host).host(**POOLS, steering="u32", ipv6=True)


def test_with_u32_it_is_as_it_was(steering: str) -> None:
    """Over and back under a connection of IPv4, which both have."""
    with host_with_ipv6() as made:
        host = made.lab.host
        made.modules.host(**POOLS, steering="u32")
        made.modules.container(containers=shape.CONTAINERS)
        before = _state(host)
        made.modules.host(**POOLS, steering="bpf")
        assert HOST in host.run("ip", "-6", "address", container="web").stdout
        made.modules.host(**POOLS, steering="u32")
        assert _settled(state.difference(before, _state(host))) == set()


def _settled(difference: str) -> set[str]:
    """What differs besides two switches that mean nothing without IPv6."""
    lines = {line.strip() for line in difference.splitlines() if line[:1] in "+-"}
    return {
        line for line in lines if not re.search("---|\\+\\+\\+|accept_ra =|addr_gen_mode =", line)
    }


def test_what_routers_told_the_host_outlives_the_preparation(steering: str) -> None:
    """The kernel forgets it with the first link that forwards."""
    with host_with_ipv6() as made:
        host = made.lab.host
        host.ip(
            f"route del default via {PEER}",
            f"address del {HOST}/64 dev eth0",
            "address add fe80::10/64 dev eth0 nodad",
        )
        learnt = _advertised(made)
        made.modules.host(**POOLS)
        assert _routes(host) == learnt
        assert made.host.sysctl("ipv6/conf/eth0/accept_ra") == "1"
        assert made.host.sysctl("ipv6/conf/lo/forwarding") == "1"


def _advertised(made: Six) -> list[str]:
    """The host's routes, when a router has told it of itself and of its network."""
    made.lab.peer.ip("address add fe80::fe/64 dev eth0 nodad")
    network = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0)
    network += socket.inet_pton(socket.AF_INET6, "2001:db8:5::")
    message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + network
    with inside(made.lab.peer.place.netns):
        router = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        with router:
            router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            router.sendto(message, ("ff02::1%eth0", 0))
    until = time.monotonic() + probes.patience()
    while not (found := [one for one in _routes(made.lab.host) if "proto ra" in one]):
        assert time.monotonic() < until, "the host has not heard the router"
        time.sleep(0.05)
    assert any(one.startswith("default via fe80::fe") for one in found)
    return _routes(made.lab.host)


def _routes(host: Machine) -> list[str]:
    shown = host.run("ip", "-6", "route", "show", "dev", "eth0").stdout
    return sorted(re.sub(r" expires \d+sec", "", line).strip() for line in shown.splitlines())
