# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers: where their namespace comes from, what is inside, what stays when they go."""

from __future__ import annotations

import os
import re
import select
import subprocess
from collections.abc import Iterator

import pytest

from lab import probes, state
from lab.machines import HOST, HOST_MAC, PEER, Lab, Place
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import PORTS, WEB, inventory


def link(lab: Lab, name: str, container: str | None = None) -> dict:
    return lab.host.json("ip", "-d", "-j", "link", "show", "dev", name, container=container)[0]


def links(lab: Lab) -> set[str]:
    return {link["ifname"] for link in lab.host.json("ip", "-j", "link", "show")}


def handles(lab: Lab) -> set[str]:
    return set(os.listdir(lab.host.path("/run/netns")))


def identity(path: str) -> int:
    """The inode of the namespace at a path."""
    return os.stat(path).st_ino


@pytest.fixture
def sleeper(lab: Lab) -> Iterator[subprocess.Popen[str]]:
    with lab.host.tenant() as process:
        yield process


# --- namespaces -----------------------------------------------------------------------------------


def test_a_container_says_what_it_is(lab: Lab, prepared: Modules) -> None:
    result = prepared.container(name="web", ports=["31000-31007", "31100"])
    assert result["changed"]
    inode = os.stat(lab.host.path("/run/netns/web")).st_ino
    assert result["container"] == {
        "name": "web",
        "state": "present",
        "netns": "/run/netns/web",
        "namespace_inode": inode,
        "created": True,
        "interface": "pm-web",
        "ports": ["31000-31007", "31100"],
        "assigned": {},
        "ephemeral_ports": "30016-30031",
        "limits": {},
        "host_services": True,
        "host_ports": [],
        "allow_from": ["0.0.0.0/0", "::/0"],
    }


@pytest.mark.smoke
def test_a_namespace_is_made_when_missing_and_goes_with_the_container(
    lab: Lab, prepared: Modules
) -> None:
    before = state.of(lab.host)
    prepared.container(name="web", ports=["31000"])
    assert handles(lab) == {"web"}
    assert "web" in lab.host.run("ip", "netns", "list").stdout
    result = prepared.container(name="web", state="absent")
    assert result["changed"]
    assert result["container"]["state"] == "absent"
    assert handles(lab) == set()
    assert state.difference(before, state.of(lab.host)) == ""


def test_a_namespace_that_was_there_stays(lab: Lab, prepared: Modules) -> None:
    lab.host.run("ip", "netns", "add", "web")
    before = identity(lab.host.path("/run/netns/web"))
    prepared.container(name="web", ports=["31000"])
    assert identity(lab.host.path("/run/netns/web")) == before
    prepared.container(name="web", state="absent")
    assert handles(lab) == {"web"}
    assert identity(lab.host.path("/run/netns/web")) == before
    inner = lab.host.json("ip", "-j", "link", "show", container="web")
    assert [link["ifname"] for link in inner] == ["lo"]
    assert "ingress" not in lab.host.run("tc", "qdisc", "show", container="web").stdout


def test_a_namespace_of_another_name(lab: Lab, prepared: Modules) -> None:
    lab.host.run("ip", "netns", "add", "frontend")
    result = prepared.container(name="web", netns="frontend", ports=["31000"])
    assert result["container"]["netns"] == "/run/netns/frontend"
    assert link(lab, "eth0", "frontend")["address"] == HOST_MAC
    prepared.container(name="web", state="absent")
    assert "frontend" in handles(lab)


def test_a_namespace_by_path(lab: Lab, prepared: Modules) -> None:
    lab.host.run("mkdir", "/run/elsewhere")
    lab.host.run("touch", "/run/elsewhere/n1")
    lab.host.run("unshare", "--net=/run/elsewhere/n1", "true")
    prepared.container(name="web", netns="/run/elsewhere/n1", ports=["31000"])
    inner = lab.host.run("nsenter", "--net=/run/elsewhere/n1", "ip", "-o", "-4", "address").stdout
    assert f"{HOST}/24" in inner
    assert prepared.info()["containers"][0]["name"] == "web"
    assert not prepared.container(name="web", netns="/run/elsewhere/n1", ports=["31000"])[
        "changed"
    ]
    prepared.container(name="web", state="absent")
    assert os.path.exists(lab.host.path("/run/elsewhere/n1"))
    inner = lab.host.run("nsenter", "--net=/run/elsewhere/n1", "ip", "-o", "link").stdout
    assert "eth0" not in inner


