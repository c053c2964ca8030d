# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets of the host on ports that containers get, or have: nothing is cut or deaf in silence."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lab.machines import HOST, PEER, Lab
from lab.modules import Modules
from lab.netns import inside
from scene import inventory

ME = rf"[\w.:/@+?-]+ \(pid {os.getpid()}\)"
SERVER = 53


@pytest.fixture
def server(lab: Lab) -> Iterator[None]:
    with ExitStack() as stack:
        for address in (PEER, "fd00::fe"):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            lab.peer.place.set_sysctl("ipv6/conf/all/disable_ipv6", "0")
            lab.peer.place.set_sysctl("ipv6/conf/eth0/accept_dad", "0")
            if family == socket.AF_INET6:
                lab.peer.ip("address replace fd00::fe/64 dev eth0 nodad")
                lab.host.ip("address replace fd00::1/64 dev eth0 nodad")
            with inside(lab.peer.place.netns):
                listener = stack.enter_context(socket.socket(family))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, SERVER))
            listener.listen()
        yield


def connected(lab: Lab, how: str, port: int) -> socket.socket:
    """A socket of the host that is connected from a port."""
    kind, address, target = {
        "TCP": (socket.SOCK_STREAM, PEER, SERVER),
        "TCP over IPv6": (socket.SOCK_STREAM, "fd00::fe", SERVER),
        "TCP that waits for an answer": (socket.SOCK_STREAM, "10.0.0.99", 9),
        "UDP": (socket.SOCK_DGRAM, PEER, 9),
        "UDP over IPv6": (socket.SOCK_DGRAM, "fd00::fe", 9),
    }[how]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(lab.host.place.netns):
        made = socket.socket(family, kind)
    made.bind(("", port))
    made.settimeout(5)
    if "waits" in how:
        made.setblocking(False)
        made.connect_ex((address, target))
    else:
        made.connect((address, target))
    return made


HOW = ["TCP", "TCP over IPv6", "TCP that waits for an answer", "UDP", "UDP over IPv6"]


@pytest.mark.parametrize("how", HOW)
def test_a_port_from_which_the_host_is_connected_is_refused(
    lab: Lab, prepared: Modules, server: None, how: str
) -> None:
    prepared.container(name="web", ports=["31000"])
    asked = {"name": "new", "ports": ["31200-31207"]}
    added = {"container": "web", "ports": ["31200-31207"]}
    with connected(lab, how, 31203):
        for modules in (prepared, prepared.checking()):
            for module, parameters in (("portmap_container", asked), ("portmap_ranges", added)):
                said = modules.result(module, parameters)["msg"]
                assert "cannot give ports 31200-31207 to" in said
                assert "the host has a connection open from there" in said
                assert re.search(
                    rf"that of {ME} from {how[:3]} port 31203 to \[?[0-9a-f.:]+", said
                )
                assert "set force" in said
        assert prepared.ranges(**added, force=True)["changed"]
        # What it owns is not judged again.
        assert not prepared.ranges(**added)["changed"]
        prepared.ranges(**added, state="absent")
        assert prepared.container(**asked, force=True)["changed"]
        assert not prepared.container(**asked)["changed"]


def test_a_connection_that_is_over_is_none(lab: Lab, prepared: Modules, server: None) -> None:
    """TIME-WAIT hears nothing that anybody would miss."""
    ended = connected(lab, "TCP", 31203)
    ended.shutdown(socket.SHUT_RDWR)
    ended.close()
    lab.peer.run("ss", "--kill", "state", "close-wait", check=False)
    assert prepared.container(name="new", ports=["31200-31207"])["changed"]


def test_a_range_that_is_handed_out_goes_round_connections(
    lab: Lab, prepared: Modules, server: None
) -> None:
    assert "warnings" not in prepared.checking().container(name="web")
    with connected(lab, "TCP", 30020), connected(lab, "UDP", 30040):
        said = str(prepared.checking().container(name="web")["warnings"])
        assert "the ephemeral ports of web may be others when the task runs" in said
        assert prepared.container(name="web")["container"]["ephemeral_ports"] == "30048-30063"
        assert "warnings" not in prepared.checking().container(name="web")


def test_when_all_have_some_the_one_with_the_fewest_is_named_or_forced(
    lab: Lab, modules: Modules, server: None
) -> None:
    modules.host(ports=["31000-31007"], ephemeral_ports="30016-30047",
                 ephemeral_ports_per_container=16)  # fmt: skip
    with connected(lab, "TCP", 30020), connected(lab, "TCP", 30021), connected(lab, "UDP", 30040):
        said = modules.result("portmap_container", {"name": "web"})["msg"]
        assert "cannot give ports 30032-30047 to web: the host has a connection open" in said
        forced = modules.result(
            "portmap_container", {"containers": [{"name": "web"}], "force": True}
        )
        assert forced["containers"][0]["ephemeral_ports"] == "30032-30047"


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_refusal_names_the_process_that_holds_the_port(
    lab: Lab, prepared: Modules, kind: str
) -> None:
    with held(lab, kind, 31203):
        said = prepared.result("portmap_container", {"name": "new", "ports": ["31200-31207"]})[
            "msg"
        ]
    assert "cannot give ports 31203 to new: a process of the host uses them, such as" in said
    assert re.search(rf"{ME} on {kind.upper()} port 31203", said)


def held(lab: Lab, kind: str, port: int) -> socket.socket:
    with inside(lab.host.place.netns):
        made = socket.socket(type=socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    made.bind((HOST, port))
    if kind == "tcp":
        made.listen()
    return made


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_process_of_the_host_on_a_port_of_a_container_is_a_problem(
    lab: Lab, prepared: Modules, kind: str
) -> None:
    prepared.container(containers=inventory())
    with held(lab, kind, 31003), held(lab, kind, 31098):
        (found,) = prepared.problems()
        assert (found["containers"], found["kind"]) == (["web"], "host_listener")
        verb = {"tcp": "listens on TCP", "udp": "uses UDP"}[kind]
        assert re.search(
            rf"^{ME} of the host {verb} port 31003, which web owns", found["description"]
        )
        assert ("looks as if web had sent it" in found["description"]) is (kind == "udp")
        assert prepared.info(container="db")["problems"] == []
    assert prepared.problems() == []
