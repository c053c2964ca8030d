# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Podman beside us: the rules of a real netavark, which joins a guest to its network as for podman."""

from __future__ import annotations

import json

import guests
from lab import steering
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import DOCUMENTED

NETAVARK = "/usr/lib/podman/netavark"
# What podman tells it: a container on the network that podman has by default.
NETWORK = {
    "container_id": "0123456789ab",
    "container_name": "guest",
    "networks": {"podman": {"interface_name": "eth0", "static_ips": ["10.88.0.2"]}},
    "network_info": {
        "podman": {
            "name": "podman",
            "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
            "driver": "bridge",
            "network_interface": "podman0",
            "subnets": [{"subnet": "10.88.0.0/16", "gateway": "10.88.0.1"}],
            "ipv6_enabled": False,
            "internal": False,
            "dns_enabled": False,
            "ipam_options": {"driver": "host-local"},
        }
    },
}


def netavark(lab: Lab, verb: str) -> None:
    command = [NETAVARK, "--config", "/run/netavark", verb, "/run/netns/guest"]
    lab.host.run(*command, text=json.dumps(NETWORK))


def test_connections_of_its_network(lab: Lab, modules: Modules) -> None:
    """They live with the rule that is told, after the container has started again, too."""
    lab.host.run("ip", "netns", "add", "guest")
    netavark(lab, "setup")
    guest = lab.container("guest")
    found = guests.check_repair(lab, modules, guest)
    assert "ip saddr { 10.88.0.0/16 }" in found["repair"]
    closed = modules.info()["host"]["closed_interfaces"]
    assert closed == steering.by_way(["podman0"], [])
    netavark(lab, "teardown")
    netavark(lab, "setup")
    if steering.used == steering.BPF:  # its bridge is another one now
        assert [one["kind"] for one in modules.problems()] == ["drift"]
        modules.host(**DOCUMENTED)
    assert guests.answered(lab, guest) == 150
    assert modules.problems() == []
