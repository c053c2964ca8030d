# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public interface gets another name: the next run follows, and the containers live on."""

from __future__ import annotations

import json

import pytest

import shape
from lab import state
from lab.machines import Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

RENAME = (
    "ip link set eth0 down; ip link set eth0 name up0; ip link set up0 up;"
    " ip route replace default via 10.0.0.254"
)


@pytest.mark.parametrize("named", [{}, {"public_interface": "eth0"}, {"public_interface": "up0"}])
def test_the_next_run_follows(lab: Lab, modules: Modules, named: dict) -> None:
    lab.host.place.set_sysctl("ipv4/conf/all/rp_filter", "1")
    untouched = state.of(lab.host)
    shape.place(modules)
    assert shape.matrix(lab) == {}
    lab.host.shell(RENAME)
    assert modules.checking().host(**POOLS, **named)["changed"]
    followed = modules.host(**POOLS, **named)
    assert followed["host"]["public_interface"] == "up0"
    assert shape.matrix(lab) == {}
    assert not modules.host(**POOLS)["changed"]
    assert not modules.container(containers=shape.CONTAINERS)["changed"]
    assert modules.problems() == []
    assert shape.default_routes(lab, "web") == ["default via 10.0.0.254 dev up0 onlink"]
    modules.container(containers=[], purge=True)
    modules.host(state="absent")
    lab.host.shell(RENAME.replace("eth0", "x").replace("up0", "eth0").replace(" x", " up0"))
    left = state.of(lab.host)
    for section in ("qdiscs", "sysctls"):
        assert state.difference({section: untouched[section]}, {section: left[section]}) == ""


def test_a_record_of_an_earlier_version_knows_the_interface_by_its_mac(
    lab: Lab, modules: Modules
) -> None:
    shape.place(modules)
    path = lab.host.path("/run/portmap/host.json")
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    del data["ifindex"]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file)
    lab.host.shell(RENAME)
    assert modules.host(**POOLS)["host"]["public_interface"] == "up0"
    assert shape.matrix(lab) == {}


def test_another_interface_under_the_name_of_before_is_not_taken(
    lab: Lab, modules: Modules
) -> None:
    """As udev names them after a change of hardware: the names are swapped."""
    shape.place(modules)
    lab.host.shell(RENAME)
    shape.second_uplink(lab, "eth0")
    followed = modules.host(**POOLS)
    assert followed["host"]["public_interface"] == "up0"
    assert "the public interface eth0 is called up0 now" in shape.told(followed)
    assert shape.matrix(lab) == {}


def test_a_run_that_was_killed_while_it_followed_is_repaired(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.shell(RENAME)
    points = len(modules.run("portmap_host", {**POOLS, "_ansible_check_mode": True}).points)
    for at in (points + 4, points + 9, points + 14):
        modules.run("portmap_host", POOLS, at=at)
    assert modules.host(**POOLS)["host"]["public_interface"] == "up0"
    modules.container(
        containers=shape.CONTAINERS
    )  # a veth that was being made anew had lost its ports
    assert shape.matrix(lab) == {}
    assert modules.problems() == []


def test_placing_waits_for_the_host(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.shell(RENAME)
    with pytest.raises(ModuleError, match="eth0 is called up0 now; run netiso"):
        modules.container(containers=shape.CONTAINERS)
