# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths that somebody prepared: none makes a run wait, or lead a container where it was not sent."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from lab import state
from lab.machines import Lab
from lab.modules import Modules
from scene import inventory

NOBODY = 65534


@pytest.fixture
def prepared(lab: Lab, prepared: Modules) -> Modules:
    """With a directory of root's, in which the tests make what they need."""
    lab.host.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/mnt")
    return prepared


def hasty(modules: Modules) -> Modules:
    """A run that is killed when it has not ended after half a minute."""
    return modules.under("timeout", "--signal=KILL", "30")


def namespace(lab: Lab, path: str) -> None:
    """A namespace that is named by a mount at `path`."""
    lab.host.run("mkdir", "-p", os.path.dirname(path))
    lab.host.run("touch", path)
    lab.host.run("unshare", f"--net={path}", "true")


def refused(lab: Lab, modules: Modules, path: str, *says: str) -> None:
    before = state.of(lab.host)
    for asked in (modules, modules.checking()):
        said = hasty(asked).result(
            "portmap_container", {"name": "new", "netns": path, "ports": ["31200"]}
        )
        assert said.get("failed"), said
        assert "cannot place new in netns" in said["msg"]
        assert [word for word in says if not re.search(word, said["msg"])] == [], said["msg"]
    assert state.difference(before, state.of(lab.host)) == ""


FILES = {
    "a pipe": "mkfifo /mnt/odd",
    "a device": "mknod /mnt/odd c 5 0",  # the terminal of who opens it
    "a device that nobody drives": "mknod /mnt/odd c 240 77",
    "a socket": "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/mnt/odd\")'",
    "a directory": "mkdir /mnt/odd",
    "a plain file": "echo something > /mnt/odd",
    "a link to a pipe": "mkfifo /mnt/pipe; ln -s pipe /mnt/odd",
    "a link to itself": "ln -s odd /mnt/odd",
    "a namespace of another kind": "touch /mnt/odd; unshare --uts=/mnt/odd true",
}


@pytest.mark.parametrize("what", FILES)
def test_a_path_that_is_no_namespace_is_refused_at_once(
    lab: Lab, prepared: Modules, what: str
) -> None:
    lab.host.shell(f"set -e; {FILES[what]}")
    refused(lab, prepared, "/mnt/odd", "/mnt/odd: there is no network namespace|/mnt/odd: ")


def test_a_path_through_a_file_is_refused(lab: Lab, prepared: Modules) -> None:
    refused(lab, prepared, "/run/portmap/host.json/x", "there is no network namespace")


@pytest.mark.parametrize("text", ["/run/netns/web\0", "\0", "web\0db"])
def test_a_nul_character_is_refused_in_words(prepared: Modules, text: str) -> None:
    said = prepared.result("portmap_container", {"name": "new", "netns": text})
    assert re.search(r"cannot use netns '.*\\x00.*': there is a NUL character in it", said["msg"])
    said = prepared.result("portmap_host", {"public_interface": "eth0" + text})
    assert re.search(r"cannot use public_interface .* NUL character", said["msg"])


@pytest.mark.parametrize("what", ["pipe", "device"])
def test_a_pipe_among_the_handles_holds_up_nobody(lab: Lab, prepared: Modules, what: str) -> None:
    prepared.container(containers=inventory())
    made = {"pipe": "mkfifo /run/netns/odd", "device": "mknod /run/netns/odd c 5 0"}[what]
    lab.host.shell(made)
    modules = hasty(prepared)
    assert modules.problems() == []
    modules.container(containers=[], purge=True)
    assert os.listdir(lab.host.path("/run/netns")) == ["odd"]


# --- who may change where a path leads ------------------------------------------------------------

OPEN = {
    "a user's directory": (f"install -d -o {NOBODY} /mnt/way", f"/mnt/way: .*user {NOBODY}"),
    "one that everybody can write": ("install -d -m 1777 /mnt/way", "/mnt/way: .*mode 1777"),
    "one that a group can write": ("install -d -m 775 /mnt/way", "/mnt/way: .*mode 0775"),
    "one below a user's": (
        f"install -d -o {NOBODY} /mnt/theirs; install -d /mnt/theirs/way; ln -s theirs/way /mnt/way",
        f"/mnt/theirs: .*user {NOBODY}",
    ),
}


@pytest.mark.parametrize("what", OPEN)
def test_a_path_that_others_could_lead_elsewhere_is_refused(
    lab: Lab, prepared: Modules, what: str
) -> None:
    script, says = OPEN[what]
    lab.host.shell(f"set -e; {script}")
    namespace(lab, "/mnt/way/n1")
    refused(lab, prepared, "/mnt/way/n1", says, "others than root could lead it elsewhere", "pid")
    lab.host.shell("ln -s way /mnt/straight")
    refused(lab, prepared, "/mnt/straight/../way/./n1", says)


def test_a_path_that_a_process_leads_is_refused(lab: Lab, prepared: Modules) -> None:
    namespace(lab, "/mnt/way/n1")
    refused(lab, prepared, "/proc/self/root/mnt/way/n1", "/proc/self/root: a process says")
    refused(lab, prepared, "/proc/self/fd/0", "/proc/self/fd/0: a process says")


def test_links_of_root_are_followed(lab: Lab, prepared: Modules) -> None:
    namespace(lab, "/mnt/deep/er/n1")
    lab.host.shell("ln -s /mnt/deep/er /mnt/way; ln -s ../deep/er/./n1 /mnt/deep/n2")
    for name, path in (("web", "/mnt/way/n1"), ("db", "/mnt/deep/n2")):
        placed = prepared.container(name=name, netns=path)
        assert placed["changed"]
        prepared.container(name=name, state="absent")


def test_a_namespace_by_the_path_of_its_process(lab: Lab, prepared: Modules) -> None:
    with lab.host.tenant() as process:
        path = f"/proc/{process.pid}/ns/net"
        prepared.container(name="web", netns=path, ports=["31000"])
        assert Path(lab.host.path("/run/netns/web")).stat().st_ino == os.stat(path).st_ino
