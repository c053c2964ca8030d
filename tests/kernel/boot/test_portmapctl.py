# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command portmapctl as an operator types it: every answer, on a host with real sockets and packets."""

from __future__ import annotations

from typing import Any

import pytest

from asking import LISTEN, ask, facts
from lab.machines import HOST, PEER, Lab, Machine
from lab.modules import Modules
from lab.pools import POOLS
from scene import inventory


@pytest.fixture
def host(wired: Lab) -> Machine:
    return wired.host


# --- list ---------------------------------------------------------------------------------------


@pytest.mark.smoke
def test_the_list_is_what_portmap_info_returns(host: Machine) -> None:
    told = facts(host, "list")
    found = Modules(host).info()["containers"]
    for one in found:
        one.pop("statistics")
    assert told == {
        "containers": [{**one, "up": True, "alive": True} for one in found],
        "unseen": [],
    }
    assert ask(host, "list", "db").stdout.splitlines() == [
        "NAME  PORTS                     EPHEMERAL    LINK   STATE",
        "db    31008-31031, 31500-31999  30032-30047  pm-db  up",
    ]


def test_nobody_is_listed_who_is_not_there(host: Machine) -> None:
    said = ask(host, "list", "nobody", code=3)
    assert said.stdout == ""
    assert said.stderr == "portmapctl: cannot describe nobody: there is no such container\n"


# --- who ----------------------------------------------------------------------------------------


def test_a_server_in_a_container_is_named_and_reached(host: Machine, server: Any) -> None:
    pid = server("SOCK_STREAM", "0.0.0.0", 31001, "web")
    told = facts(host, "who", "31001")
    assert (told["owner"], told["kind"], told["range"]) == ("web", "service", "31000-31007")
    assert [(one["process"], one["address"]) for one in told["sockets"]] == [
        ("python3", "0.0.0.0")
    ]
    heard = host.run("ss", "-Hltnp", "sport = :31001", container="web").stdout
    assert f"pid={told['sockets'][0]['pid']}," in heard, pid
    assert told["reachable"] == {"outside": True, "host": True}
    assert (told["reasons"], told["on_host"], told["unseen"]) == ([], [], [])


BOUND = {
    "the host's address": (HOST, True, True),
    "all addresses of both families": ("::", True, True),
    "a loopback address": ("127.0.0.1", False, True),
    "only IPv6": ("::1", False, False),
}


@pytest.mark.parametrize("case", BOUND)
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_what_is_said_to_be_reached_is_reached(
    wired: Lab, host: Machine, server: Any, kind: str, case: str
) -> None:
    address, outside, inside = BOUND[case]
    if ":" in address:
        host.container("web").set_sysctl("ipv6/conf/lo/disable_ipv6", "0")
    server(kind, address, 31002, "web")
    told = facts(host, "who", "31002")
    assert told["reachable"] == {"outside": outside, "host": inside}
    assert bool(told["reasons"]) == (not outside)
    if kind == "SOCK_STREAM":
        target = "127.0.0.1" if address == "127.0.0.1" else HOST
        assert [connects(wired.peer, HOST), connects(host, target)] == [outside, inside]
    host.container("web").set_sysctl("ipv6/conf/lo/disable_ipv6", "1")


def connects(machine: Machine, address: str) -> bool:
    return not machine.run(
        "timeout", "2", "bash", "-c", f"</dev/tcp/{address}/31002", check=False
    ).returncode


def test_why_nobody_answers_is_said(host: Machine, server: Any) -> None:
    told = facts(host, "who", "31003")
    assert told["reachable"] == {"outside": False, "host": False}
    assert told["reasons"] == ["nobody listens there in web"]
    server("SOCK_STREAM", "0.0.0.0", 31003, "web")
    host.ip("link set pm-web down")
    try:
        told = facts(host, "who", "31003")
    finally:
        host.ip("link set pm-web up")
    assert told["reachable"] == {"outside": False, "host": False}
    assert len(told["sockets"]) == 1
    assert any("pm-web" in reason for reason in told["reasons"])
    assert facts(host, "who", "31003")["reasons"] == []


def test_a_port_whose_filters_are_lost_still_has_its_owner(wired: Lab, host: Machine) -> None:
    host.tc("filter delete dev eth0 ingress protocol ip prio 770")
    try:
        told = facts(host, "who", "31001")
    finally:
        Modules(host).host(**POOLS)
        Modules(host).container(containers=inventory())
    assert told["owner"] == "web"
    assert told["reachable"] == {"outside": False, "host": False}
    assert any("filter" in reason for reason in told["reasons"])


def test_a_host_with_another_address_is_a_reason(lab: Lab, modules: Modules) -> None:
    lab.host.own_directories()
    modules.host(**POOLS, command=True)
    modules.container(containers=inventory())
    lab.host.ip(
        "address flush dev eth0 scope global",
        "address add 10.0.0.77/24 dev eth0",
        f"route add default via {PEER}",
    )
    told = facts(lab.host, "who", "31004")
    assert told["reachable"] == {"outside": False, "host": False}
    assert f"containers have the address {HOST}, and the host has 10.0.0.77" in told["reasons"]