def test_a_namespace_by_pid(lab: Lab, prepared: Modules, sleeper: subprocess.Popen[str]) -> None:
    inner = f"/proc/{sleeper.pid}/ns/net"
    prepared.container(name="web", pid=sleeper.pid, ports=["31000-31007"])
    assert identity(lab.host.path("/run/netns/web")) == identity(inner)
    assert not prepared.container(name="web", pid=sleeper.pid, ports=["31000-31007"])["changed"]
    with probes.servers() as servers:
        servers.listen(Place("web", inner), WEB, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, WEB).run().who == "web"
    prepared.container(name="web", state="absent")
    assert handles(lab) == set()
    assert sleeper.poll() is None


@pytest.mark.parametrize("check", [False, True])
def test_a_handle_of_somebody_else_is_not_replaced(
    lab: Lab, prepared: Modules, sleeper: subprocess.Popen[str], check: bool
) -> None:
    modules = prepared.checking() if check else prepared
    lab.host.run("ip", "netns", "add", "web")
    before = identity(lab.host.path("/run/netns/web"))
    with pytest.raises(
        ModuleError, match=r"/run/netns/web is somebody else's.*ip netns delete web"
    ):
        modules.container(name="web", pid=sleeper.pid, ports=["31000"])
    assert identity(lab.host.path("/run/netns/web")) == before
    assert "pm-web" not in links(lab)


def test_a_handle_of_ours_leads_to_the_next_process(
    lab: Lab, prepared: Modules, sleeper: subprocess.Popen[str]
) -> None:
    """Also when the veth, which tells whose the handle is, has gone."""
    prepared.container(name="web", ports=["31000"])
    lab.host.run("ip", "link", "delete", "pm-web")
    prepared.container(name="web", pid=sleeper.pid, ports=["31000"])
    inner = f"/proc/{sleeper.pid}/ns/net"
    assert identity(lab.host.path("/run/netns/web")) == identity(inner)


def test_a_container_outlives_the_process_that_it_was_made_from(
    lab: Lab, prepared: Modules, sleeper: subprocess.Popen[str]
) -> None:
    prepared.container(name="web", pid=sleeper.pid, ports=["31000-31007"])
    sleeper.kill()
    sleeper.wait()
    assert not prepared.container(name="web", ports=["31000-31007"])["changed"]
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, WEB).run().who == "web"


# --- the pair -------------------------------------------------------------------------------------


