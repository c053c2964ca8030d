# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules refuse for the state of the host: ports in use, links in the way, not root."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from lab import state
from lab.machines import Lab
from lab.modules import Modules
from lab.netns import inside
from lab.pools import POOLS
from refusals import Witness, container, host, listener, ranges, refused


def test_containers_need_a_prepared_host(lab: Lab, modules: Modules) -> None:
    refused(lab, modules, *container(name="web", ports=["31000"]), "portmap_host")
    refused(lab, modules, *ranges(container="web", ports=["31000"]), "portmap_host|web")


def test_the_pool_of_ephemeral_ports_may_be_exhausted(lab: Lab, modules: Modules) -> None:
    modules.host(**{**POOLS, "ephemeral_ports": "30000-30031"})
    modules.container(containers=[{"name": "a"}, {"name": "b"}])
    refused(lab, modules, *container(name="c"), "30000-30031", "16")


def test_a_list_that_exhausts_the_pool_places_nobody(lab: Lab, modules: Modules) -> None:
    modules.host(**{**POOLS, "ephemeral_ports": "30000-30031"})
    many = [{"name": name} for name in "abc"]
    refused(lab, modules, *container(containers=many), "30000-30031")


CALLS = {
    "a new container": container(name="new", ports=["31200-31207"]),
    "one that gets more": container(name="web", ports=["31200-31207"]),
    "one that gets less and more": container(name="web", ports=["31203"]),
    "ranges": ranges(container="web", ports=["31200-31207"]),
    "ranges exactly": ranges(container="web", ports=["31203"], state="exact"),
    "an item of a list": container(containers=[{"name": "db"}, {"name": "x", "ports": ["31203"]}]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["tcp", "udp"])
@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "::", "::1"])
def test_a_port_on_which_the_host_listens_is_refused(
    crowded_host: Witness, call: str, kind: str, address: str
) -> None:
    """A socket of IPv6 often takes IPv4, too, and the kernel lists it once."""
    with listener(crowded_host.modules.machine, address, 31203, kind):
        crowded_host.refuses(*CALLS[call], "31203", "a process of the host")


@pytest.mark.parametrize("name", ["web", "new"])
def test_an_ephemeral_range_in_which_the_host_listens_is_refused(
    crowded_host: Witness, name: str
) -> None:
    with listener(crowded_host.modules.machine, "0.0.0.0", 30530, "tcp"):
        call = container(name=name, ephemeral_ports="30528-30543")
        crowded_host.refuses(*call, "30530", "a process of the host")


def test_a_range_that_is_handed_out_goes_round_a_listener(lab: Lab, crowded: Modules) -> None:
    with listener(lab.host, "0.0.0.0", 30070, "udp"):
        made = crowded.container(name="new")["container"]
    assert made["ephemeral_ports"] == "30080-30095"


def test_ports_that_a_container_has_already_are_not_asked_for(lab: Lab, crowded: Modules) -> None:
    """The host may listen there: it hears nothing, and the next run is no reason to fail."""
    with listener(lab.host, "0.0.0.0", 31003, "tcp"):
        assert not crowded.container(name="web", ports=["31000-31007", "31100"])["changed"]
        crowded.ranges(container="web", ports=["31004-31007"], state="absent")


def test_a_port_on_which_a_container_listens_is_not_the_hosts(lab: Lab, crowded: Modules) -> None:
    with inside(lab.container("db").netns):
        server = socket.create_server(("0.0.0.0", 31203))
    with server:
        crowded.container(name="new", ports=["31200-31207"])


def test_a_pool_may_not_shrink_away_from_a_container(lab: Lab, crowded: Modules) -> None:
    refused(lab, crowded, *host(ports=["31000-31499"]), "db|cache")


def test_an_ephemeral_pool_may_not_shrink_away_from_a_container(
    lab: Lab, crowded: Modules
) -> None:
    refused(lab, crowded, *host(ephemeral_ports="30500-30999"), "web|db|cache")


def test_a_host_without_address_is_refused(lab: Lab, modules: Modules) -> None:
    lab.host.ip("address flush dev eth0")
    refused(lab, modules, *host(public_interface="eth0"), "eth0", "address")


def test_an_interface_without_mac_is_refused(lab: Lab, modules: Modules) -> None:
    lab.host.ip("tuntap add mode tun tun0", "address add 172.16.0.1/24 dev tun0")
    refused(lab, modules, *host(public_interface="tun0"), "tun0", "no MAC address")


def test_a_host_without_default_route_must_name_its_interface(lab: Lab, modules: Modules) -> None:
    lab.host.ip("route del default")
    refused(lab, modules, *host(), "public_interface")


def test_a_namespace_with_an_interface_of_that_name_is_refused(lab: Lab, crowded: Modules) -> None:
    lab.host.run("ip", "netns", "add", "busy")
    lab.host.ip("link add eth0 type veth peer name eth9", container="busy")
    refused(
        lab, crowded, *container(name="new", netns="busy", ports=["31200"]), "eth0", "busy|new"
    )


def test_a_link_of_somebody_else_with_our_name_is_refused(lab: Lab, crowded: Modules) -> None:
    lab.host.ip("link add pm-new type veth peer name theirs")
    refused(lab, crowded, *container(name="new", ports=["31200"]), "pm-new")


def test_a_run_without_root_is_refused(lab: Lab, modules: Modules) -> None:
    before = state.of(lab.host)
    nobody = modules.under("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    said = nobody.result("portmap_host", POOLS)
    assert said["failed"]
    assert "cannot change network namespaces and filters: not root" in said["msg"]
    said = nobody.result("portmap_info", {})
    assert "cannot see network namespaces and filters: not root" in said["msg"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_a_machine_without_pyroute2_is_told_the_package(
    lab: Lab, modules: Modules, tmp_path: Any
) -> None:
    (tmp_path / "pyroute2.py").write_text("raise ImportError('No module named pyroute2')\n")
    os.chmod(tmp_path, 0o755)
    before = state.of(lab.host)
    blind = Modules(lab.host, paths=(str(tmp_path), *modules.paths))
    said = blind.result("portmap_host", POOLS)
    assert said["failed"]
    assert "pyroute2" in said["msg"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_other_languages_change_no_message(modules: Modules) -> None:
    said = modules.under("env", "LC_ALL=de_DE.UTF-8").result(*host(ports=["9-1"]))
    assert "9-1" in said["msg"]


def test_the_module_ends_with_an_error_code(modules: Modules) -> None:
    done = modules.execute(*host(ports=["9-1"]))
    assert done.code != 0
