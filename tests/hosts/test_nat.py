# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT beside us: a network of the host's whose connections leave with its address, and ports of containers."""

from __future__ import annotations

import pytest

import guests
import shape
from guests import GUEST, NETWORK
from lab import steering
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import DOCUMENTED

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


@pytest.mark.parametrize("tool", TOOLS)
def test_connections_that_are_translated_are_lost_until_the_rule_that_is_told(
    lab: Lab, modules: Modules, tool: str
) -> None:
    steering.only("u32", "bpf notes for whom an answer is")
    add, flush, rule = TOOLS[tool]
    guest = guests.bridge(lab)
    lab.host.shell(add)
    assert f"connections of {NETWORK} to ports that containers own" in shape.told(
        modules.host(**DOCUMENTED)
    )
    found = guests.check_repair(lab, modules, guest)
    assert (found["containers"], found["objects"]) == ([], [rule])
    assert "NAT" not in shape.told(modules.host(**DOCUMENTED))
    # Whose rules the others are starts again; and the command is run once more.
    lab.host.shell(f"{flush}; {add}; {found['repair']}")
    assert guests.answered(lab, guest) == 150
    assert modules.problems() == []


def test_a_rule_for_everything_that_is_forwarded(lab: Lab, modules: Modules) -> None:
    """Then the one that is told is for whatever does not come from the host itself."""
    steering.only("u32", "bpf notes for whom an answer is")
    guest = guests.bridge(lab)
    lab.host.shell(nft("inet theirs", 'oifname "eth0" masquerade'))
    modules.host(**DOCUMENTED)
    modules.container(containers=guests.CONTAINERS)
    lab.host.shell(guests.nat(modules)["repair"])
    assert guests.answered(lab, guest) == 150
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
    guests.bridge(lab)
    lab.host.shell(HARMLESS[what])
    assert "NAT" not in shape.told(modules.host(**DOCUMENTED))
    assert modules.problems() == []
