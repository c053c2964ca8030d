# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with guards, and what a process of a guarded group does: for the tests of the ports guard."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import cgroups

from lab import cgroups as groups
from lab import machines
from lab.cgroups import Group
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.netns import inside

POLICED = ["1000-1999", "31000-31999"]
OWN = 31000
FOREIGN = 31500
FREE = 8080  # not policed
UNIT = "/etc/systemd/system/portmap-guard.service"
CLONE_NEWNET = 0x40000000
IP_BIND_ADDRESS_NO_PORT = 24
SERVER = """
import os, socket, sys
group, port, kind = sys.argv[1:]
def sock():
    made = socket.socket(type=getattr(socket, kind))
    made.bind(("", int(port)))
    if kind == "SOCK_STREAM": made.listen()
    return made
open(f"/sys/fs/cgroup/{group}/cgroup.procs", "w").write("0")
kept = sock()
print("ready", flush=True)
try:
    kept.accept() if kind == "SOCK_STREAM" else kept.recv(1)
    print("somebody came", flush=True)
except OSError as error:
    print("closed", error.errno, flush=True)
import time; time.sleep(600)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with machines.lab() as built:
        built.host.own_directories()
        yield built


@pytest.fixture
def modules(lab: Lab) -> Iterator[Modules]:
    made = Modules(lab.host)
    yield made
    made.guard(guards=[], purge=True)


@pytest.fixture
def group() -> Iterator[Group]:
    with groups.group() as made:
        yield made


def guard(group: Group, **more: Any) -> dict[str, Any]:
    given = {"name": "web", "cgroup": f"/{group.path.name}", "ports": [f"{OWN}-{OWN + 7}"]}
    return {
        "guards": [{**given, **more}],
        "policed": POLICED,
        "action": "deny",
        "scan_interval": 0,
    }


@pytest.fixture
def guarded(modules: Modules, group: Group) -> Group:
    modules.guard(**guard(group))
    return group


def on_host(lab: Lab, act: Callable[[], object]) -> Callable[[], object]:
    def there() -> object:
        with inside(lab.host.place.netns):
            return act()

    return there


def programs(group: Group) -> set[int]:
    with group.open() as directory:
        return {number for hook in (2, 3, 12, 13) for number in cgroups.attached(directory, hook)}


def drop_in(machine: Machine, unit: str) -> str:
    path = f"/etc/systemd/system/{unit}.d/50-netiso-portmap-guard.conf"
    return Path(machine.path(path)).read_text()


def attach(machine: Machine, group: Group, unit: str, namespace: str) -> str:
    """What a unit runs before its first process, in its group; for the namespace of the lab."""
    (line,) = [
        one for one in drop_in(machine, unit).splitlines() if one.startswith("ExecStartPre=+")
    ]
    words = line.removeprefix("ExecStartPre=+").replace("/proc/1/ns/net", namespace).split()
    script = f"echo $$ > /sys/fs/cgroup/{group.path.name}/cgroup.procs; exec {' '.join(words)}"
    done = machine.run("sh", "-c", script, check=False)
    return f"{done.returncode} {done.stderr.strip()}".strip()


@contextmanager
def server(
    host: Machine, group: Group, port: int, kind: str = "SOCK_STREAM", netns: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """A process of the group that listens, in a network namespace of the host or in its own."""
    enter = ("nsenter", f"--net={netns}") if netns else ()
    path = str(group.path.relative_to(groups.hierarchy()))
    process = host.start(*enter, "python3", "-c", SERVER, path, str(port), kind)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


class Journal:
    """What is sent to the journal's socket of a host."""

    def __init__(self, host: Machine) -> None:
        host.run("mkdir", "-p", "/run/systemd/journal")
        path = host.path("/run/systemd/journal/socket")
        Path(path).unlink(missing_ok=True)
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(path)
        self._line.settimeout(20)

    def next(self) -> dict[str, str]:
        told = self._line.recv(65536).decode()
        return dict(line.split("=", 1) for line in told.splitlines())

    def find(self, words: str) -> dict[str, str]:
        while True:
            told = self.next()
            if words in told["MESSAGE"]:
                return told

    def is_quiet(self, seconds: float, about: str = "") -> bool:
        """Whether nothing comes with these words before it has been quiet for so long."""
        self._line.settimeout(seconds)
        try:
            while about not in self.next()["MESSAGE"]:
                pass
        except TimeoutError:
            return True
        finally:
            self._line.settimeout(20)
        return False

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def journal(lab) -> Iterator[Journal]:
    made = Journal(lab.host)
    yield made
    made.close()


@contextmanager
def watching(host: Machine) -> Iterator[None]:
    """The service, as its unit says it; it notifies that it has started."""
    unit = Path(host.path(UNIT)).read_text()
    variable = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    command = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)[0].split()
    path = host.path("/run/notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        Path(path).unlink(missing_ok=True)
        line.bind(path)
        line.settimeout(30)
        process = host.start("env", *variable, "NOTIFY_SOCKET=/run/notify", *command)
        try:
            assert line.recv(100) == b"READY=1"
            yield
        finally:
            process.kill()
            process.communicate()
