# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of problems that portmap_info tells of a host: each is made, read, and repaired as it says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import shape
from lab import steering
from lab.machines import HOST, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.repairs import carry_out

BOTH = ["db", "web"]


def told(modules: Modules, kind: str, containers: list[str], said: str) -> dict[str, Any]:
    """The only problem there is."""
    found = modules.problems()
    assert [(one["kind"], one["containers"]) for one in found] == [(kind, containers)], found
    assert re.search(said, found[0]["description"]), found[0]["description"]
    return found[0]


def repaired(modules: Modules, problem: dict[str, Any], **options: Any) -> None:
    carry_out(modules, problem["repair"], {**POOLS, **options}, shape.CONTAINERS)
    assert modules.problems() == []


def test_not_prepared(lab: Lab, modules: Modules) -> None:
    problem = told(modules, "not_prepared", [], "this host is not prepared")
    repaired(modules, problem)
    shape.place(modules)
    lab.host.run("rm", "/run/portmap/host.json")
    repaired(modules, told(modules, "not_prepared", BOTH, "containers are placed on it: db, web"))


def test_addresses(lab: Lab, modules: Modules) -> None:
    """All that was made after the old address is one problem."""
    shape.place(modules)
    lab.host.ip(
        f"address del {HOST}/24 dev eth0",
        "address add 10.0.0.2/24 dev eth0",
        "route replace default via 10.0.0.254",
    )
    said = f"eth0 has the address 10.0.0.2/24 now, but containers were given {HOST}/24"
    repaired(modules, told(modules, "addresses", BOTH, said))
    assert shape.matrix(lab, "10.0.0.2") == {}


def test_addresses_that_are_gone(lab: Lab, modules: Modules) -> None:
    """What else is wrong is told all the same."""
    shape.place(modules)
    lab.host.ip("address flush dev eth0")
    told(modules, "addresses", BOTH, "eth0: it has no IPv4 address")
    lab.host.tc("filter del dev pm-web ingress")
    assert {one["kind"] for one in modules.problems()} == {"addresses", "drift"}


def test_addresses_that_are_not_shared_are_one_problem(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.ip("address add 10.7.0.1/32 dev eth0")
    if steering.used == steering.BPF:
        repaired(
            modules, told(modules, "addresses", BOTH, r"the host has 10\.7\.0\.1 besides now")
        )
        return
    problem = told(modules, "addresses", [], r"eth0 has other addresses \(10\.7\.0\.1\)")
    assert problem["repair"] is None


def test_route(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.ip("route replace default via 10.0.0.253")
    said = "leads to 10.0.0.253 now, but that of containers to 10.0.0.254"
    repaired(modules, told(modules, "route", BOTH, said))
    assert shape.default_routes(lab, "web") == ["default via 10.0.0.253 dev eth0 onlink"]


def test_a_route_that_is_gone(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.ip("route del default")
    told(modules, "route", BOTH, "no default route from 10.0.0.1 through eth0 any more")


def test_an_interface_with_another_name_is_one_problem(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.shell(
        "ip link set eth0 down; ip link set eth0 name up0; ip link set up0 up;"
        " ip route replace default via 10.0.0.254"
    )
    problem = told(modules, "drift", BOTH, "public interface eth0 is called up0 now")
    assert modules.info(container="web")["problems"] == [{**problem, "containers": ["web"]}]
    repaired(modules, problem)
    assert shape.matrix(lab) == {}


def test_an_interface_that_is_gone_is_one_problem(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    lab.host.ip("link delete eth0")
    told(modules, "drift", BOTH, "public_interface eth0: no such interface")
    found = modules.info(container="web")
    assert [one["name"] for one in found["containers"]] == ["web"]
    assert [one["kind"] for one in found["problems"]] == ["drift"]


@pytest.mark.parametrize("half", [False, True])
def test_a_run_that_was_interrupted(modules: Modules, half: bool) -> None:
    """When the namespace was there and no link yet, and with half of what belongs to the container."""
    shape.place(modules)
    listed = [*shape.CONTAINERS, {"name": "new", "ports": ["31016-31023"]}]
    step = ("portmap_container", {"containers": listed})
    points = modules.run(*step).points
    modules.container(name="new", state="absent")
    at = next(at for at, point in enumerate(points) if point.startswith("mount "))
    later = steering.by_way(40, 15) if half else 1  # eBPF takes fewer steps
    assert modules.run(*step, at=at + later).killed
    problem = told(modules, "drift", ["new"], "a run that was placing new was interrupted; run it")
    carry_out(modules, problem["repair"], POOLS, listed)
    assert modules.problems() == []


def test_bridge_mac(lab: Lab, modules: Modules) -> None:
    shape.bridge(lab)
    shape.place(modules)
    problem = told(modules, "bridge_mac", [], "br0 is a bridge without a fixed MAC: when a port")
    repaired(modules, problem)


def test_a_bridge_whose_mac_has_changed(lab: Lab, modules: Modules) -> None:
    shape.bridge(lab)
    shape.place(modules)
    lab.host.ip(
        "link add low address 02:00:00:00:00:00 type veth peer name low-far",
        "link set low master br0 up",
    )
    problem = told(modules, "bridge_mac", BOTH, "It has 02:00:00:00:00:00 now, and containers")
    # eBPF gives every packet the MAC of where it goes.
    assert (shape.matrix(lab) == {}) == steering.by_way(False, True)
    repaired(modules, problem)
    assert shape.matrix(lab) == {}


@pytest.mark.parametrize("value", ["1400", "9000"])
def test_drift_of_the_mtu(lab: Lab, modules: Modules, value: str) -> None:
    shape.place(modules)
    lab.host.ip(f"link set eth0 mtu {value}")
    said = f"eth0 has the MTU {value} now, but containers were given 1500"
    repaired(modules, told(modules, "drift", BOTH, said))


def test_host_range(lab: Lab, modules: Modules) -> None:
    """Somebody's file of sysctls widens the range over both pools."""
    shape.place(modules, host_ephemeral_ports="40000-50000")
    range_file = "net.ipv4.ip_local_port_range"
    lab.host.run("sysctl", "-w", f"{range_file}=31004 60999")
    said = r"takes its own ports from 31004-60999 .* and 31004-32000 of them are for containers"
    problem = told(modules, "host_range", BOTH, said)
    repaired(modules, problem, host_ephemeral_ports="40000-50000")
    assert lab.host.run("sysctl", "-n", range_file).stdout.split() == ["40000", "50000"]


def test_a_container_that_nobody_knows_is_an_error(lab: Lab, modules: Modules) -> None:
    """Whether or not the next boot has one of that name; what it has is told."""
    lab.host.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
    lab.host.run("mkdir", "--mode", "700", "/var/lib/netiso-portmap")
    shape.place(modules)
    with pytest.raises(ModuleError, match="cannot describe nosuch: there is no such container"):
        modules.info(container="nosuch")
    path = lab.host.path("/var/lib/netiso-portmap/desired.json")
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    data["containers"].append({**data["containers"][0], "name": "nosuch", "netns": "nosuch",
                               "ports": [], "ephemeral_ports": "30528-30543"})  # fmt: skip
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file)
    (problem,) = modules.info(container="nosuch")["problems"]
    assert problem["description"].startswith("nosuch is saved in /var/lib/netiso-portmap/")
