# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with a VPN device, whose default route is better than that of the public interface."""

from __future__ import annotations

import pytest

import shape
from lab import state, steering
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import POOLS

WHOLE = ("route add default dev tun0 metric 50",)
HALVES = ("route add 0.0.0.0/1 dev tun0", "route add 128.0.0.0/1 dev tun0")


@pytest.mark.parametrize("routes", [WHOLE, HALVES], ids=["whole", "halves"])
def test_containers_keep_their_way_out(lab: Lab, modules: Modules, routes: tuple) -> None:
    steering.only(
        steering.U32, "with eBPF, containers go through the VPN as well: test_whole_host"
    )
    lab.host.ip("route del default", "route add default via 10.0.0.254 metric 100")
    shape.place(modules)
    assert shape.matrix(lab) == {}
    lab.host.ip("tuntap add tun0 mode tun", "link set tun0 up", "address add 10.8.0.1/24 dev tun0")
    lab.host.ip(*routes)
    before = state.of(lab.host)
    assert modules.host(**POOLS)["host"]["gateway"] == "10.0.0.254"
    assert not modules.container(containers=shape.CONTAINERS)["changed"]
    assert state.difference(before, state.of(lab.host)) == ""
    assert shape.default_routes(lab, "web") == ["default via 10.0.0.254 dev eth0 onlink"]
    lab.host.ip("link del tun0")  # which took the host's own packets
    assert shape.matrix(lab) == {}
