# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host: what present prepares, what absent restores, whose things are left alone."""

from __future__ import annotations

import os
import re

import pytest

from lab import machines, probes, state, steering
from lab.machines import HOST, HOST_MAC, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.probes import Probe
from lab.state import State
from scene import WEB, inventory


def link(lab: Lab, name: str, container: str | None = None) -> dict:
    return lab.host.json("ip", "-d", "-j", "link", "show", "dev", name, container=container)[0]


def sysctls(lab: Lab, *names: str) -> list[str]:
    return [lab.host.place.sysctl(f"ipv4/{name}") for name in names]


def without_mac_of_lo(state: State) -> State:
    """The kernel refuses to give the loopback interface its zeros back: it gets a MAC that is nobody's."""
    return {**state, "links": state["links"].replace("02:70:6d:00:00:02", "00:00:00:00:00:00")}


def foreign(lab: Lab, qdisc: str) -> str:
    """Filters of somebody else on eth0, one of them at a priority of ours."""
    lab.host.tc(
        f"qdisc add dev eth0 {qdisc}",
        "filter add dev eth0 ingress protocol ip prio 7 u32 match ip dport 9999 0xffff flowid 1:7",
        "filter add dev eth0 ingress protocol ip prio 770 u32 match ip dport 9998 0xffff flowid 1:8",
        "filter add dev eth0 ingress protocol arp prio 300 u32 match u16 9 0xffff at 6 flowid 1:9",
    )
    if qdisc == "clsact":
        lab.host.tc(
            "filter add dev eth0 egress protocol ip prio 3 u32 match ip dport 9 0xffff flowid 1:3"
        )
    return state.filters(lab.host, "eth0")


def matches(text: str) -> list[str]:
    """The lines of tc that tell a filter's classid and match."""
    return re.findall(r"(?:flowid|\*flowid) 1:\d+|match \w+/\w+ at \d+", text)


def test_present_says_what_the_host_is(modules: Modules) -> None:
    result = modules.host(**POOLS)
    assert result["changed"]
    assert result["host"] == {
        "public_interface": "eth0",
        "loopback_interface": "lo",
        "address": f"{HOST}/24",
        "addresses": [HOST],
        "interfaces": ["eth0"],
        "mac": HOST_MAC,
        "mtu": 1500,
        "gateway": PEER,
        "ports": ["31000-32000"],
        "ephemeral_ports": "30001-30999",
        "ephemeral_ports_per_container": 16,
        "host_ephemeral_ports": "32768-60999",
        "rp_filter": "relax",
        "link_speed": "auto",
        "limit_scope": "outside",
        "fair_shares": False,
        "steering": steering.used,
    }


def test_present_gives_loopback_the_mac_and_mtu_of_the_public_interface() -> None:
    with machines.lab(mtu=1480) as lab:
        Modules(lab.host).host(**POOLS)
        assert (link(lab, "lo")["address"], link(lab, "lo")["mtu"]) == (HOST_MAC, 1480)


def test_present_sets_the_sysctls_that_steering_needs(lab: Lab, prepared: Modules) -> None:
    names = ("lo/route_localnet", "lo/accept_local", "lo/send_redirects", "all/send_redirects")
    assert sysctls(lab, *(f"conf/{name}" for name in names)) == ["1", "1", "0", "0"]


def test_relaxing_rp_filter_costs_no_other_interface_its_protection(
    lab: Lab, modules: Modules
) -> None:
    lab.host.ip("link add a0 type veth peer name a1", "link add b0 type veth peer name b1")
    for name, value in (("all", "1"), ("eth0", "0"), ("a0", "2"), ("b0", "0"), ("lo", "0")):
        lab.host.place.set_sysctl(f"ipv4/conf/{name}/rp_filter", value)
    modules.host(**POOLS, rp_filter="relax")
    names = ("all", "lo", "eth0", "a0", "b0")
    assert sysctls(lab, *(f"conf/{name}/rp_filter" for name in names)) == ["0", "0", "1", "2", "1"]


