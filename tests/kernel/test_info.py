# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmap_info tells: the host, the containers, their counters, and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from lab import probes, state, steering
from lab.machines import HOST, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.probes import Probe
from lab.repairs import carry_out
from scene import WEB, inventory


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def test_a_host_that_is_not_prepared_is_a_problem(lab: Lab, modules: Modules) -> None:
    before = state.of(lab.host)
    told = modules.info()
    assert not told["changed"]
    assert (told["host"], told["containers"]) == (None, [])
    assert [one["kind"] for one in told["problems"]] == ["not_prepared"]
    assert state.difference(before, state.of(lab.host)) == ""


@pytest.mark.smoke
def test_host_and_containers_are_told_as_they_were_returned(prepared: Modules) -> None:
    host = prepared.host(**POOLS)["host"]
    made = prepared.container(containers=inventory())["containers"]
    told = prepared.info()
    told["host"].pop("statistics")
    assert told["host"].pop("follow") == "off"
    assert told["host"].pop("firewall") == {"bypassed": [], "before": []}
    assert told["host"].pop("closed_interfaces") == []
    assert told["host"] == host
    for item in told["containers"]:
        item.pop("statistics")
    for item in made:
        assert item.pop("created")
    assert told["containers"] == sorted(made, key=lambda item: item["name"])
    assert told["problems"] == []


def test_check_mode_tells_the_same(lab: Lab, placed: Modules) -> None:
    lab.host.run("ip", "link", "set", "pm-web", "down")

    def told(modules: Modules) -> dict[str, Any]:
        return {key: value for key, value in modules.info().items() if key != "invocation"}

    assert told(placed.checking()) == told(placed)
    assert [item["name"] for item in told(placed)["containers"]] == ["cache", "db", "web"]
    assert [item["kind"] for item in told(placed)["problems"]] == ["drift"]


def test_one_container_can_be_asked_for(placed: Modules) -> None:
    told = placed.info(container="db")
    assert [item["name"] for item in told["containers"]] == ["db"]


def test_an_unknown_container_is_an_error(placed: Modules) -> None:
    with pytest.raises(ModuleError, match="nobody"):
        placed.info(container="nobody")


def test_statistics_are_seen_from_inside(lab: Lab, placed: Modules) -> None:
    """What the veth receives the container has sent."""
    lab.host.run("ping", "-c", "3", "-i", "0.05", "-s", "1000", PEER, container="web")
    inner = lab.host.json("ip", "-s", "-j", "link", "show", "dev", "eth0", container="web")[0]
    told = placed.info(container="web")["containers"][0]["statistics"]
    for way in ("rx", "tx"):
        for counter in ("bytes", "packets", "errors", "dropped"):
            if (way, counter) != ("tx", "dropped"):  # the two ends count drops apart
                assert told[f"{way}_{counter}"] == inner["stats64"][way][counter], (way, counter)
    assert told["tx_bytes"] > 3000


def test_statistics_count_one_direction_each(lab: Lab, placed: Modules) -> None:
    def counted() -> tuple[int, int]:
        told = placed.info(container="web")["containers"][0]["statistics"]
        return told["rx_packets"], told["tx_packets"]

    before = counted()
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST, protocols="udp")
        for _ in range(5):
            assert Probe(lab.peer.place, "udp", HOST, WEB).run().who == "web"
    after = counted()
    received, sent = after[0] - before[0], after[1] - before[1]
    assert 5 <= received <= 7  # an answer to ARP may have been among them
    assert 5 <= sent <= 7


# --- problems -------------------------------------------------------------------------------------

