# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options: what is left out stays, what is given in other words is taken or refused in words."""

from __future__ import annotations

import json
import os
import socket
import sys

import pytest

from lab import state
from lab.machines import Lab, Place
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS

RANGES = "ipv4/ip_local_port_range"
RESERVED = "ipv4/ip_local_reserved_ports"
UNPRIVILEGED, PINGERS = "ipv4/ip_unprivileged_port_start", "ipv4/ping_group_range"
# Who is nobody may open this port, and may send a ping without rights.
AS_NOBODY = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
socket.socket().bind(("0.0.0.0", int(sys.argv[1])))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
"""


def told(result: dict) -> str:
    return json.dumps(result.get("warnings", []))


# --- what is left out ---------------------------------------------------------------------------


def test_a_prepared_host_changes_only_what_is_named(lab: Lab, modules: Modules) -> None:
    given = {"ephemeral_ports_per_container": 64, "host_ephemeral_ports": "40000-49999"}
    modules.host(**{**POOLS, **given}, rp_filter="keep", address="10.0.0.1")
    before = modules.info()["host"]
    assert not modules.host()["changed"]
    foreseen = modules.checking().differing().host(ports=["31000-33000"])
    changed = modules.differing().host(ports=["31000-33000"])
    for run in (foreseen, changed):
        assert run["changes"] == ["set ports to 31000-33000"]
        lines = [set(run["diff"][side].splitlines()) for side in ("before", "after")]
        assert lines[0] - lines[1] == {"parameter ports = 31000-32000"}
        assert lines[1] - lines[0] == {"parameter ports = 31000-33000"}
    after = modules.info()["host"]
    assert {key: after[key] for key in before if after[key] != before[key]} == {
        "ports": ["31000-33000"]
    }
    assert lab.host.place.sysctl(RANGES) == "40000\t49999"
    assert modules.container(name="web")["container"]["ephemeral_ports"] == "30016-30079"


def test_the_first_run_takes_what_the_documents_say(modules: Modules) -> None:
    host = modules.host(ephemeral_ports="2048-19999", ports=["31000"])["host"]
    assert (host["ephemeral_ports_per_container"], host["rp_filter"]) == (1024, "relax")
    assert host["host_ephemeral_ports"] == "32768-60999"


@pytest.mark.parametrize("nothing", [[], [""], "", " "])
def test_an_empty_text_is_no_port(modules: Modules, nothing: object) -> None:
    modules.host(**{**POOLS, "ports": nothing})
    assert modules.info()["host"]["ports"] == []
    modules.host(**POOLS)
    modules.container(name="web", ports=["31000-31001"])
    assert modules.ranges(container="web", ports=nothing)["changed"] is False
    assert modules.ranges(container="web", ports=nothing, state="absent")["changed"] is False
    emptied = modules.ranges(container="web", ports=nothing, state="exact")
    assert emptied["removed"] == ["31000-31001"]
    modules.container(name="web", ports=["31000-31001"])
    assert modules.container(name="web", ports=nothing)["container"]["ports"] == []


# --- what is told -------------------------------------------------------------------------------


def test_another_number_of_ephemeral_ports_is_for_those_to_come(prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    for run in (prepared.checking(), prepared):
        said = told(run.host(ephemeral_ports_per_container=32))
        assert "keep the ephemeral ports that they have (web: 16); 32 are given" in said
    assert told(prepared.host()) == "[]"
    made = prepared.container(containers=[{"name": "db"}, {"name": "web"}])["containers"]
    assert [one["ephemeral_ports"] for one in made] == ["30048-30079", "30016-30031"]


def test_a_pool_in_which_the_host_listens_is_told(lab: Lab, modules: Modules) -> None:
    with inside(lab.host.place.netns):
        server = socket.create_server(("0.0.0.0", 22))
    with server:
        for run in (modules.checking(), modules):
            said = told(run.host(**{**POOLS, "ports": ["20-30000"]}))
            assert "the pool of ports (20-30000) has 22" in said
            assert f"(pid {os.getpid()}) on TCP port 22" in said
        with pytest.raises(ModuleError, match=r"cannot give ports 22 to web: .*\(pid \d+\)"):
            modules.container(name="web", ports=["22"])
    assert told(modules.host()) == "[]"


def test_one_protocol_of_a_port_is_refused_in_words(lab: Lab, prepared: Modules) -> None:
    before = state.of(lab.host)
    for run in (prepared.checking(), prepared):
        with pytest.raises(ModuleError, match=r"53/udp: a port is that of TCP, UDP and SCTP"):
            run.container(name="web", ports=["53/udp"])
    assert state.difference(before, state.of(lab.host)) == ""


# --- the names of interfaces --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["uplink", "enp0s31f6-uplink-of-the-rack"])
def test_an_alternative_name_is_taken(lab: Lab, modules: Modules, name: str) -> None:
    lab.host.ip(f"link property add dev eth0 altname {name}")
    result = modules.host(**POOLS, public_interface=name)
    assert result["host"]["public_interface"] == "eth0"
    assert told(result) == "[]"
    modules.container(name="web", ports=["31000"])
    again = modules.host(**POOLS, public_interface=name)
    assert (again["changed"], told(again)) == (False, "[]")
    assert modules.problems() == []


@pytest.mark.parametrize("name", ["no-interface-has-this-name", "x" * 128])
def test_a_long_name_that_no_interface_has_is_refused(
    lab: Lab, modules: Modules, name: str
) -> None:
    with pytest.raises(
        ModuleError, match=f"cannot use public_interface {name}: (no such|it is lo)"
    ):
        modules.host(**POOLS, public_interface=name)


# --- kernel parameters --------------------------------------------------------------------------


def test_what_processes_without_rights_may_do_follows_the_host(
    lab: Lab, prepared: Modules
) -> None:
    lab.host.place.set_sysctl(UNPRIVILEGED, "80")
    lab.host.place.set_sysctl(PINGERS, "0\t2147483647")
    lab.host.place.set_sysctl("ipv4/tcp_fin_timeout", "15")
    prepared.host(**{**POOLS, "ports": ["80-90"]})
    prepared.container(name="web", ports=["80"])
    lab.host.run(sys.executable, "-c", AS_NOBODY, "80", container="web")
    web = lab.container("web")
    assert web.sysctl("ipv4/tcp_fin_timeout") == "15"
    lab.host.place.set_sysctl(UNPRIVILEGED, "1024")
    assert [one["kind"] for one in prepared.problems()] != []
    assert prepared.container(name="web", ports=["80"])["changed"]
    assert web.sysctl(UNPRIVILEGED) == "1024"
    assert prepared.problems() == []


def test_a_namespace_of_another_maker_keeps_what_that_has_set(lab: Lab, prepared: Modules) -> None:
    """As docker does, which lets everybody in its containers open every port."""
    lab.host.place.set_sysctl(PINGERS, "0\t2147483647")
    with lab.host.tenant() as tenant:
        theirs = Place("theirs", f"/proc/{tenant.pid}/ns/net")
        theirs.set_sysctl(UNPRIVILEGED, "0")
        prepared.container(name="web", pid=tenant.pid, ports=["31000"])
        assert theirs.sysctl(UNPRIVILEGED) == "0"
        assert theirs.sysctl(PINGERS) == "1\t0"
        assert prepared.problems() == []


def test_a_host_that_keeps_itself_from_the_pools_keeps_no_container_from_them(
    lab: Lab, prepared: Modules
) -> None:
    """What is reserved is asked only for ports that the kernel chooses: inside, these are all the container's own."""
    lab.host.place.set_sysctl(RESERVED, "30001-32000")
    prepared.container(name="web", ports=["31000"])
    web = lab.container("web")
    with inside(web.netns), socket.socket() as one, socket.socket() as other:
        one.bind(("0.0.0.0", 0))
        assert 30016 <= one.getsockname()[1] <= 30031
        web.set_sysctl(RESERVED, "30001-32000")  # as if it had been carried over
        with pytest.raises(OSError, match="Address already in use"):
            other.bind(("0.0.0.0", 0))
        other.bind(("0.0.0.0", 31000))  # a service port was never kept from anybody