def test_a_process_of_the_host_on_a_port_of_a_container_is_told(
    host: Machine, server: Any
) -> None:
    server("SOCK_STREAM", "0.0.0.0", 32000)
    said = ask(host, "who", "32000").stdout.splitlines()
    assert said[0] == "port 32000: cache, service ports 32000"
    assert said[1].startswith("on the host: python3 (pid ")
    assert said[1].endswith("listens on 0.0.0.0: in vain, for cache owns the port (TCP)")


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("31099", "free, in the pool of service ports 31032-31099"),
        ("30500", "free, in the pool of ephemeral ports 30064-30999"),
        ("40000", "the host's own, for its outgoing connections 32768-60999"),
        ("80", "the host's own, in no pool"),
    ],
)
def test_a_port_of_nobody_is_told_with_what_it_is_for(
    host: Machine, server: Any, port: str, said: str
) -> None:
    server("SOCK_DGRAM", HOST, int(port))
    lines = ask(host, "who", port, code=1).stdout.splitlines()
    assert lines[0] == f"port {port}: {said}"
    assert lines[1].startswith("on the host: python3 (pid ")
    assert lines[1].endswith(f"is bound to {HOST} (UDP)")
    assert len(lines) == 2


def test_who_uses_an_ephemeral_port_is_told_with_the_peer(wired: Lab, host: Machine) -> None:
    listening = wired.peer.start("python3", "-c", LISTEN, "SOCK_STREAM", PEER, "7000")
    assert listening.stdout is not None
    listening.stdout.readline()
    mine = host.start(
        "python3",
        "-c",
        "import socket, time\n"
        f"one = socket.create_connection(('{PEER}', 7000))\n"
        "print(one.getsockname()[1], flush=True)\n"
        "time.sleep(600)",
        container="web",
    )
    try:
        assert mine.stdout is not None
        told = facts(host, "who", mine.stdout.readline().strip())
    finally:
        for process in (mine, listening):
            process.kill()
            process.wait()
    assert (told["owner"], told["kind"]) == ("web", "ephemeral")
    assert [one["peer"] for one in told["sockets"]] == [f"{PEER}:7000"]


# --- free ---------------------------------------------------------------------------------------


def test_what_is_free_can_be_given_and_lies_beside_what_is_not(host: Machine, server: Any) -> None:
    server("SOCK_STREAM", "0.0.0.0", 31050)
    told = facts(host, "free", "8")
    assert told == {
        "size": 8,
        "alignment": 8,
        "pool": ["31000-32000"],
        "stretches": [
            {"ports": "31032-31049", "runs": 2, "first": "31032-31039"},
            {"ports": "31051-31099", "runs": 5, "first": "31056-31063"},
            {"ports": "31101-31499", "runs": 49, "first": "31104-31111"},
        ],
        "containers_left": 58,
    }
    modules = Modules(host)
    modules.ranges(container="cache", ports=["31032-31039"])
    assert facts(host, "free", "8")["stretches"][0]["first"] == "31040-31047"
    modules.ranges(container="cache", ports=["31032-31039"], state="absent")
    assert ask(host, "free", "1000", code=1).stdout.splitlines() == [
        "no run of 1000 ports is free in 31000-32000",
        "ephemeral ports are left for 58 containers more",
    ]


# --- check --------------------------------------------------------------------------------------


def test_check_is_for_monitoring(host: Machine) -> None:
    assert ask(host, "check").stdout == "ok: nothing is wrong\n"
    assert facts(host, "check") == {"problems": []}
    host.ip("link set pm-web down")
    try:
        lines = ask(host, "check", code=1).stdout.splitlines()
        found = Modules(host).problems()
        assert facts(host, "check", code=1) == {"problems": found}
    finally:
        host.ip("link set pm-web up")
    assert len(lines) == len(found) == 1
    assert "pm-web" in lines[0]


# --- top ----------------------------------------------------------------------------------------


def test_top_measures_what_containers_send_and_receive(host: Machine) -> None:
    """20 packets of 1,042 bytes in a frame, 10 a second, answered by nobody."""
    send = host.start(
        "python3",
        "-c",
        "import socket, time\n"
        "one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "print('ready', flush=True)\n"
        "for _ in range(60):\n"
        f"    one.sendto(bytes(1000), ('{PEER}', 9)); time.sleep(0.1)",
        container="db",
    )
    try:
        assert send.stdout is not None
        send.stdout.readline()
        told = facts(host, "top", "--interval", "2")
        busiest = told["containers"][0]
    finally:
        send.kill()
        send.wait()
    assert told["seconds"] == pytest.approx(2, abs=0.5)
    assert busiest["name"] == "db"
    assert busiest["tx_packets"] == pytest.approx(10, rel=0.3)
    assert busiest["tx_bytes"] == pytest.approx(10 * 1042, rel=0.3)
    assert {one["name"] for one in told["containers"]} == {"web", "db", "cache"}
    said = ask(host, "top", "-i", "0.1", "-n", "1").stdout.splitlines()
    assert said[0].split() == ["NAME", "RECEIVED", "B/s", "PACKETS/s", "SENT", "B/s", "PACKETS/s"]
    assert said[-1] == "and 2 more"
