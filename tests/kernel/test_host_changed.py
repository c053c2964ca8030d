# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that was damaged, that lost its record, or that changed: the next run follows."""

from __future__ import annotations

import os

import pytest

from lab import machines, probes, state, steering
from lab.machines import HOST, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import WEB, inventory


def link(lab: Lab, name: str, container: str | None = None) -> dict:
    return lab.host.json("ip", "-d", "-j", "link", "show", "dev", name, container=container)[0]


def sysctls(lab: Lab, *names: str) -> list[str]:
    return [lab.host.place.sysctl(f"ipv4/{name}") for name in names]


ECHO = "tc filter del dev eth0 ingress protocol ip prio 514"
PORTS = "tc filter del dev eth0 ingress protocol ip prio 770"
# Where u32 has a filter among others, eBPF has the only one.
BPF = dict.fromkeys((ECHO, PORTS), "tc filter del dev eth0 ingress protocol all prio 128")


@pytest.mark.parametrize(
    "damage",
    [
        "tc qdisc del dev eth0 clsact",
        "tc qdisc del dev lo clsact",
        "tc filter del dev eth0 ingress",
        "tc filter del dev lo ingress",
        ECHO,
        "sysctl -w net.ipv4.conf.lo.route_localnet=0",
        "sysctl -w net.ipv4.conf.lo.accept_local=0",
        "ip link set lo mtu 65536",
        "ip link set lo address 02:00:00:00:00:99",
        "umount /run/netns",
    ],
)
def test_one_run_repairs_a_damaged_host(lab: Lab, prepared: Modules, damage: str) -> None:
    whole = state.of(lab.host)
    lab.host.run(*steering.by_way(damage, BPF.get(damage, damage)).split())
    assert prepared.host(**POOLS)["changed"]
    assert state.difference(whole, state.of(lab.host)) == ""
    assert not prepared.host(**POOLS)["changed"]


@pytest.mark.parametrize(
    "damage",
    ["tc qdisc del dev eth0 clsact", ECHO, PORTS],
)
@pytest.mark.parametrize("many", [False, True])
def test_containers_are_not_placed_on_a_damaged_host(
    lab: Lab, prepared: Modules, damage: str, many: bool
) -> None:
    """One container asks for less than a list of many, and notices as well."""
    prepared.container(name="web", ports=["31000"])
    lab.host.run(*steering.by_way(damage, BPF.get(damage, damage)).split())
    wanted = [{"name": f"n{number}"} for number in range(16 if many else 1)]
    refused = "cannot place containers: the host is not as portmap_host left it .* is missing"
    before = state.of(lab.host)
    for _ in range(2):
        with pytest.raises(ModuleError, match=refused):
            prepared.container(containers=wanted)
    assert state.difference(before, state.of(lab.host)) == ""
    prepared.host(**POOLS)
    prepared.container(containers=wanted)


def test_one_run_relaxes_rp_filter_again(lab: Lab, prepared: Modules) -> None:
    """What somebody switched on in between stays on everywhere else."""
    lab.host.place.set_sysctl("ipv4/conf/all/rp_filter", "1")
    assert prepared.host(**POOLS)["changed"]
    names = ("all", "lo", "eth0")
    assert sysctls(lab, *(f"conf/{name}/rp_filter" for name in names)) == ["0", "0", "1"]


def test_a_missing_record_is_an_error_that_names_the_fix(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    os.unlink(lab.host.path("/run/portmap/host.json"))
    with pytest.raises(ModuleError, match="portmap_host"):
        prepared.container(name="db", ports=["31001"])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 99}', "\x00\xff"])
def test_a_damaged_record_is_an_error_that_names_the_fix(
    lab: Lab, prepared: Modules, text: str
) -> None:
    with open(lab.host.path("/run/portmap/host.json"), "w", encoding="latin-1") as file:
        file.write(text)
    with pytest.raises(ModuleError, match="portmap_host"):
        prepared.container(name="web", ports=["31000"])


