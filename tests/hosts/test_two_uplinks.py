# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with two uplinks: its default route moves, and the containers stay where they are."""

from __future__ import annotations

import pytest

import shape
from lab import state, steering
from lab.machines import Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

FAILOVER = (
    "route del default",
    "route add default via 10.0.0.254 metric 100",
    "route add default via 10.9.0.2 dev eth1 metric 50",
)


@pytest.mark.parametrize("named", [{}, {"public_interface": "eth0"}])
def test_a_routine_run_moves_nobody(lab: Lab, modules: Modules, named: dict) -> None:
    steering.only(steering.U32, "with eBPF, containers go by both uplinks: test_whole_host")
    shape.second_uplink(lab)
    closed = "whoever comes by eth1 (10.9.0.1) finds their ports closed"
    assert closed in shape.told(shape.place(modules, **named))
    assert shape.matrix(lab) == {}
    lab.host.ip(*FAILOVER)
    before = state.of(lab.host)
    for run in (modules.checking(), modules):
        prepared = run.host(**POOLS, **named)
        assert not prepared["changed"]
        assert closed not in shape.told(prepared)
        assert prepared["host"]["public_interface"] == "eth0"
        assert prepared["host"]["gateway"] == "10.0.0.254"
        assert not run.container(containers=shape.CONTAINERS)["changed"]
    assert state.difference(before, state.of(lab.host)) == ""
    lab.host.ip("route del default via 10.9.0.2 dev eth1")  # the host itself would use it
    assert shape.matrix(lab) == {}


@pytest.mark.parametrize("check", [False, True])
def test_moving_is_refused_while_containers_are_placed(
    lab: Lab, modules: Modules, check: bool
) -> None:
    shape.second_uplink(lab)
    shape.place(modules)
    lab.host.ip(*FAILOVER)
    before = state.of(lab.host)
    run = modules.checking() if check else modules
    with pytest.raises(ModuleError, match=r"cannot move from eth0 .* to eth1 .*\(db, web\)"):
        run.host(**POOLS, public_interface="eth1")
    assert state.difference(before, state.of(lab.host)) == ""


def test_a_host_without_containers_moves_whole(lab: Lab, modules: Modules) -> None:
    before = state.of(lab.host)
    shape.second_uplink(lab)
    modules.host(**POOLS)
    lab.host.ip(*FAILOVER)
    moved = modules.host(**POOLS, public_interface="eth1")
    assert moved["host"]["address"] == "10.9.0.1/24"
    assert moved["host"]["gateway"] == "10.9.0.2"
    assert state.filters(lab.host, "eth0") == "" or steering.used == steering.BPF
    assert not modules.host(**POOLS)["changed"]
    assert modules.problems() == []
    modules.host(state="absent")
    assert "pref" not in state.filters(lab.host, "eth1")
    assert state.of(lab.host)["qdiscs"].count("ingress") == before["qdiscs"].count("ingress")


def test_a_host_whose_route_is_gone_is_left_as_it_is(lab: Lab, modules: Modules) -> None:
    shape.second_uplink(lab)
    shape.place(modules)
    lab.host.ip("route del default", "route add default via 10.9.0.2 dev eth1")
    before = state.of(lab.host)
    for run in (modules.checking(), modules):
        with pytest.raises(ModuleError, match=r"no default route from 10\.0\.0\.1 through eth0"):
            run.host(**POOLS)
        with pytest.raises(ModuleError, match=r"no default route from 10\.0\.0\.1 through eth0"):
            run.container(name="new", ports=["31020"])
    assert state.difference(before, state.of(lab.host)) == ""
    assert [one["description"] for one in modules.problems()] != []


def test_a_route_through_another_interface_alone_is_told(lab: Lab, modules: Modules) -> None:
    shape.second_uplink(lab)
    lab.host.ip("route del default", "route add default via 10.9.0.2 dev eth1")
    prepared = modules.host(**POOLS, public_interface="eth0")
    assert prepared["host"]["gateway"] is None
    assert "no default route" in shape.told(prepared)
