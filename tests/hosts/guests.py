# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A guest behind the host, whose connections leave with the host's address (source NAT)."""

from __future__ import annotations

import itertools
from typing import Any

from lab import probes
from lab.machines import PEER, Lab
from lab.modules import Modules
from lab.pools import DOCUMENTED
from lab.probes import Probe

NETWORK, GATEWAY, GUEST = "172.17.0.0/16", "172.17.0.1", "172.17.0.2"
CONTAINERS = [{"name": f"c{number}"} for number in range(24)]  # together they own the whole pool
# 150 of the ports from which a guest connects by default (net.ipv4.ip_local_port_range).
PORTS = range(32768, 60999, 189)
_ports = itertools.count(1000)


def bridge(lab: Lab) -> probes.Place:
    """A network of the host's as docker and libvirt make them, and a guest on it."""
    lab.host.ip(
        "link add docker0 type bridge",
        f"address add {GATEWAY}/16 dev docker0",
        "link set docker0 up",
    )
    return join(lab)


def join(lab: Lab) -> probes.Place:
    """A guest on a bridge that is there."""
    lab.host.run("ip", "netns", "add", "guest")
    lab.host.ip(
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


def check_repair(lab: Lab, modules: Modules, guest: probes.Place) -> dict[str, Any]:
    """Connections are lost from when containers own ports, until what is told was done; the problem."""
    assert answered(lab, guest) == 150, "the lab itself loses some"
    modules.host(**DOCUMENTED)
    modules.container(containers=CONTAINERS)
    assert answered(lab, guest) < 30
    rules = lab.host.run("nft", "list", "ruleset").stdout
    found = nat(modules)
    assert lab.host.run("nft", "list", "ruleset").stdout == rules, "asking has changed something"
    lab.host.shell(found["repair"])
    assert modules.problems() == []
    for protocol in ("tcp", "udp"):
        assert answered(lab, guest, protocol) == 150
    return found
