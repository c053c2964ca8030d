# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers use, told by portmap_info at three levels; ss, nstat, tc and ip are the witnesses."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lab import state
from lab.flow import arriving
from lab.machines import HOST, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.netns import inside
from scene import DB, UNOWNED, WEB, inventory

ALL = ["counters", "sockets", "snmp"]
PERCENT = (50, 90, 95, 99)
FIELDS = {
    "counters": r"net_([rt]x_\w+|ephemeral_ports|traffic_control_statistics)",
    "sockets": r"net_tcp_\w+",
    "snmp": r"net_(snmp|netstat)_statistics",
}


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def used(modules: Modules, *levels: str, container: str = "web") -> dict[str, Any]:
    (told,) = modules.info(container=container, usage=list(levels))["containers"]
    return dict(told["usage"])


@pytest.fixture
def connections(lab: Lab, placed: Modules) -> Iterator[list[socket.socket]]:
    """Five connections from outside to web, over which bytes go both ways."""
    with ExitStack() as stack:
        with inside(lab.container("web").netns):
            server = stack.enter_context(socket.create_server((HOST, WEB)))
        ends = []
        for _ in range(5):
            with inside(lab.peer.place.netns):
                ends.append(stack.enter_context(socket.create_connection((HOST, WEB), 10)))
            ends.append(stack.enter_context(server.accept()[0]))
        for one in ends:
            one.sendall(b"x" * 1000)
        for one in ends:
            one.settimeout(10)
            assert one.recv(1000, socket.MSG_WAITALL) == b"x" * 1000
        yield ends


def test_who_does_not_ask_is_not_told(placed: Modules) -> None:
    assert all("usage" not in one for one in placed.info()["containers"])


def test_a_level_is_one_of_three(placed: Modules) -> None:
    with pytest.raises(ModuleError, match="counters, sockets, snmp"):
        placed.info(usage=["everything"])


def test_each_level_adds_fields_of_its_own(placed: Modules) -> None:
    everything = set(used(placed, *ALL))
    for level, fields in FIELDS.items():
        told = set(used(placed, level))
        assert told < everything
        assert all(re.fullmatch(fields, name) for name in told - {"drops"}), told
        assert len(told) > 1


