# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT beside us: a network of the host's whose connections leave with its address, and ports of containers."""

from __future__ import annotations

import itertools
import shlex
from typing import Any

import pytest

import shape
from lab import probes
from lab.machines import PEER, Lab
from lab.modules import Modules
from lab.pools import DOCUMENTED
from lab.probes import Probe

NETWORK, GATEWAY, GUEST = "172.17.0.0/16", "172.17.0.1", "172.17.0.2"
CONTAINERS = [{"name": f"c{number}"} for number in range(24)]  # together they own the whole pool
# 150 of the ports from which a guest connects by default (net.ipv4.ip_local_port_range).
PORTS = range(32768, 60999, 189)
IPTABLES = f"-t nat -A POSTROUTING -s {NETWORK} ! -o docker0 -j MASQUERADE"
NFT = "add table {table}; add chain {chain} {{ type nat hook postrouting priority 100; }}; add rule {chain} {rule}"
NFT_RULE = f'ip saddr {NETWORK} oifname != "docker0" counter masquerade'


def nft(table: str, rule: str) -> str:
    return f"nft '{NFT.format(table=table, chain=f'{table} post', rule=rule)}'"


# How it is made, how it is taken away, and how it is told.
TOOLS = {
    "nft": (
        nft("ip theirs", NFT_RULE),
        "nft delete table ip theirs",
        "nft rule ip theirs post handle 2",
    ),
    **{
        tool: (f"{tool} {IPTABLES}", f"{tool} -t nat -F", f"{tool} {IPTABLES}")
        for tool in ("iptables-nft", "iptables-legacy")
    },
}


_ports = itertools.count(1000)


def bridge(lab: Lab) -> probes.Place:
    """A guest behind the host, as docker and libvirt make them."""
    lab.host.run("ip", "netns", "add", "guest")
    lab.host.ip(
        "link add docker0 type bridge", f"address add {GATEWAY}/16 dev docker0", "link set docker0 up",
        "link add veth1 type veth peer name eth0 netns guest", "link set veth1 master docker0 up",
    )  # fmt: skip
    lab.host.run("ip", "-n", "guest", "address", "add", f"{GUEST}/16", "dev", "eth0")
    lab.host.run("ip", "-n", "guest", "link", "set", "eth0", "up")
    lab.host.run("ip", "-n", "guest", "route", "add", "default", "via", GATEWAY)
    lab.host.place.set_sysctl("ipv4/ip_forward", "1")
    return lab.container("guest")


def answered(lab: Lab, guest: probes.Place, protocol: str = "tcp") -> int:
    """How many of 150 connections of the guest live.

    To another port each time: what became of earlier ones is remembered (conntrack).
    """
    port = next(_ports)
    with probes.servers() as servers:
        servers.listen(lab.peer.place, port, PEER)
        asked = [Probe(guest, protocol, PEER, port, source_port=own) for own in PORTS]
        assert len(asked) == 150
        return sum(answer.who == "peer" for answer in probes.run(asked).values())


def nat(modules: Modules) -> dict[str, Any]:
    (found,) = modules.info(detail=True)["problems"]
    assert found["kind"] == "nat"
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_connections_that_are_translated_are_lost_until_the_rule_that_is_told(
    lab: Lab, modules: Modules, tool: str
) -> None:
    add, flush, rule = TOOLS[tool]
    guest = bridge(lab)
    lab.host.shell(add)
    assert answered(lab, guest) == 150, "the lab itself loses some"
    assert f"connections of {NETWORK} to ports that containers own" in shape.told(
        modules.host(**DOCUMENTED)
    )
    modules.container(containers=CONTAINERS)
    assert answered(lab, guest) < 30
    rules = lab.host.run("nft", "list", "ruleset").stdout
    found = nat(modules)
    assert lab.host.run("nft", "list", "ruleset").stdout == rules, "asking has changed something"
    assert (found["containers"], found["objects"]) == ([], [rule])
    assert shlex.split(found["repair"])[0] == "nft"
    lab.host.shell(found["repair"])
    assert modules.problems() == []
    assert "NAT" not in shape.told(modules.host(**DOCUMENTED))
    for protocol in ("tcp", "udp"):
        assert answered(lab, guest, protocol) == 150
    # Whose rules the others are starts again; and the command is run once more.
    lab.host.shell(f"{flush}; {add}; {found['repair']}")
    assert answered(lab, guest) == 150
    assert modules.problems() == []


def test_a_rule_for_everything_that_is_forwarded(lab: Lab, modules: Modules) -> None:
    """Then the one that is told is for whatever does not come from the host itself."""
    guest = bridge(lab)
    lab.host.shell(nft("inet theirs", 'oifname "eth0" masquerade'))
    modules.host(**DOCUMENTED)
    modules.container(containers=CONTAINERS)
    lab.host.shell(nat(modules)["repair"])
    assert answered(lab, guest) == 150
    assert modules.problems() == []


HARMLESS = {
    "nothing is forwarded": "sysctl -qw net.ipv4.ip_forward=0; " + TOOLS["nft"][0],
    "another interface": f"iptables-nft {IPTABLES} && iptables-nft -t nat -R POSTROUTING 1 -o tun0 -j MASQUERADE",
    "ports of the host": f"iptables-nft -t nat -A POSTROUTING -s {NETWORK} -p tcp -j MASQUERADE --to-ports 57344-60999",
    "another address": f"iptables-nft -t nat -A POSTROUTING -s {NETWORK} -j SNAT --to-source 10.0.0.9",
    "no ports": f"iptables-nft -t nat -A POSTROUTING -s {NETWORK} -p icmp -j MASQUERADE",
    "within a bridge": f"iptables-nft -t nat -A POSTROUTING -s {GUEST}/32 -d {GUEST}/32 -p tcp --dport 80 -j MASQUERADE",
    "no tool": TOOLS["nft"][0] + "; for tool in nft iptables-nft-save iptables-legacy-save iptables-save; do"
    " mount --bind /dev/null $(readlink -f /usr/sbin/$tool) || true; done",
}  # fmt: skip


@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_no_danger_or_cannot_be_seen_is_not_told(
    lab: Lab, modules: Modules, what: str
) -> None:
    bridge(lab)
    lab.host.shell(HARMLESS[what])
    assert "NAT" not in shape.told(modules.host(**DOCUMENTED))
    assert modules.problems() == []