# --- what was made ------------------------------------------------------------------------------


def test_a_namespace_that_was_made_is_told_once(lab: Lab, prepared: Modules) -> None:
    foreseen = prepared.checking().container(name="web", ports=["31000"])["container"]
    assert (foreseen["created"], foreseen["namespace_inode"]) == (True, None)
    made = prepared.container(name="web", ports=["31000"])["container"]
    inode = os.stat(lab.host.path("/run/netns/web")).st_ino
    assert (made["created"], made["namespace_inode"]) == (True, inode)
    again = prepared.ranges(container="web", ports=["31001"])["container"]
    assert (again["created"], again["namespace_inode"]) == (False, inode)
    assert prepared.info()["containers"][0]["namespace_inode"] == inode
    lab.host.run("umount", "/run/netns/web")
    anew = prepared.container(name="web", ports=["31000"])["container"]
    inode = os.stat(lab.host.path("/run/netns/web")).st_ino  # perhaps the one of before again
    assert (anew["created"], anew["namespace_inode"]) == (True, inode)
    gone = prepared.container(name="web", state="absent")["container"]
    assert (gone["created"], gone["namespace_inode"]) == (False, None)


def test_a_namespace_of_others_is_not_made(lab: Lab, prepared: Modules) -> None:
    lab.host.run("ip", "netns", "add", "theirs")
    placed = prepared.container(name="web", netns="theirs")["container"]
    assert not placed["created"]
    assert placed["namespace_inode"] == os.stat(lab.host.path("/run/netns/theirs")).st_ino