STRANGER = "u32 match ip dport 5 0xffff flowid 1:5"
SECOND_RANGE = (
    "handle 302:77:540 u32 ht 302:77: match ip dport 30528 0xfff0"
    " action mirred egress redirect dev pm-web"
)
# By what is damaged: the command, and the containers that suffer.
DAMAGE: dict[str, tuple[str, list[str]]] = {
    "a filter of the veth": (
        "tc filter del dev pm-web ingress protocol ip prio 514",
        ["web"],
    ),
    "all filters of the veth": ("tc filter del dev pm-web ingress", ["web"]),
    "the mirror of ARP": (
        "tc filter del dev eth0 ingress protocol arp prio 258",
        ["cache", "db", "web"],
    ),
    "the qdisc of lo": ("tc qdisc del dev lo clsact", ["cache", "db", "web"]),
    "the filters of eth0": ("tc filter del dev eth0 ingress", ["cache", "db", "web"]),
    "a sysctl of the host": ("sysctl -w net.ipv4.conf.lo.route_localnet=0", []),
    "the MTU of lo": ("ip link set lo mtu 65536", []),
    "a bridge": ("ip link del portmap-sink3", ["db", "web"]),
    "the veth is down": ("ip link set pm-web down", ["web"]),
    "the inner port range": (
        "nsenter --net=/run/netns/web sysctl -w net.ipv4.ip_local_port_range=1024\t2048",
        ["web"],
    ),
    "the inner address": (
        f"nsenter --net=/run/netns/web ip address del {HOST}/24 dev eth0",
        ["web"],
    ),
    "the inner link is down": ("nsenter --net=/run/netns/web ip link set eth0 down", ["web"]),
    "the veth": ("ip link del pm-web", ["web"]),
    "a second ephemeral range": (
        f"tc filter add dev eth0 ingress protocol ip prio 770 {SECOND_RANGE}",
        ["web"],
    ),
}

# Where u32 has a filter among others, eBPF has the only one.
BPF = {
    "a filter of the veth": ("tc filter del dev pm-web ingress protocol all prio 128", ["web"]),
    "the mirror of ARP": (
        "tc filter del dev eth0 ingress protocol all prio 128",
        ["cache", "db", "web"],
    ),
    "a second ephemeral range": (
        "nsenter --net=/run/netns/web tc filter del dev eth0 ingress protocol all prio 128",
        ["web"],
    ),
}


def damage_of(name: str) -> tuple[str, list[str]]:
    return steering.by_way(DAMAGE[name], BPF.get(name, DAMAGE[name]))


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_one_problem_and_the_command_in_it_repairs_it(
    lab: Lab, placed: Modules, damage: str
) -> None:
    command, containers = damage_of(damage)
    assert placed.problems() == []
    lab.host.run(*command.split(" "))
    told = placed.problems()
    assert [(item["kind"], item["containers"]) for item in told] == [("drift", containers)], told
    carry_out(placed, told[0]["repair"], POOLS, inventory())
    assert placed.problems() == []


def test_a_strange_filter_on_a_veth_is_told_and_taken_away(lab: Lab, placed: Modules) -> None:
    lab.host.tc(f"filter add dev pm-web ingress protocol ip prio 1007 {STRANGER}")
    (told,) = placed.problems()
    assert (told["kind"], told["containers"]) == ("earlier_filter", ["web"])
    assert "prio 1007 u32" in told["description"]
    carry_out(placed, told["repair"], POOLS, inventory())
    assert placed.problems() == []


def test_each_of_several_damages_is_one_problem(lab: Lab, placed: Modules) -> None:
    """Each takes much along that a run would make anew."""
    names = (
        "the qdisc of lo",
        "a sysctl of the host",
        "all filters of the veth",
        "the inner link is down",
        "a bridge",
    )
    names += steering.by_way(("the mirror of ARP",), ())  # of eBPF it is the only filter
    for name in names:
        lab.host.run(*damage_of(name)[0].split(" "))
    told = placed.info(detail=True)["problems"]
    assert len(told) == len(names), [item["description"] for item in told]
    assert sum(len(item["objects"]) for item in told) > steering.by_way(40, 2)
    for item in told:
        carry_out(placed, item["repair"], POOLS, inventory())
    assert placed.problems() == []


