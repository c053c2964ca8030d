# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes in containers on ports that are not their container's: told, and repaired where that is possible."""

from __future__ import annotations

import re
import socket
from contextlib import closing

import pytest

import shape
from lab.machines import Lab
from lab.modules import Modules
from lab.netns import inside
from lab.repairs import carry_out


def bound(lab: Lab, container: str, kind: str, family: str, port: int) -> socket.socket:
    """A socket in a container; a process with its descriptors sits there, too."""
    with inside(lab.container(container).netns):
        made = socket.socket(
            socket.AF_INET6 if family == "ipv6" else socket.AF_INET,
            socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM,
        )
    made.bind(("", port))
    if kind == "tcp":
        made.listen()
    return made


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_foreign_port(lab: Lab, modules: Modules, kind: str, family: str) -> None:
    shape.place(modules)
    tenant = lab.host.start("sleep", "60", container="web")
    try:
        with closing(bound(lab, "web", kind, family, 31001)):
            assert modules.problems() == []
        with closing(bound(lab, "web", kind, family, 31020)):
            (problem,) = modules.problems()
            assert (problem["kind"], problem["containers"]) == ("foreign_port", ["web"])
            said = f"in web {'uses' if kind == 'udp' else 'listens on'} {kind.upper()} port 31020"
            assert said in problem["description"]
            assert modules.info(container="db")["problems"] == []
            carry_out(modules, problem["repair"], {}, [])
            assert modules.problems() == []
        with closing(bound(lab, "web", kind, family, 31008)):  # a sibling's
            (problem,) = modules.problems()
            assert problem["repair"] is None
    finally:
        tenant.kill()
        tenant.communicate()


def test_the_process_on_a_foreign_port_is_named(lab: Lab, modules: Modules) -> None:
    """A process that sits there itself, with two ports: one problem."""
    shape.place(modules)
    listen = (
        "import socket, time\n"
        "a, b = socket.socket(), socket.socket()\n"
        "a.bind(('', 80)); a.listen(); b.bind(('127.0.0.1', 443)); b.listen()\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    tenant = lab.host.start("python3", "-c", listen, container="web")
    try:
        assert tenant.stdout is not None
        tenant.stdout.readline()
        (problem,) = modules.problems()
        said = (
            rf"^python3 \(pid {tenant.pid}\) in web listens on TCP port 80, TCP port 443, and web"
        )
        assert re.search(said, problem["description"])
    finally:
        tenant.kill()
        tenant.communicate()
    assert modules.problems() == []


def test_connections_of_a_container_are_no_foreign_ports(lab: Lab, modules: Modules) -> None:
    """Connected sockets of UDP are from its ephemeral ports, and are not told."""
    shape.place(modules)
    tenant = lab.host.start("sleep", "60", container="web")
    try:
        with closing(bound(lab, "web", "udp", "ipv4", 0)) as made:
            assert made.getsockname()[1] in range(30016, 30032)
            made.connect(("10.0.0.254", 53))
            assert modules.problems() == []
    finally:
        tenant.kill()
        tenant.communicate()
