# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left of a removed container: its links are down, and who holds its namespace is told."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from lab.machines import Lab
from lab.modules import Modules
from lab.netns import inside
from scene import inventory


def warnings(result: dict[str, Any]) -> list[str]:
    return [
        str(one["event"]["msg"] if isinstance(one, dict) else one)
        for one in result.get("warnings", [])
    ]


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def test_a_namespace_that_ends_is_nothing_to_tell(placed: Modules) -> None:
    removed = placed.container(containers=[], purge=True)
    assert warnings(removed) == []


def test_a_process_that_stays_is_named_and_its_links_are_down(lab: Lab, placed: Modules) -> None:
    lab.host.ip("link add own type veth peer name other", "link set own up", "link set other up",
                container="web")  # fmt: skip
    process = lab.host.start("sleep", "600", container="web")
    try:
        while "sleep" not in lab.host.shell(f"cat /proc/{process.pid}/comm"):
            pass
        removed = placed.container(name="web", state="absent")
        assert warnings(removed) == [
            f"the namespace of web is not gone: sleep (pid {process.pid}) holds it"
        ]
        links = lab.host.json("nsenter", f"--net=/proc/{process.pid}/ns/net", "ip", "-j", "link")
        assert sorted(link["ifname"] for link in links) == ["lo", "other", "own"]
        assert [link["ifname"] for link in links if "UP" in link["flags"]] == []
    finally:
        process.kill()
        process.communicate()


def test_what_is_no_process_is_told(lab: Lab, placed: Modules) -> None:
    with inside(lab.container("web").netns):
        left = socket.socket()
    with left:
        (warning,) = warnings(placed.container(name="web", state="absent"))
    assert warning.startswith("the namespace of web is not gone: no process is in it, but")


def test_the_links_of_others_stay_up(lab: Lab, placed: Modules) -> None:
    with lab.host.tenant() as process:
        lab.host.run(
            "nsenter", f"--net=/proc/{process.pid}/ns/net", "ip", "link", "set", "lo", "up"
        )
        inner = f"--net=/proc/{process.pid}/ns/net"
        lab.host.run("nsenter", inner, "ip", "link", "add", "own", "up", "type", "bridge")
        placed.container(name="guest", pid=process.pid)
        removed = placed.container(name="guest", state="absent")
        assert warnings(removed) == []
        links = lab.host.json("nsenter", inner, "ip", "-j", "link")
        assert sorted(link["ifname"] for link in links if "UP" in link["flags"]) == ["lo", "own"]