def test_objects_are_told_when_asked_for(lab: Lab, placed: Modules) -> None:
    lab.host.run("tc", "filter", "del", "dev", "pm-web", "ingress")
    (told,) = placed.problems()
    assert set(told) == {"kind", "description", "containers", "repair"}
    (told,) = placed.info(detail=True)["problems"]
    shown = [line for line in told["objects"] if line.startswith("missing: filter dev pm-web ")]
    assert len(shown) == len(told["objects"])
    assert len(shown) == 1 or (steering.used == steering.U32 and len(shown) > 10)


def test_a_last_filter_that_drops_nothing_is_told_and_repaired(lab: Lab, placed: Modules) -> None:
    """Without direct action the value that its program returns is a class, and no verdict."""
    assert "direct-action" in last_filter(lab)
    where = ("protocol", "all", "prio", last(), "handle", steering.by_way("1", "0x80"), "bpf")
    drop = ("dev", "pm-web", "ingress", *where)
    lab.host.run("tc", "filter", "del", *drop)
    lab.host.run("tc", "filter", "add", *drop, "bytecode", "1,6 0 0 2", "flowid", "1:1")
    assert "direct-action" not in last_filter(lab)
    assert [item["containers"] for item in placed.problems()] == [["web"]]
    placed.container(name="web")
    assert "direct-action" in last_filter(lab)
    assert placed.info()["problems"] == []


def last_filter(lab: Lab) -> str:
    shown = lab.host.run("tc", "filter", "show", "dev", "pm-web", "ingress", "pref", last())
    return shown.stdout


def last() -> str:
    return steering.by_way("65535", "128")


def test_a_namespace_without_handle_is_told(lab: Lab, placed: Modules) -> None:
    """A process keeps the namespace, but nobody can enter it by its name any more."""
    tenant = lab.host.start("sh", "-c", "echo ready; exec sleep 600", container="web")
    try:
        assert tenant.stdout is not None
        tenant.stdout.readline()
        lab.host.run("umount", "/run/netns/web")
        (told,) = placed.problems()
        assert told["containers"] == ["web"]
        assert "the namespace handle /run/netns/web is gone" in told["description"]
    finally:
        tenant.kill()
        tenant.communicate()


def test_a_namespace_that_died_is_told(lab: Lab, placed: Modules) -> None:
    """With the namespace goes the pair; the filters that lead to it stay."""
    lab.host.run("umount", "/run/netns/web")
    lab.host.run(
        "sh", "-c", "while ip link show pm-web; do sleep 0.1; done"
    )  # the kernel takes its time
    (told,) = placed.problems()
    assert "lead to a link that is gone" in told["description"]
    carry_out(placed, told["repair"], POOLS, inventory())
    assert placed.problems() == []


def test_an_orphaned_handle_is_told(lab: Lab, placed: Modules) -> None:
    """The pair is gone, the namespace that was made for it still there."""
    lab.host.run("ip", "link", "del", "pm-web")
    (told,) = placed.problems()
    assert told["containers"] == ["web"]
    assert told["description"].startswith("the link of web is gone: ports ")
    asked = placed.info(container="web")
    assert asked["containers"] == []
    assert [item["containers"] for item in asked["problems"]] == [["web"]]


def test_the_damage_of_one_is_not_told_of_another(lab: Lab, placed: Modules) -> None:
    lab.host.run("tc", "filter", "del", "dev", "pm-web", "ingress")
    assert placed.info(container="db")["problems"] == []
    assert [item["containers"] for item in placed.info(container="web")["problems"]] == [["web"]]


def test_filters_of_others_elsewhere_are_no_problem(lab: Lab, placed: Modules) -> None:
    lab.host.tc(f"filter add dev eth0 ingress protocol ip prio 1007 {STRANGER}")
    assert placed.info()["problems"] == []
