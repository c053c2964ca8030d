# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes and namespaces that are not where their container is: told, and repaired as it is said."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import shape
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.repairs import carry_out


def told(modules: Modules, kind: str, containers: list[str]) -> dict[str, Any]:
    """The only problem there is."""
    found = modules.problems()
    assert [(one["kind"], one["containers"]) for one in found] == [(kind, containers)], found
    return found[0]


@contextlib.contextmanager
def inside(lab: Lab, container: str) -> Iterator[subprocess.Popen[str]]:
    """A process in the namespace of a container."""
    process = lab.host.start("sh", "-c", "echo ready; exec sleep 600", container=container)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def test_dead_process(lab: Lab, modules: Modules) -> None:
    """As after a restart of a container engine: the new process is in a new namespace."""
    shape.place(modules)
    with lab.host.tenant() as first:
        modules.container(name="guest", pid=first.pid, ports=["31016"])
        assert modules.problems() == []
    problem = told(modules, "dead_process", ["guest"])
    assert "no process is in the namespace of guest any more" in problem["description"]
    with lab.host.tenant() as second:
        carry_out(modules, problem["repair"].replace("PID", str(second.pid)), {}, [])
        assert modules.problems() == []
        (guest,) = modules.info(container="guest")["containers"]
        assert guest["ports"] == ["31016"]


def test_dead_processes_of_several_are_one_problem(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    with lab.host.tenant() as first, lab.host.tenant() as second:
        for name, process in (("one", first), ("two", second)):
            modules.container(name=name, pid=process.pid)
    problem = told(modules, "dead_process", ["one", "two"])
    with lab.host.tenant() as first, lab.host.tenant() as second:
        command = problem["repair"].replace("PID", str(first.pid), 1)
        carry_out(modules, command.replace("PID", str(second.pid)), {}, [])
        assert modules.problems() == []


def test_a_namespace_that_is_mounted_elsewhere_needs_no_process(
    lab: Lab, modules: Modules
) -> None:
    modules.host(**POOLS)
    lab.host.shell("touch /run/theirs && unshare --net=/run/theirs true")
    modules.container(name="guest", netns="/run/theirs", ports=["31016"])
    assert modules.problems() == []


@pytest.mark.parametrize("again", [True, False], ids=["placed again", "removed"])
def test_replaced_namespace(lab: Lab, modules: Modules, again: bool) -> None:
    """The process goes on, and a new container of the name does not have it."""
    shape.place(modules)
    with inside(lab, "web") as process:
        modules.container(name="web", state="absent")
        if again:
            modules.container(containers=shape.CONTAINERS)
        problem = told(modules, "replaced_namespace", ["web"])
        said = (
            f"sleep (pid {process.pid}) sits in a namespace that was made for web, and was removed"
        )
        assert said in problem["description"]
        assert modules.info(container="web")["problems"] == [problem]
        assert modules.info(container="db")["problems"] == []
        assert problem["repair"] == f"kill {process.pid}"
        carry_out(modules, problem["repair"], {}, [])
        process.wait(10)
    assert modules.problems() == []


def test_a_handle_that_leads_elsewhere(lab: Lab, modules: Modules) -> None:
    """Somebody has made the namespace of this name anew, and the old one lives on with its process."""
    modules.host(**POOLS)
    lab.host.run("ip", "netns", "add", "shop")
    modules.container(name="shop", ports=["31016"])
    with inside(lab, "shop"):
        lab.host.shell("ip netns delete shop && ip netns add shop")
        problem = told(modules, "replaced_namespace", ["shop"])
        assert "the link of shop does not lead into the namespace" in problem["description"]
        carry_out(modules, problem["repair"], {}, [])
        assert modules.problems() == []


def test_a_path_that_leads_elsewhere(lab: Lab, modules: Modules) -> None:
    """Which path it was is known where the state is saved for the next boot."""
    lab.host.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
    lab.host.run("mkdir", "--mode", "700", "/var/lib/netiso-portmap")
    modules.host(**POOLS)
    make = "touch /run/theirs && unshare --net=/run/theirs true"
    lab.host.shell(make)
    modules.container(name="guest", netns="/run/theirs", ports=["31016"])
    lab.host.shell(f"umount /run/theirs; {make}")
    problem = told(modules, "replaced_namespace", ["guest"])
    assert problem["description"].startswith("/run/theirs leads to another namespace than that of")
    carry_out(modules, problem["repair"], {}, [])
    assert modules.problems() == []
