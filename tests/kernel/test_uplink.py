# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A public interface that is called like the veths of containers: whose a link is, its name does not say."""

from __future__ import annotations

import pytest

from lab import probes
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe


@pytest.fixture
def uplink(lab: Lab, steering: str) -> Lab:
    lab.host.shell(
        "ip link set eth0 down; ip link set eth0 name pm-wan; ip link set pm-wan up;"
        " ip route replace default via 10.0.0.254 dev pm-wan"
    )
    return lab


# Blocks of 128 ports and more have nodes as high as those that the kernel gives by itself.
@pytest.mark.parametrize("ports", ["31000-31007", "31104-31231", "31232-31487", "31000-31999"])
def test_an_uplink_named_like_a_veth_converges(uplink: Lab, modules: Modules, ports: str) -> None:
    modules.host(**POOLS)
    placed = {"name": "web", "ports": [ports]}
    assert modules.container(**placed)["changed"]
    assert not modules.container(**placed)["changed"]
    assert not modules.host(**POOLS)["changed"]
    assert modules.problems() == []
    first, last = (int(port) for port in ports.split("-"))
    with probes.servers() as servers:
        for port in (first, last):
            servers.listen(uplink.container("web"), port, HOST)
        asked = [Probe(uplink.peer.place, "tcp", HOST, port) for port in (first, last)]
        assert {answer.who for answer in probes.run(asked).values()} == {"web"}
    assert modules.container(name="web", state="absent")["changed"]
    assert modules.host(state="absent")["changed"]
    assert "pm-" not in uplink.host.shell("tc filter show dev pm-wan ingress")