def test_the_host_end_is_named_and_marked(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    veth = link(lab, "pm-web")
    assert veth["ifalias"].split()[0] == "portmap:web"
    assert veth["group"] in (28781, "28781")
    assert "UP" in veth["flags"]


@pytest.mark.parametrize("name", ["twelve-chars", "thirteen-char", "a" * 63, "a" * 62 + "b"])
def test_any_name_gives_an_interface_name_that_fits(
    lab: Lab, prepared: Modules, name: str
) -> None:
    made = prepared.container(name=name, ports=["31000"])["container"]["interface"]
    assert re.fullmatch(rf"pm-{name[:5]}[a-z0-9-]*", made)
    assert len(made) <= 15
    assert made in links(lab)
    assert prepared.info(container=name)["containers"][0]["name"] == name


def test_long_names_that_begin_alike_have_different_interfaces(
    lab: Lab, prepared: Modules
) -> None:
    names = ["frontend-server-1", "frontend-server-2"]
    prepared.container(
        containers=[{"name": name, "ports": [str(31000 + n)]} for n, name in enumerate(names)]
    )
    assert [item["name"] for item in prepared.info()["containers"]] == names
    assert len([name for name in links(lab) if name.startswith("pm-")]) == 2


def test_both_ends_are_born_with_the_mac_of_the_host(lab: Lab, prepared: Modules) -> None:
    """Set later, udev may have given another by then."""
    watch = lab.host.start("stdbuf", "-oL", "ip", "-o", "monitor", "link")
    try:
        while not select.select([watch.stdout], [], [], 0.05)[0]:
            lab.host.ip("link set eth0 alias seen")  # until it is seen, nobody watches
        prepared.container(name="web", ports=["31000"])
    finally:
        watch.terminate()
    told = [line for line in watch.communicate()[0].splitlines() if "pm-web" in line]
    assert told
    assert [line for line in told if HOST_MAC not in line] == []
    assert link(lab, "eth0", "web")["address"] == HOST_MAC


def queues(lab: Lab, container: str) -> list[tuple[int, int]]:
    """Numbers of transmit and receive queues, of the host's end and of the container's."""
    ends = (link(lab, f"pm-{container}"), link(lab, "eth0", container))
    return [(end["num_tx_queues"], end["num_rx_queues"]) for end in ends]


def test_each_end_of_a_new_veth_has_one_queue(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    for name in PORTS:
        assert queues(lab, name) == [(1, 1), (1, 1)]


def test_a_veth_that_has_more_queues_keeps_them(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=PORTS["web"])
    lab.host.ip("link del pm-web")
    many = f"mtu 1500 address {HOST_MAC} numtxqueues 4 numrxqueues 4"
    lab.host.ip(
        f"link add pm-web {many} group 28781 type veth peer name eth0 {many} netns web",
        "link set pm-web alias portmap:web",
    )
    born = link(lab, "pm-web")["ifindex"]
    prepared.container(name="web", ports=PORTS["web"])
    assert not prepared.container(name="web", ports=PORTS["web"])["changed"]
    assert prepared.info()["problems"] == []
    assert queues(lab, "web") == [(4, 4), (4, 4)]
    assert link(lab, "pm-web")["ifindex"] == born


def test_the_inside_is_configured(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    web = lab.container("web")
    assert (link(lab, "eth0", "web")["mtu"], link(lab, "lo", "web")["mtu"]) == (1500, 1500)
    assert link(lab, "lo", "web")["address"] == HOST_MAC
    assert "UP" in link(lab, "lo", "web")["flags"]
    assert "UP" in link(lab, "eth0", "web")["flags"]
    addresses = lab.host.run("ip", "-o", "-4", "address", "show", "eth0", container="web").stdout
    assert f"inet {HOST}/24" in addresses
    routes = lab.host.run("ip", "route", "show", "default", container="web").stdout
    assert routes.split()[:5] == ["default", "via", PEER, "dev", "eth0"]
    wanted = {
        "conf/eth0/accept_local": "1",
        "conf/lo/accept_local": "1",
        "conf/lo/route_localnet": "1",
        "conf/eth0/arp_ignore": "8",
        "ip_local_port_range": "30016\t30031",
    }
    assert {name: web.sysctl(f"ipv4/{name}") for name in wanted} == wanted


def test_ipv6_is_off_inside_and_on_the_veth(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    assert lab.host.run("ip", "-6", "-o", "address", container="web").stdout == ""
    assert lab.host.run("ip", "-6", "-o", "address", "show", "dev", "pm-web").stdout == ""


def test_a_container_works_where_ipv6_is_switched_off(lab: Lab, modules: Modules) -> None:
    lab.host.place.set_sysctl("ipv6/conf/all/disable_ipv6", "1")
    lab.host.place.set_sysctl("ipv6/conf/default/disable_ipv6", "1")
    modules.host(**POOLS)
    modules.container(name="web", ports=["31000"])
    assert not modules.container(name="web", ports=["31000"])["changed"]


def test_sockets_inside_are_tuned_like_those_of_the_host(lab: Lab, prepared: Modules) -> None:
    values = {
        "core/somaxconn": "1234",
        "ipv4/tcp_ecn": "1",
        "ipv4/tcp_keepalive_time": "777",
        "ipv4/tcp_keepalive_intvl": "33",
        "ipv4/tcp_keepalive_probes": "5",
        "ipv4/tcp_max_syn_backlog": "555",
        "ipv4/tcp_retries2": "9",
        "ipv4/tcp_synack_retries": "3",
        "ipv4/tcp_rmem": "4096\t100000\t5000000",
        "ipv4/tcp_wmem": "4096\t20000\t3000000",
    }
    for name, value in values.items():
        lab.host.place.set_sysctl(name, value)
    prepared.container(name="web", ports=["31000"])
    web = lab.container("web")
    assert {name: web.sysctl(name) for name in values} == values
