# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What root of a container does to its own end of the network is felt by nobody else."""

from __future__ import annotations

import pytest

import stage as stages
from lab.machines import HOST, OTHER, OTHER_MAC, PEER
from lab.pools import POOLS
from stage import Stage

INSIDE = {
    "deletes its filters": "tc qdisc delete dev eth0 ingress; tc qdisc delete dev lo ingress",
    "deletes its link": "ip link delete eth0",
    "renames its link": "ip link set eth0 down; ip link set eth0 name evil; ip link set evil up",
    "takes its link down": "ip link set eth0 down",
    "changes its MAC": f"ip link set eth0 address {OTHER_MAC}",
    "takes the addresses of others": f"ip address add {PEER}/24 dev eth0;"
    f" ip address add {OTHER}/24 dev eth0",
    "has another MTU": "ip link set eth0 mtu 9000 || ip link set eth0 mtu 1400",
    "takes the ports of others": "echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range",
    "answers ARP for all": "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore;"
    " echo 1 > /proc/sys/net/ipv4/conf/eth0/proxy_arp",
    "forwards": "echo 1 > /proc/sys/net/ipv4/ip_forward",
    "redirects everything to itself": "tc filter add dev eth0 ingress protocol ip prio 1 u32"
    " match u32 0 0 at 0 action mirred egress redirect dev eth0",
    "has filters where ours are": "tc filter add dev lo ingress protocol ip prio 770 handle"
    " 302::5 u32 ht 302: match u32 0 0 at 0 action mirred egress redirect dev lo || true",
    "has many links": "for i in $(seq 40); do ip link add d$i type veth peer name e$i; done",
    "lies about whose it is": "ip link set lo alias portmap:db",
    "claims to be a stranger's": "ip link set lo alias ''; ip link delete eth0",
}


@pytest.mark.parametrize("what", INSIDE)
def test_what_a_container_does_to_itself_is_felt_by_nobody_else(placed: Stage, what: str) -> None:
    modules = placed.modules
    script = INSIDE[what]
    with stages.traffic(placed, "db") as running:
        modules.machine.shell(
            f"nsenter --net=/run/netns/web sh -ec '{script}'".replace("''", '""')
        )
        found = modules.call("portmap_container", stages.inventory("db")[0])
        # What led to a link that is gone is taken away; nothing of `db` itself has changed.
        changes = [change for change in found["changes"] if "(gone)" not in change]
        assert [change for change in changes if "mirror" not in change] == []
        modules.call("portmap_host", POOLS)
        modules.call("portmap_container", {"containers": stages.inventory()})
        # A filter of its own at another priority is a stranger's: named, and left alone.
        assert {problem["kind"] for problem in modules.problems()} <= {"earlier_filter"}
        assert running.finish()["lost"] == []
    modules.call("portmap_container", {"name": "web", "state": "absent"})
    assert [item["name"] for item in modules.call("portmap_info", {})["containers"]] == ["db"]
    assert modules.problems() == []


IN_THE_WAY = {
    "another link": (
        "ip link set eth0 down; ip link set eth0 name evil; ip link add eth0 type veth peer name eth9",
        "it has the link eth0 already, which is not ours",
    ),
    "filters in a shared block": (
        "tc qdisc delete dev eth0 ingress; tc qdisc add dev eth0 ingress_block 22 ingress",
        "it has the qdisc ingress dev web:eth0 with a shared block",
    ),
    "filters of its loopback in a shared block": (
        "tc qdisc delete dev lo ingress; tc qdisc add dev lo ingress_block 22 clsact",
        "it has the qdisc clsact dev web:lo with a shared block",
    ),
    "the gateway behind its loopback": (  # seen when the kernel refuses, so not in check mode
        f"ip address flush dev eth0; ip address add {HOST}/24 dev lo",
        "cannot add route default via",
    ),
}
CAUSE = "cannot place web: this container's namespace was changed from inside: "
NEW = {"name": "new", "ports": ["31200"]}


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_a_container_puts_in_our_way_hinders_only_itself(placed: Stage, what: str) -> None:
    modules = placed.modules
    script, why = IN_THE_WAY[what]
    modules.machine.shell(f"nsenter --net=/run/netns/web sh -ec '{script}'")
    for asked in [stages.inventory("web")[0], {"containers": [*stages.inventory(), NEW]}]:
        if "cannot add" not in why:
            careful = modules.checking().result("portmap_container", asked)
            assert CAUSE + why in careful["msg"]
            assert ("The others would be as they shall be: db, new" in careful["msg"]) is (
                "containers" in asked
            )
        refused = modules.result("portmap_container", asked)
        assert CAUSE + why in refused["msg"]
        assert "remove and place it again" in refused["msg"]
        assert "defect" not in refused["msg"]
    assert "The others are as they shall be: db, new" in refused["msg"]
    assert refused["changed"]
    assert "add netns handle /run/netns/new" in refused["changes"]
    assert [one["name"] for one in modules.call("portmap_info", {})["containers"]] == [
        "db",
        "new",
        "web",
    ]
    assert not modules.call("portmap_container", stages.inventory("db")[0])["changed"]
    modules.call("portmap_container", {"name": "web", "state": "absent"})
    modules.call("portmap_container", stages.inventory("web")[0])
    modules.call("portmap_container", {"name": "new", "state": "absent"})
    assert modules.problems() == []


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_a_host_goes_on_without_a_container_that_is_in_our_way(placed: Stage, what: str) -> None:
    """Its new address reaches the others, and the message names the one that it does not reach."""
    modules = placed.modules
    script, why = IN_THE_WAY[what]
    modules.machine.shell(f"nsenter --net=/run/netns/web sh -ec '{script}'")
    modules.machine.ip("link set eth0 mtu 1400")
    try:
        refused = modules.result("portmap_host", POOLS)
        assert CAUSE + why in refused["msg"]
        assert "The others are as they shall be: db" in refused["msg"]
        assert "mtu 1400" in modules.machine.shell("ip -n db link show eth0")
    finally:
        modules.machine.ip("link set eth0 mtu 1500")
        modules.result("portmap_host", POOLS)
        modules.call("portmap_container", {"name": "web", "state": "absent"})
        modules.call("portmap_container", {"containers": stages.inventory()})
    assert modules.problems() == []
