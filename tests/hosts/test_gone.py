# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing and asking need neither the interface, nor the address, nor the record to be in order."""

from __future__ import annotations

import os

import pytest

import shape
from lab import state
from lab.machines import Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

DAMAGES = {
    "interface": "ip link del eth0",
    "address": "ip address flush dev eth0",
    "route": "ip route del default",
    "renamed": "ip link set eth0 down; ip link set eth0 name up0; ip link set up0 up",
    "record": "rm /run/portmap/host.json",
    "damaged record": "echo '{' >/run/portmap/host.json",
}


@pytest.fixture(params=DAMAGES)
def damaged(request: pytest.FixtureRequest, lab: Lab, modules: Modules) -> Modules:
    lab.host.run("ip", "netns", "add", "kept")
    shape.place(modules)
    modules.container(name="kept", ports=["31020"])
    lab.host.shell(DAMAGES[request.param])
    return modules


def nothing_left(lab: Lab, recorded: bool) -> None:
    """Without a record nothing says that the qdiscs are ours; they stay, empty."""
    now = state.of(lab.host)
    assert "pm-" not in now["links"]
    assert "pref" not in "".join(text for name, text in now.items() if name.startswith("ingress"))
    assert not recorded or "ingress" not in now["qdiscs"]
    assert os.listdir(lab.host.path("/run/netns")) == ["kept"]
    assert not os.path.exists(lab.host.path("/run/portmap/host.json"))
    assert "eth0" not in lab.host.run("ip", "link", container="kept").stdout


def test_a_single_container_is_removed(lab: Lab, damaged: Modules) -> None:
    before = state.of(lab.host)
    gone = {"name": "web", "state": "absent"}
    told = damaged.checking().container(**gone)
    assert told["changed"]
    assert state.difference(before, state.of(lab.host)) == ""
    assert damaged.container(**gone)["changes"] == told["changes"]
    assert "pm-web" not in lab.host.run("ip", "link").stdout
    assert not damaged.container(**gone)["changed"]


def test_all_is_taken_away(lab: Lab, damaged: Modules, request: pytest.FixtureRequest) -> None:
    recorded = "record" not in request.node.name
    damaged.container(containers=[], purge=True)
    damaged.checking().host(state="absent")
    absent = damaged.host(state="absent")
    assert recorded == ("is not known any more" not in shape.told(absent))
    nothing_left(lab, recorded)
    assert not damaged.host(state="absent")["changed"]


def test_what_is_there_is_told(damaged: Modules) -> None:
    assert damaged.problems() != []
    assert damaged.info(container="web")["problems"] != []
    assert damaged.result("portmap_info", {"container": "nosuch"})["failed"]


def test_placing_is_refused_before_any_change(lab: Lab, damaged: Modules) -> None:
    before = state.of(lab.host)
    for run in (damaged.checking(), damaged):
        with pytest.raises(ModuleError, match="portmap_host"):
            run.container(name="new", ports=["31021"])
    assert state.difference(before, state.of(lab.host)) == ""


def test_the_address_comes_back(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.shell("ip address flush dev eth0")
    with pytest.raises(ModuleError, match="no IPv4 address"):
        modules.host(**POOLS)
    lab.host.ip("address add 10.0.0.1/24 dev eth0", "route add default via 10.0.0.254")
    assert not modules.host(**POOLS)["changed"]
    assert shape.matrix(lab) == {}
