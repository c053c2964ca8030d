# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A firewall of the host is not one of its containers, which the run that prepares says."""

from __future__ import annotations

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
    NFT.format(policy="accept"),
    "nft add rule inet theirs in tcp dport 22 drop",
    "iptables-nft -P FORWARD DROP",
)


@pytest.mark.parametrize("name", CLOSED)
def test_one_that_is_closed_is_told(lab: Lab, modules: Modules, name: str) -> None:
    command, chain = CLOSED[name]
    lab.host.shell(command)
    said = f"the firewall of this host ({chain}) does not guard containers"
    assert said in shape.told(modules.checking().host(**POOLS))


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
    assert shape.told(modules.checking().host(**POOLS)) == "[]"
