# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many containers in one task, and one run repairs what was damaged."""

from __future__ import annotations

import os

import pytest

from lab import probes, state, steering
from lab.machines import HOST, PEER, Lab
from lab.modules import Modules
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


# --- lists ----------------------------------------------------------------------------------------


def test_a_list_places_all(lab: Lab, prepared: Modules) -> None:
    result = prepared.container(containers=inventory())
    assert [item["name"] for item in result["containers"]] == list(PORTS)
    assert {f"pm-{name}" for name in PORTS} <= links(lab)


def test_a_list_leaves_others_alone(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    prepared.container(containers=[{"name": "new", "ports": ["31200"]}])
    assert {f"pm-{name}" for name in (*PORTS, "new")} <= links(lab)


@pytest.mark.smoke
def test_purge_removes_who_is_not_listed(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    assert prepared.container(containers=inventory()[:1], purge=True)["changed"]
    assert [item["name"] for item in prepared.info()["containers"]] == ["web"]
    assert handles(lab) == {"web"}
    assert not prepared.container(containers=inventory()[:1], purge=True)["changed"]


def test_purge_with_an_empty_list_removes_all(lab: Lab, prepared: Modules) -> None:
    empty = state.of(lab.host)
    prepared.container(containers=inventory())
    assert prepared.container(containers=[], purge=True)["changed"]
    assert state.difference(empty, state.of(lab.host)) == ""


def test_an_item_of_a_list_may_be_absent(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    prepared.container(
        containers=[{"name": "web", "state": "absent"}, {"name": "new", "ports": ["31000-31007"]}]
    )
    assert [item["name"] for item in prepared.info()["containers"]] == ["cache", "db", "new"]


def test_absent_of_an_unknown_container_changes_nothing(lab: Lab, prepared: Modules) -> None:
    before = state.of(lab.host)
    assert not prepared.container(name="web", state="absent")["changed"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_removing_one_leaves_the_others_traffic_alone(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    prepared.container(name="db", state="absent")
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST)
        servers.listen(lab.host.place, 31500, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, WEB).run().who == "web"
        assert Probe(lab.peer.place, "tcp", HOST, 31500).run().who == "host"
    said = lab.host.run("ping", "-n", "-c", "1", "-W", "1", PEER, container="web").stdout
    assert "1 received" in said


def test_the_last_one_takes_the_mirrors_along(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    mirrored = "Mirror to device pm-web" in state.filters(lab.host, "eth0")
    assert mirrored == steering.by_way(True, False)
    prepared.container(name="web", state="absent")
    for name in ("eth0", "lo"):
        assert "mirred" not in state.filters(lab.host, name)


# --- repair ---------------------------------------------------------------------------------------

DAMAGES = {
    "filters of eth0 flushed": ("", "tc filter del dev eth0 ingress"),
    "filters of lo flushed": ("", "tc filter del dev lo ingress"),
    "filters of the veth flushed": ("", "tc filter del dev pm-web ingress"),
    "last drop deleted": ("", "tc filter del dev pm-web ingress protocol all prio 65535"),
    "mirror of ARP deleted": ("", "tc filter del dev eth0 ingress protocol arp prio 258"),
    "qdisc of eth0 deleted": ("", "tc qdisc del dev eth0 clsact"),
    "qdisc of the veth deleted": ("", "tc qdisc del dev pm-web ingress"),
    "veth deleted": ("", "ip link del pm-web"),
    "veth down": ("", "ip link set pm-web down"),
    "veth with another MAC": ("", "ip link set pm-web address 02:00:00:00:00:99"),
    "veth with another MTU": ("", "ip link set pm-web mtu 1300"),
    "eth0 inside down": ("web", "ip link set eth0 down"),
    "lo inside down": ("web", "ip link set lo down"),
    "eth0 inside with another MAC": ("web", "ip link set eth0 address 02:00:00:00:00:99"),
    "lo inside with another MTU": ("web", "ip link set lo mtu 65536"),
    "address inside removed": ("web", f"ip address del {HOST}/24 dev eth0"),
    "route inside removed": ("web", "ip route del default"),
    "filters of lo inside flushed": ("web", "tc filter del dev lo ingress"),
    "qdisc of eth0 inside deleted": ("web", "tc qdisc del dev eth0 ingress"),
    "sysctl inside changed": ("web", "sysctl -w net.ipv4.conf.eth0.accept_local=0"),
    "port range inside changed": ("web", "sysctl -w net.ipv4.ip_local_port_range=1024\t65535"),
}

# Where u32 has a filter among others, eBPF has the only one.
BPF = {
    "last drop deleted": ("", "tc filter del dev pm-web ingress protocol all prio 128"),
    "mirror of ARP deleted": ("", "tc filter del dev eth0 ingress protocol all prio 128"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_run_repairs_a_damaged_container(lab: Lab, prepared: Modules, damage: str) -> None:
    where, command = steering.by_way(DAMAGES[damage], BPF.get(damage, DAMAGES[damage]))
    prepared.container(containers=inventory())
    whole = state.of(lab.host)
    lab.host.run(*command.split(" "), container=where or None)
    assert prepared.info()["problems"] != []
    prepared.host(**POOLS)
    prepared.container(containers=inventory())
    assert state.difference(state.unnumbered(whole), state.unnumbered(state.of(lab.host))) == ""
    assert prepared.info()["problems"] == []
    assert not prepared.container(containers=inventory())["changed"]


def test_a_dead_namespace_is_replaced(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    lab.host.run("umount", "/run/netns/web")
    prepared.container(containers=inventory())
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, WEB).run().who == "web"
    assert prepared.info()["problems"] == []


def test_what_is_inside_is_not_touched_by_a_second_container(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    first = {k: v for k, v in state.of(lab.host).items() if k.startswith("web:")}
    prepared.container(name="db", ports=["31001"])
    second = {k: v for k, v in state.of(lab.host).items() if k.startswith("web:")}
    assert state.difference(first, second) == ""


def test_few_file_descriptors_are_enough_for_many_containers(prepared: Modules) -> None:
    """A user's limit is often 1024, and a host may have more containers than that."""
    few = prepared.under("prlimit", "--nofile=90:90", "--")
    prepared.host(**{**POOLS, "ephemeral_ports": "26016-30999"})
    items = [{"name": f"c{number}"} for number in range(100)]
    assert few.container(containers=items)["changed"]
