# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine of the molecule scenarios, as seen from outside of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from . import probes
from .machines import Place
from .probes import Probe


class Machine:
    """`argument`: NAME=ADDRESS, as in the inventory."""

    def __init__(self, argument: str) -> None:
        self.name, self.address = argument.split("=")
        self.pid = int(Path(f"/run/hosts/{self.name}.pid").read_text(encoding="ascii"))
        self.root = Path(f"/proc/{self.pid}/root")

    def shell(self, script: str) -> str:
        enter = f"nsenter --target {self.pid} --mount --uts --ipc --net --pid --root --wd --"
        clean = "env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
        command = [*enter.split(), *clean.split(), "sh", "-ec", script]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{self.name}: {script}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, command: str) -> Any:
        return json.loads(self.shell(command))

    @property
    def place(self) -> Place:
        return Place(f"{self.name}/host", f"/proc/{self.pid}/ns/net")

    def container(self, name: str) -> Place:
        return Place(f"{self.name}/{name}", f"{self.root}/run/netns/{name}")

    def process(self, pid: int) -> Place:
        """The network of a process, by its number inside."""
        return Place(f"{self.name}/{pid}", f"{self.root}/proc/{pid}/ns/net")


def reach(machine: Machine, peer: Machine) -> None:
    """Fail unless the services of a machine answer, and those of the peer answer its containers.

    There are services in `web` and `db`, on the first port of each, and of the host (see the inventory).
    """
    wanted = {
        Probe(source, protocol, target, port): f"{who}@{whose.name}"
        for protocol in ("http", "udp")
        for source, target, port, who, whose in (
            (peer.place, machine.address, 31000, "web", machine),
            (peer.container("db"), machine.address, 31008, "db", machine),
            (peer.place, machine.address, 8080, "host", machine),
            (machine.place, machine.address, 31008, "db", machine),
            (machine.container("web"), machine.address, 31008, "db", machine),
            (machine.container("web"), peer.address, 31008, "db", peer),
        )
    }
    answers = probes.run(wanted)
    wrong = {str(one): str(answers[one]) for one, who in wanted.items() if answers[one].who != who}
    assert not wrong, wrong
