# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker beside us: the rules of a real dockerd, and a guest on its bridge."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

import guests
from lab.follower import until
from lab.machines import Lab
from lab.modules import Modules

pytestmark = pytest.mark.skipif(
    not shutil.which("dockerd"),
    reason="dockerd is not there: docker.io and containerd are 250 MB for this one test; apt-get install docker.io",
)


def start(lab: Lab) -> subprocess.Popen[str]:
    """A dockerd of the lab's own, with everything that it writes in /run."""
    command = [
        "dockerd",
        "--storage-driver=vfs",
        "--pidfile=/run/docker.pid",
        "--host=unix:///run/docker.sock",
    ]
    command += ["--data-root=/run/docker-data", "--exec-root=/run/docker-exec"]
    daemon = lab.host.start(*command)
    until(lambda: os.path.exists(lab.host.path("/run/docker.sock")), "dockerd listens")
    until(lambda: "MASQUERADE" in lab.host.run("iptables-save").stdout, "its rules are there")
    return daemon


def stop(daemon: subprocess.Popen[str]) -> None:
    daemon.terminate()
    daemon.communicate(timeout=60)


def test_connections_of_its_bridge(lab: Lab, modules: Modules) -> None:
    """They live with the rule that is told, after dockerd has started again, too."""
    lab.host.own_directories()
    daemon = start(lab)
    try:
        guest = guests.join(lab)
        found = guests.check_repair(lab, modules, guest)
        assert [
            one
            for one in found["objects"]
            if one.endswith("-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")
        ]
        stop(daemon)
        daemon = start(lab)
        assert guests.answered(lab, guest) == 150
        assert modules.problems() == []
    finally:
        stop(daemon)