def test_keeping_rp_filter_touches_none(lab: Lab, modules: Modules) -> None:
    for name, value in (("all", "1"), ("eth0", "2"), ("lo", "1")):
        lab.host.place.set_sysctl(f"ipv4/conf/{name}/rp_filter", value)
    modules.host(**POOLS, rp_filter="keep")
    assert sysctls(lab, *(f"conf/{name}/rp_filter" for name in ("all", "eth0", "lo"))) == [
        "1",
        "2",
        "1",
    ]


@pytest.mark.parametrize("value", ["1", "2"])
def test_traffic_passes_with_rp_filter_kept(lab: Lab, modules: Modules, value: str) -> None:
    for name in ("all", "eth0", "lo"):
        lab.host.place.set_sysctl(f"ipv4/conf/{name}/rp_filter", value)
    modules.host(**POOLS, rp_filter="keep")
    modules.container(containers=inventory())
    web, db = lab.container("web"), lab.container("db")
    with probes.servers() as servers:
        servers.listen(web, WEB, HOST, "127.0.0.1")
        asked = [Probe(lab.peer.place, "tcp", HOST, WEB)] + [
            Probe(place, protocol, address, WEB)
            for place in (lab.host.place, web, db)
            for protocol in ("tcp", "udp")
            for address in (HOST, "127.0.0.1")
        ]
        answers = probes.run(asked)
    assert {str(probe): answer.who for probe, answer in answers.items()} == {
        str(probe): "web" for probe in asked
    }


def test_the_handle_directory_is_a_shared_mount_of_its_own_group(
    lab: Lab, prepared: Modules
) -> None:
    with open(f"/proc/{lab.host.pid}/mountinfo", encoding="utf-8") as file:
        mounts = [line.split() for line in file]
    mine = [mount for mount in mounts if mount[4] == "/run/netns"]
    assert len(mine) == 1
    group = [word for word in mine[0] if word.startswith("shared:")]
    assert len(group) == 1
    assert [mount[4] for mount in mounts if group[0] in mount] == ["/run/netns"]


def test_the_handle_directory_of_others_is_used_as_it_is(lab: Lab, modules: Modules) -> None:
    lab.host.run("ip", "netns", "add", "theirs")
    before = os.stat(lab.host.path("/run/netns/theirs")).st_ino
    modules.host(**POOLS)
    modules.container(name="web", ports=["31000"])
    modules.container(name="web", state="absent")
    modules.host(state="absent")
    assert os.stat(lab.host.path("/run/netns/theirs")).st_ino == before
    assert "theirs" in lab.host.run("ip", "netns", "list").stdout


def test_the_public_interface_is_that_of_the_default_route(lab: Lab, modules: Modules) -> None:
    lab.host.ip(
        "link set eth0 down",
        "link set eth0 name up0",
        "link set up0 up",
        f"route add default via {PEER}",
        "link add decoy0 type veth peer name decoy1",
        "link set decoy0 up",
        "address add 172.16.0.1/24 dev decoy0",
    )
    assert modules.host(**POOLS)["host"]["public_interface"] == "up0"
    modules.container(name="web", ports=["31000"])
    assert link(lab, "up0", "web")["address"] == HOST_MAC


def test_a_host_without_gateway_is_prepared_when_its_interface_is_named(
    lab: Lab, modules: Modules
) -> None:
    lab.host.ip("route del default")
    result = modules.host(**POOLS, public_interface="eth0", loopback_interface="lo")
    assert result["host"]["gateway"] is None
    modules.container(name="web", ports=["31000"])
    assert "default" not in lab.host.run("ip", "route", "show", container="web").stdout


def test_the_host_ephemeral_range_moves_when_asked(lab: Lab, modules: Modules) -> None:
    before = lab.host.place.sysctl("ipv4/ip_local_port_range")
    result = modules.host(**POOLS, host_ephemeral_ports="40000-49999")
    assert result["host"]["host_ephemeral_ports"] == "40000-49999"
    assert lab.host.place.sysctl("ipv4/ip_local_port_range").split() == ["40000", "49999"]
    modules.host(state="absent")
    assert lab.host.place.sysctl("ipv4/ip_local_port_range") == before