def test_a_lost_record_loses_no_container(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    placed = prepared.info()["containers"]
    os.unlink(lab.host.path("/run/portmap/host.json"))
    prepared.host(**POOLS)
    again = prepared.info()
    assert [strip(item) for item in again["containers"]] == [strip(item) for item in placed]
    assert again["problems"] == []


def strip(container: dict) -> dict:
    return {key: value for key, value in container.items() if key != "statistics"}


class TestAChangedHost:
    """The next runs pick up another address, MAC, MTU or gateway, for the containers too."""

    def rerun(self, lab: Lab, modules: Modules) -> dict:
        host = modules.host(**POOLS)
        modules.container(containers=inventory())
        assert not modules.host(**POOLS)["changed"]
        assert not modules.container(containers=inventory())["changed"]
        return host["host"]

    @pytest.fixture
    def placed(self, prepared: Modules) -> Modules:
        prepared.container(containers=inventory())
        return prepared

    def assert_traffic(self, lab: Lab, address: str) -> None:
        web, db = lab.container("web"), lab.container("db")
        with probes.servers() as servers:
            servers.listen(web, WEB, address, "127.0.0.1")
            servers.listen(lab.peer.place, 53, PEER)
            asked = {
                Probe(lab.peer.place, "tcp", address, WEB): "web",
                Probe(lab.other.place, "udp", address, WEB): "web",
                Probe(lab.host.place, "tcp", address, WEB): "web",
                Probe(db, "tcp", address, WEB): "web",
                Probe(db, "udp", "127.0.0.1", WEB): "web",
                Probe(web, "tcp", PEER, 53): "peer",
                Probe(db, "udp", PEER, 53): "peer",
            }
            answers = probes.run(asked)
        assert {str(probe): answer.who for probe, answer in answers.items()} == {
            str(probe): who for probe, who in asked.items()
        }

    def test_address(self, lab: Lab, placed: Modules) -> None:
        lab.host.ip(
            f"address del {HOST}/24 dev eth0",
            "address add 10.0.0.10/24 dev eth0",
            f"route replace default via {PEER}",
        )
        assert self.rerun(lab, placed)["address"] == "10.0.0.10/24"
        shown = lab.host.run("ip", "-o", "-4", "address", "show", "eth0", container="web").stdout
        assert "10.0.0.10/24" in shown
        assert HOST + "/" not in shown
        self.assert_traffic(lab, "10.0.0.10")

    def test_mac(self, lab: Lab, placed: Modules) -> None:
        mac = "02:00:00:00:00:11"
        lab.host.ip(f"link set eth0 address {mac}")
        lab.wire.run("bridge", "fdb", "add", mac, "dev", "host", "master", "static")
        for outside in (lab.peer, lab.other):
            outside.ip("neigh flush dev eth0")
        assert self.rerun(lab, placed)["mac"] == mac
        assert link(lab, "lo")["address"] == mac
        assert link(lab, "eth0", "web")["address"] == mac
        assert link(lab, "lo", "web")["address"] == mac
        assert link(lab, "pm-web")["address"] == mac
        self.assert_traffic(lab, HOST)

    def test_mtu(self, lab: Lab, placed: Modules) -> None:
        lab.host.ip("link set eth0 mtu 1400")
        assert self.rerun(lab, placed)["mtu"] == 1400
        assert link(lab, "lo")["mtu"] == 1400
        assert link(lab, "eth0", "web")["mtu"] == 1400
        assert link(lab, "lo", "web")["mtu"] == 1400
        assert link(lab, "pm-web")["mtu"] == 1400
        self.assert_traffic(lab, HOST)

    def test_gateway(self, lab: Lab, placed: Modules) -> None:
        lab.host.ip(f"route replace default via {machines.OTHER}")
        assert self.rerun(lab, placed)["gateway"] == machines.OTHER
        routes = lab.host.run("ip", "route", "show", "default", container="web").stdout
        assert f"via {machines.OTHER}" in routes
        self.assert_traffic(lab, HOST)


def test_a_mount_that_another_covers_is_not_taken_for_the_shared_one(
    lab: Lab, modules: Modules
) -> None:
    covered = "mount --bind /run/netns /run/netns; mount --make-shared /run/netns"
    cover = "mount -t tmpfs -o mode=755 tmpfs /run"
    lab.host.run("sh", "-ec", f"mkdir /run/netns; {covered}; {cover}")
    assert any("mount /run/netns" in line for line in modules.host(**POOLS)["changes"])
    assert not modules.host(**POOLS)["changed"]
