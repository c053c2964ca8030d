# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A firewall of the host is not one of its containers, or is one: the run that prepares says so, and portmap_info."""

from __future__ import annotations

import os

import pytest

import shape
from lab import probes
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe

NFT = "nft 'add table inet theirs; add chain inet theirs in {{ type filter hook input priority 0; policy {policy}; }}'"
REFUSING = "; nft 'add rule inet theirs in iif lo accept; add rule inet theirs in counter reject'"
CLOSED = {
    "nft": (NFT.format(policy="drop"), "chain inet theirs in"),
    "a last rule, as of firewalld": (
        NFT.format(policy="accept") + REFUSING,
        "chain inet theirs in",
    ),
    "iptables-nft": ("iptables-nft -P INPUT DROP", "chain ip filter INPUT"),
    "iptables-legacy": ("iptables-legacy -P INPUT DROP", "iptables-legacy INPUT"),
}
OPEN = (
    # Of no consequence, since the public interface is no bridge.
    "iptables-nft -t raw -A PREROUTING -p tcp --dport 31001 -j DROP",
    NFT.format(policy="accept"),
    "nft add rule inet theirs in tcp dport 22 drop",
    "iptables-nft -P FORWARD DROP",
)

PRE = "nft 'add table inet theirs; add chain inet theirs pre {{ type filter hook prerouting priority -300; policy {policy}; }}'"
CUTTING = {
    "nft": (
        PRE.format(policy="accept") + "; nft add rule inet theirs pre tcp dport 31001 drop",
        "chain inet theirs pre",
    ),
    "nft, in another chain": (
        PRE.format(policy="accept") + "; nft add chain inet theirs far;"
        " nft add rule inet theirs far tcp dport 31001 drop; nft add rule inet theirs pre jump far",
        "chain inet theirs pre",
    ),
    "iptables-nft": (
        "iptables-nft -t raw -A PREROUTING -p tcp --dport 31001 -j DROP",
        "chain ip raw PREROUTING",
    ),
    "iptables-legacy": (
        "for rule in '-N FAR' '-A PREROUTING -j FAR' '-A FAR -j DROP'; do iptables-legacy -t mangle $rule; done",
        "iptables-legacy PREROUTING",
    ),
}
# Of the host, and of one bridge: one of both is enough.
CALLED = "sysctl -qw net.bridge.bridge-nf-call-iptables={}; ip link set br0 type bridge nf_call_iptables {}"
BR_NETFILTER = pytest.mark.skipif(
    not os.path.exists("/proc/sys/net/bridge/bridge-nf-call-iptables"),
    reason="this kernel has no br_netfilter, or it is not loaded",
)


def told(modules: Modules) -> dict:
    return dict(modules.info()["host"]["firewall"])


@pytest.mark.parametrize("name", CLOSED)
def test_one_that_is_closed_is_told(lab: Lab, modules: Modules, name: str) -> None:
    command, chain = CLOSED[name]
    lab.host.shell(command)
    said = f"the firewall of this host ({chain}) does not guard containers"
    assert said in shape.told(modules.host(**POOLS))
    assert told(modules) == {"bypassed": [chain], "before": []}


def test_it_does_not_guard_containers_which_is_told_once(lab: Lab, modules: Modules) -> None:
    lab.host.shell(CLOSED["nft"][0])
    assert "does not guard containers" in shape.told(shape.place(modules))
    with probes.servers() as servers:
        servers.listen(lab.container("web"), shape.WEB, HOST)
        servers.listen(lab.host.place, shape.OF_HOST, HOST)
        asked = [Probe(lab.peer.place, "tcp", HOST, port) for port in (shape.WEB, shape.OF_HOST)]
        web, host = (answer.who for answer in probes.run(asked).values())
    assert web == "web"
    assert host != "host"
    assert shape.told(modules.host(**POOLS)) == "[]"
    assert modules.problems() == []


def test_one_that_lets_packets_in_is_not_told(lab: Lab, modules: Modules) -> None:
    lab.host.shell("; ".join(OPEN))
    assert shape.told(modules.host(**POOLS)) == "[]"
    assert told(modules) == {"bypassed": [], "before": []}


@BR_NETFILTER
@pytest.mark.parametrize("name", CUTTING)
def test_of_a_bridge_one_that_drops_first_cuts_containers(
    lab: Lab, modules: Modules, name: str
) -> None:
    """br_netfilter has packets of a bridge meet the hooks before they are steered, and only while it is on."""
    command, chain = CUTTING[name]
    shape.bridge(lab)
    lab.host.shell(f"{CALLED.format(1, 0)}; {command}")
    assert f"rules of this host ({chain}) may drop packets" in shape.told(shape.place(modules))
    with probes.servers() as servers:
        servers.listen(lab.container("web"), shape.WEB, HOST)
        probe = Probe(lab.peer.place, "tcp", HOST, shape.WEB)
        for host, bridge, reached in ((1, 0, False), (0, 1, False), (0, 0, True)):
            lab.host.shell(CALLED.format(host, bridge))
            assert (probe.run().who == "web") == reached
            assert told(modules) == {"bypassed": [], "before": [] if reached else [chain]}


@BR_NETFILTER
def test_of_a_bridge_one_that_drops_nothing_is_not_told(lab: Lab, modules: Modules) -> None:
    shape.bridge(lab)
    lab.host.shell(f"{CALLED.format(1, 1)}; {PRE.format(policy='accept')}")
    lab.host.shell("nft add rule inet theirs pre tcp dport 31001 counter")
    assert "may drop packets" not in shape.told(shape.place(modules))
    assert told(modules) == {"bypassed": [], "before": []}
    lab.host.shell("nft flush ruleset; " + PRE.format(policy="drop"))
    assert told(modules)["before"] == ["chain inet theirs pre"]