def test_the_host_ephemeral_range_moves_out_of_the_way_of_a_pool(modules: Modules) -> None:
    pools = {**POOLS, "ports": ["33000-33999"]}
    refused = (
        "cannot use ports 33000-33999: 33000-33999 is in 32768-60999, .* host_ephemeral_ports"
    )
    with pytest.raises(ModuleError, match=refused):
        modules.host(**pools)
    made = modules.host(**pools, host_ephemeral_ports="40000-60999")["host"]
    assert (made["ports"], made["host_ephemeral_ports"]) == (["33000-33999"], "40000-60999")


@pytest.mark.smoke
def test_absent_gives_the_host_its_first_state_back(lab: Lab, modules: Modules) -> None:
    for name, value in (("all", "1"), ("eth0", "2"), ("lo", "1")):
        lab.host.place.set_sysctl(f"ipv4/conf/{name}/rp_filter", value)
    before = state.of(lab.host)
    modules.host(**POOLS, host_ephemeral_ports="40000-49999")
    modules.container(containers=inventory())
    modules.container(containers=[], purge=True)
    result = modules.host(state="absent")
    assert result["changed"]
    assert result["host"] is None
    after = state.of(lab.host)
    assert state.difference(without_mac_of_lo(before), without_mac_of_lo(after)) == ""


def test_absent_names_each_value_that_it_restores(lab: Lab, modules: Modules) -> None:
    lab.host.place.set_sysctl("ipv4/conf/all/rp_filter", "1")
    modules.host(**POOLS)
    told = "\n".join(modules.host(state="absent")["changes"])
    for name in ("all.rp_filter", "lo.route_localnet", "lo.accept_local", "all.send_redirects"):
        assert name in told.replace("/", ".")


def test_absent_on_an_untouched_host_changes_nothing(lab: Lab, modules: Modules) -> None:
    before = state.of(lab.host)
    assert not modules.host(state="absent")["changed"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_absent_refuses_while_containers_exist_and_names_them(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    before = state.of(lab.host)
    with pytest.raises(ModuleError, match=r"cache.*db.*web|web.*db.*cache"):
        prepared.host(state="absent")
    assert state.difference(before, state.of(lab.host)) == ""


def test_absent_refuses_what_a_killed_run_left_of_a_container(lab: Lab, prepared: Modules) -> None:
    lab.host.run("install", "-m", "1000", "/dev/null", "/run/netns/ours")
    with pytest.raises(ModuleError, match=r"in part \(ours\)"):
        prepared.host(state="absent")
    prepared.container(name="ours", state="absent")
    prepared.host(state="absent")
    assert lab.host.run("ls", "/run/netns", check=False).stdout == ""


@pytest.mark.parametrize("qdisc", ["ingress", "clsact"])
def test_the_qdisc_and_filters_of_others_survive(lab: Lab, modules: Modules, qdisc: str) -> None:
    theirs = matches(foreign(lab, qdisc))
    before = state.of(lab.host)
    modules.host(**POOLS)
    modules.container(containers=inventory())
    during = matches(state.filters(lab.host, "eth0"))
    assert [line for line in theirs if line not in during] == []
    assert lab.host.run("tc", "qdisc", "show", "dev", "eth0", qdisc).stdout != ""
    modules.container(containers=[], purge=True)
    modules.host(state="absent")
    after = state.of(lab.host)
    assert after["qdiscs"] == before["qdiscs"]
    assert sorted(matches(after["ingress eth0"])) == sorted(theirs)
    if qdisc == "clsact":
        egress = lab.host.run("tc", "filter", "show", "dev", "eth0", "egress").stdout
        assert "flowid 1:3" in egress


@pytest.mark.parametrize("qdisc", ["ingress", "clsact"])
def test_traffic_passes_beside_the_filters_of_others(
    lab: Lab, modules: Modules, qdisc: str
) -> None:
    foreign(lab, qdisc)
    modules.host(**POOLS)
    modules.container(containers=inventory())
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, WEB).run().who == "web"


def test_absent_works_after_the_qdiscs_are_gone(lab: Lab, prepared: Modules) -> None:
    lab.host.tc("qdisc del dev eth0 clsact", "qdisc del dev lo clsact")
    assert prepared.host(state="absent")["changed"]
    assert "ingress" not in lab.host.run("tc", "qdisc", "show").stdout