def test_looking_changes_nothing(lab: Lab, placed: Modules) -> None:
    before = state.of(lab.host)
    assert not placed.info(usage=ALL)["changed"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_counters_are_those_that_ip_and_tc_tell(lab: Lab, placed: Modules) -> None:
    lab.host.tc("qdisc add dev pm-web root tbf rate 1gbit burst 256k latency 10ms")
    lab.host.run("ping", "-c", "3", "-i", "0.05", "-s", "1000", PEER, container="web")
    (inner,) = lab.host.json("ip", "-s", "-j", "link", "show", "dev", "eth0", container="web")
    told = used(placed, "counters")
    for way in ("rx", "tx"):
        for counter in ("bytes", "packets", "errors"):
            assert told[f"net_{way}_{counter}"] == inner["stats64"][way][counter], (way, counter)
    assert told["net_ephemeral_ports"] == {"begin": 30016, "end": 30031}
    witness = {
        one["kind"]: one
        for one in lab.host.json("tc", "-s", "-j", "qdisc", "show", "dev", "pm-web")
    }
    ours = {one["id"]: one for one in told["net_traffic_control_statistics"]}
    assert set(ours) == {"tbf", "ingress"}
    assert (ours["tbf"]["direction"], ours["ingress"]["direction"]) == ("rx", "tx")
    for kind, one in ours.items():
        for counter in ("bytes", "packets", "drops", "overlimits", "requeues", "backlog", "qlen"):
            assert one[counter] == witness[kind][counter], (kind, counter)
    assert ours["tbf"]["bytes"] > 3000


def test_connections_and_their_times_are_those_of_ss(
    lab: Lab, placed: Modules, connections: list[socket.socket]
) -> None:
    told = used(placed, "sockets")
    said = lab.host.run("ss", "-Htin", "state", "established", container="web").stdout
    times = sorted(round(float(one) * 1000) for one in re.findall(r" rtt:([\d.]+)/", said))
    assert len(times) == 5
    for percent in PERCENT:
        assert told[f"net_tcp_rtt_microsecs_p{percent}"] == times[5 * percent // 100]
    assert told["net_tcp_active_connections"] == 6  # with the one that listens
    assert told["net_tcp_time_wait_connections"] == 0


def test_what_has_ended_waits_and_is_counted(
    lab: Lab, placed: Modules, connections: list[socket.socket]
) -> None:
    for one in connections[1::2] + connections[::2]:  # who closes first is left with the port
        one.close()
    told = used(placed, "sockets")
    waiting = lab.host.run("ss", "-Htn", "state", "time-wait", container="web").stdout
    assert told["net_tcp_time_wait_connections"] == len(waiting.splitlines()) == 5
    assert told["net_tcp_active_connections"] == 1
    assert not any(name.startswith("net_tcp_rtt") for name in told)


def test_a_connection_that_the_other_end_has_closed_has_a_time(
    placed: Modules, connections: list[socket.socket]
) -> None:
    for one in connections[::2]:
        one.shutdown(socket.SHUT_WR)
    assert connections[-1].recv(1) == b""
    assert used(placed, "sockets")["net_tcp_rtt_microsecs_p50"] > 0


def test_a_server_of_ipv6_that_hears_ipv4_has_times_too(lab: Lab, placed: Modules) -> None:
    with inside(lab.container("db").netns):
        both = socket.create_server(("", DB), family=socket.AF_INET6, dualstack_ipv6=True)
    with inside(lab.peer.place.netns):
        client = socket.create_connection((HOST, DB), 10)
    with both, client, both.accept()[0]:
        told = used(placed, "sockets", container="db")
    assert told["net_tcp_active_connections"] == 2
    assert told["net_tcp_rtt_microsecs_p50"] > 0


def test_snmp_counters_are_those_of_nstat(
    lab: Lab, placed: Modules, connections: list[socket.socket]
) -> None:
    told = used(placed, "snmp")
    said = lab.host.run("nstat", "-asz", container="web").stdout
    witness = {name: int(value) for name, value in re.findall(r"^(\w+) +(-?\d+)", said, re.M)}
    read = lab.host.run("cat", "/proc/net/snmp", container="web").stdout.splitlines()
    for name, group in told["net_snmp_statistics"].items():
        kernel = name.removesuffix("_stats").capitalize()
        names, values = (line.split()[1:] for line in read if line.startswith(kernel + ":"))
        assert group == dict(zip(names, map(int, values)))
        known = {
            counter: witness[kernel + counter] for counter in group if kernel + counter in witness
        }
        assert known == {counter: group[counter] for counter in known}
        assert known
    extended = told["net_netstat_statistics"]["tcp_ext_stats"]
    assert extended["ListenOverflows"] == witness["TcpExtListenOverflows"]
    assert told["net_snmp_statistics"]["tcp_stats"]["PassiveOpens"] == 5


def test_drops_say_why(lab: Lab, placed: Modules) -> None:
    before = used(placed, *ALL)["drops"]
    with (
        inside(lab.container("web").netns),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
    ):
        one.bind(("", UNOWNED))
        for _ in range(7):
            one.sendto(b"x", (PEER, 53))
    after = used(placed, *ALL)["drops"]
    assert after["tx"]["filtered"] - before["tx"]["filtered"] == 7
    assert (after["rx"], after["tx"]["link"]) == (before["rx"], before["tx"]["link"])
    assert set(after["rx"]) == {"link", "unassembled"}


def test_of_a_namespace_that_is_lost_the_link_is_told(lab: Lab, placed: Modules) -> None:
    lab.host.shell("umount -l /run/netns/web && rm -f /run/netns/web")
    told = {one["name"]: one for one in placed.info(usage=ALL)["containers"]}
    assert "net_snmp_statistics" in told["db"]["usage"]
    if "web" in told:
        assert "net_snmp_statistics" not in told["web"]["usage"]


def test_rates_are_those_of_what_flows(lab: Lab, placed: Modules) -> None:
    assert all("rates" not in one for one in placed.info()["containers"])
    with arriving(lab.peer.place, lab.container("web"), HOST, WEB, twice=2e6):
        told = {one["name"]: one["rates"] for one in placed.info(rates=1.5)["containers"]}
    # Ethernet, IP and UDP have 42 bytes besides the 1448 that are counted there.
    assert told["web"]["rx_bytes"] * 8 == pytest.approx(2e6 * 1490 / 1448, rel=0.15)
    assert told["web"]["rx_packets"] == pytest.approx(told["web"]["rx_bytes"] / 1490, abs=2)
    assert 1.5 <= told["web"]["seconds"] < 15
    assert told["db"]["rx_bytes"] < 1000


@pytest.mark.parametrize("seconds", [-1, 3601])
def test_rates_of_a_time_that_nobody_can_mean_are_refused(placed: Modules, seconds: int) -> None:
    with pytest.raises(ModuleError, match=f"cannot measure for {seconds} seconds: expected 0.1"):
        placed.info(rates=seconds)
