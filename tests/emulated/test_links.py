# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""VLAN, bond, VRF and WireGuard as the public interface or beside it, with the kernel of Debian 12."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import emulated

pytestmark = [
    pytest.mark.thorough("an emulated machine that prepares four hosts takes minutes"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
GUEST = Path(__file__).with_name("guest_links.py")
NEEDS = emulated.Guest(
    modules=(
        "veth", "bridge", "8021q", "bonding", "vrf", "wireguard",
        "sch_ingress", "cls_u32", "cls_bpf", "act_mirred", "act_gact",
    ),
    directories=(
        "arch/x86/crypto", "drivers/net", "drivers/net/bonding", "drivers/net/wireguard", "lib/crypto",
        "net/802", "net/8021q", "net/bridge", "net/ipv6", "net/llc", "net/sched", "net/tls",
    ),
    seconds=1500,
)  # fmt: skip
HOST, PEER = "10.0.0.1", "10.0.0.254"


@cache
def machine() -> dict[str, Any]:
    return emulated.told("bookworm", GUEST, "vlan", "bond", "vrf", "wireguard", guest=NEEDS)


def of(name: str) -> dict[str, Any]:
    """What was found of a host; a second run has changed nothing."""
    if "missing" in machine():
        pytest.skip(f"no machine with the kernel of bookworm: {machine()['missing']}")
    assert "failed" not in machine(), machine()["failed"]
    found = dict(machine()[name])
    assert "failed" not in found, found["failed"]
    assert not found["again"]
    return found


def answers(with_host: bool = True) -> dict[str, str]:
    """Who is to answer whom."""
    found = {}
    for protocol in ("tcp", "udp"):
        found[f"peer->{protocol}:{HOST}:31001"] = "web"
        found[f"web->{protocol}:{PEER}:53"] = "peer"
        if with_host:
            found[f"peer->{protocol}:{HOST}:32502"] = "host"
            found[f"web->{protocol}:{HOST}:32502"] = "host"
            found[f"host->{protocol}:{PEER}:53"] = "peer"
            found[f"host->{protocol}:{HOST}:31001"] = "web"
            found[f"host->{protocol}:127.0.0.1:31001"] = "web"
    return found


@pytest.mark.parametrize(("name", "link"), [("vlan", "eth0.5"), ("bond", "bond0")])
def test_the_public_interface_stands_on_another_link(name, link):
    """The kernel says of a bond that it merges frames, whatever its ports do; switched off there, it is off in these."""
    found = of(name)
    assert (found["host"]["public_interface"], found["host"]["gateway"]) == (link, PEER)
    assert found["answers"] == answers()
    assert found["problems"] == []
    assert ("ethtool -K bond0 lro off" in str(found["warnings"])) == (name == "bond")
    assert len(found["warnings"]) == (name == "bond")


def test_the_public_interface_is_in_a_vrf():
    """Processes of the host are not asked: they would have to say that they are in the VRF."""
    found = of("vrf")
    assert (found["host"]["public_interface"], found["host"]["gateway"]) == ("eth0", PEER)
    assert found["problems"] == []
    assert found["answers"] == answers(with_host=False)


def test_a_tunnel_of_wireguard_beside_it():
    """The host goes through it.  Who comes by it does not find containers, which is told."""
    found = of("wireguard")
    through = {f"host->{protocol}:10.8.0.2:54": "peer" for protocol in ("tcp", "udp")}
    closed = {f"peer->{protocol}:10.8.0.1:31001": "refused" for protocol in ("tcp", "udp")}
    assert found["answers"] == {**answers(), **through, **closed}
    assert "wg0" in str(found["warnings"])
    assert "wg0" in found["moved"]
    assert "no MAC address" in found["moved"]
