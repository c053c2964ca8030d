# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ingress hook is shared: others' qdiscs, filters and programs stay, and what kills traffic is told."""

from __future__ import annotations

import json
import sys

import pytest

import shape
from lab import steering
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import POOLS

ENDING = {
    "u32": "protocol ip prio 50 u32 match ip src 0.0.0.0/0 flowid :1",
    "all protocols": "protocol all prio 1 u32 match u32 0 0 flowid :1",
    "BPF": "protocol all prio 5 bpf da bytecode '1,6 0 0 0,'",
}
THEIRS = "u32 match ip dport 5 0xffff flowid 1:5"
HARMLESS = {
    "goes on": "protocol ip prio 50 u32 match u32 0 0 action mirred egress mirror dev eth1 continue",
    "comes later": "protocol ip prio 5000 u32 match ip src 0.0.0.0/0 flowid :1",
    "IPv6": "protocol ipv6 prio 5 u32 match u32 0 0 flowid :1",
}
# A program of two instructions, `return TCX_PASS`, loaded and attached by bpf(2).
TCX = """
import ctypes, os, socket, struct, sys
bpf = lambda command, attr: ctypes.CDLL(None, use_errno=True).syscall(
    {"x86_64": 321, "aarch64": 280}[os.uname().machine], command, attr, len(attr))
code = ctypes.create_string_buffer(bytes.fromhex("b700000000000000" "9500000000000000"))
name = ctypes.create_string_buffer(b"GPL")
loaded = bpf(5, struct.pack("=IIQQ", 3, 2, ctypes.addressof(code), ctypes.addressof(name)))
index = socket.if_nametoindex(sys.argv[1])
sys.exit(loaded < 0 or bpf(8, struct.pack("=IIII", index, loaded, 46, 0)) != 0)
"""


def kinds(lab: Lab, interface: str) -> list[str]:
    shown = lab.host.json("tc", "-j", "qdisc", "show", "dev", interface)
    return [qdisc["kind"] for qdisc in shown if qdisc["kind"] in ("ingress", "clsact")]


def test_others_can_use_both_directions(lab: Lab, modules: Modules) -> None:
    """An agent asks for clsact, goes on when there is one, and fails where an ingress qdisc is."""
    shape.place(modules)
    for interface in ("eth0", "lo"):
        assert kinds(lab, interface) == ["clsact"]
        lab.host.tc(f"filter add dev {interface} egress protocol ip prio 9 {THEIRS}")
    assert shape.matrix(lab) == {}
    assert not modules.host(**POOLS)["changed"]
    # With bpf, what the host itself sends is noted on eth0, behind a filter that can end the search.
    told = ["earlier_filter"] if steering.used == steering.BPF else []
    assert [one["kind"] for one in modules.problems()] == told


def test_a_host_that_an_earlier_version_prepared_keeps_its_qdisc(
    lab: Lab, modules: Modules
) -> None:
    """That version made ingress, and wrote into its record that it had."""
    lab.host.tc("qdisc add dev eth0 ingress", "qdisc add dev lo ingress")
    shape.place(modules)
    path = lab.host.path("/run/portmap/host.json")
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**data, "qdiscs": ["eth0", "lo"]}, file)
    assert not modules.host(**POOLS)["changed"]
    assert kinds(lab, "eth0") == kinds(lab, "lo") == ["ingress"]
    # The kernel has no other way to clsact than to delete ingress first, and all filters with it.
    for verb in ("add", "replace"):
        assert lab.host.run("tc", "qdisc", verb, "dev", "eth0", "clsact", check=False).returncode
    assert shape.matrix(lab) == {}
    modules.container(containers=[], purge=True)
    modules.host(state="absent")
    assert kinds(lab, "eth0") == kinds(lab, "lo") == []


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize("interface", ["eth0", "lo"])
def test_absent_leaves_a_qdisc_that_carries_others_filters(
    lab: Lab, modules: Modules, interface: str, direction: str
) -> None:
    modules.host(**POOLS)
    lab.host.tc(f"filter add dev {interface} {direction} protocol ip prio 5000 {THEIRS}")
    modules.host(state="absent")
    shown = lab.host.run("tc", "filter", "show", "dev", interface, direction).stdout
    assert "pref 5000" in shown
    ingress = lab.host.run("tc", "filter", "show", "dev", interface, "ingress").stdout
    assert steering.by_way("pref 770 u32 chain 0 fh", "pm_steer") not in ingress
    other = "lo" if interface == "eth0" else "eth0"
    assert (kinds(lab, interface), kinds(lab, other)) == (["clsact"], [])


@pytest.mark.parametrize("name", ENDING)
def test_an_earlier_filter_that_ends_the_search_is_told(
    lab: Lab, modules: Modules, name: str
) -> None:
    shape.place(modules)
    assert shape.matrix(lab) == {}
    lab.host.tc(f"filter add dev eth0 ingress {ENDING[name]}")
    (problem,) = modules.problems()
    assert (problem["kind"], problem["repair"]) == ("earlier_filter", None)  # it has a purpose
    last = steering.by_way(771, 128)
    assert f"give it the action continue, or a priority over {last}, or" in problem["description"]
    assert "can end the search" in shape.told(modules.host(**POOLS))
    assert "can end the search" in shape.told(modules.checking().host(**POOLS))
    assert "can end the search" in shape.told(modules.container(containers=shape.CONTAINERS))
    assert "can end the search" in shape.told(
        modules.checking().ranges(container="web", ports=["31006"])
    )
    assert shape.told(modules.container(name="web", state="absent")) == "[]"
    modules.container(containers=shape.CONTAINERS)
    assert {"peer->tcp:10.0.0.1:31001", "other->udp:10.0.0.1:31008"} <= set(shape.matrix(lab))


def test_an_earlier_filter_on_the_loopback_is_told_too(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.tc(f"filter add dev lo ingress {ENDING['u32']}")
    told = shape.told(modules.container(name="web", ports=["31000-31007"]))
    assert "filter dev lo ingress prio 50" in told
    assert "host->tcp:10.0.0.1:31001" in shape.matrix(lab)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_filter_that_is_in_nobody_s_way_is_not_told(
    lab: Lab, modules: Modules, name: str
) -> None:
    shape.second_uplink(lab)
    shape.place(modules)
    lab.host.tc(f"filter add dev eth0 ingress {HARMLESS[name]}")
    assert modules.problems() == []
    assert shape.told(modules.host(**POOLS)) == "[]"
    assert shape.told(modules.container(containers=shape.CONTAINERS)) == "[]"
    assert shape.matrix(lab) == {}


def test_a_program_before_all_filters_is_told(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    if lab.host.run(sys.executable, "-c", TCX, "eth0", check=False).returncode:
        pytest.skip("this kernel has no tcx")
    assert [one["kind"] for one in modules.problems()] == ["earlier_filter"]
    assert "(tcx)" in shape.told(modules.host(**POOLS))
    assert "(tcx)" in shape.told(modules.container(containers=shape.CONTAINERS))
    assert "peer->tcp:10.0.0.1:31001" in shape.matrix(lab)
