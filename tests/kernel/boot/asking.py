# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An operator's questions: a host that has the command portmapctl, and servers to be found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from lab import machines
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.pools import POOLS
from scene import inventory

PROGRAM = "/usr/local/bin/portmapctl"
LISTEN = """
import socket, sys, time
one = socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, getattr(socket, sys.argv[1]))
one.bind((sys.argv[2], int(sys.argv[3])))
if sys.argv[1] == "SOCK_STREAM":
    one.listen()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def wired() -> Iterator[Lab]:
    """Three containers on a host that has the command."""
    with machines.lab() as lab:
        lab.host.own_directories()
        modules = Modules(lab.host)
        modules.host(**POOLS, command=True)
        modules.container(containers=inventory())
        yield lab


def ask(
    host: Machine, *words: str, nobody: bool = False, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """What the command says to root or to nobody, whose Python is not in root's home."""
    command = ("setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-IB", PROGRAM)
    done = host.run(*(command if nobody else ("portmapctl",)), *words, check=False)
    assert done.returncode == code, done
    return done


def facts(host: Machine, *words: str, nobody: bool = False, code: int = 0) -> dict[str, Any]:
    return dict(json.loads(ask(host, *words, "--json", nobody=nobody, code=code).stdout))


@pytest.fixture
def server(host: Machine) -> Iterator[Any]:
    """Starts a server of the host, or of a container; returns its process id."""
    running = []

    def start(kind: str, address: str, port: int, container: str | None = None) -> int:
        one = host.start("python3", "-c", LISTEN, kind, address, str(port), container=container)
        running.append(one)
        assert one.stdout is not None
        assert one.stdout.readline().strip() in (b"ready", "ready")
        return one.pid

    yield start
    for one in running:
        one.kill()
        one.wait()
