# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker beside us: the rules of a real dockerd, a guest on its bridge, and a workload that it runs."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    DOCKER,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import files
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.setting import (
    Setting,
)

import guests
from lab.follower import until
from lab.machines import HOST, Lab
from lab.modules import COLLECTIONS, Modules
from lab.pools import DOCUMENTED
from lab.probes import Probe

pytestmark = pytest.mark.skipif(
    not shutil.which("dockerd"),
    reason="dockerd is not there: docker.io and containerd are 250 MB for these two tests; apt-get install docker.io",
)


def start(lab: Lab, *words: str) -> subprocess.Popen[str]:
    """A dockerd of the lab's own, with everything that it writes in /run."""
    command = [
        "dockerd",
        "--storage-driver=vfs",
        "--pidfile=/run/docker.pid",
        "--host=unix:///run/docker.sock",
    ]
    command += ["--data-root=/run/docker-data", "--exec-root=/run/docker-exec"]
    daemon = lab.host.start(*command, *words)
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


IMAGE = """
mkdir -p /run/root/bin /run/root/www /etc/netiso-workloads
echo web >/run/root/www/index.html
cp $(command -v busybox) /run/root/bin
for one in sh ip httpd; do ln /run/root/bin/busybox /run/root/bin/$one; done
tar -C /run/root -c . | docker import - local/busybox
"""


def commands(text: str, verb: str) -> list[list[str]]:
    """The command lines of a directive, as systemd starts them."""
    lines = [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{verb}=")]
    return [shlex.split(line.lstrip("-").replace("$$", "$")) for line in lines]


def test_a_workload_is_in_its_container_however_docker_starts_it(
    lab: Lab, modules: Modules
) -> None:
    """What its unit has systemd do is done here one by one, and docker restarts it."""
    lab.host.own_directories()
    modules.host(**DOCUMENTED)
    modules.container(name="web", ports=["31000-31007"])
    command = ("sh", "-c", "ip route; exec httpd -f -p 31000 -h /www")
    workload = Workload(
        "web", "web", engine=DOCKER, image="local/busybox", command=command, sandbox=False
    )
    environment, unit, *_ = files.files(workload, Setting("/run/netns/web", {}, 252))
    daemon = start(lab)
    try:
        lab.host.shell(IMAGE)
        lab.host.run("sh", "-c", f"cat >{environment.path}", text=environment.text)
        for words in commands(unit.text, "ExecStartPre"):
            lab.host.run(*words)
        for number, start_it in enumerate(("docker start web", "docker restart -t 0 web"), 1):
            lab.host.shell(start_it)
            until(
                lambda number=number: (
                    lab.host.shell("docker logs web").count("default via") == number
                ),
                "it tells that its network is whole",
            )
        lab.host.shell(
            "test /proc/$(docker inspect -f '{{.State.Pid}}' web)/ns/net -ef /run/netns/web"
        )
        assert Probe(lab.peer.place, "http", HOST, 31000).run().who == "web"
        for words in commands(unit.text, "ExecStopPost"):
            lab.host.run(*words)
        assert lab.host.shell("docker ps --all --quiet") == ""
    finally:
        stop(daemon)


ASK = """
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import docker
print(docker.apart())
"""


def test_a_docker_that_may_not_enter_a_network_is_known(lab: Lab) -> None:
    """With userns-remap its containers are in another user namespace, where a handle cannot be entered."""
    lab.host.own_directories()
    lab.host.shell("printf 'nobody:100000:65536\n' >/run/subids")
    mounts = "mount --bind /run/subids /etc/subuid && mount --bind /run/subids /etc/subgid"
    assert (
        lab.host.run("env", f"PYTHONPATH={COLLECTIONS}", sys.executable, "-c", ASK).stdout == "\n"
    ), "nobody answers"
    for words, told in (
        ((), "\n"),
        (("--userns-remap=nobody:nogroup",), "run dockerd without userns-remap\n"),
    ):
        lab.host.shell(mounts if words else "true")
        daemon = start(lab, *words)
        try:
            assert lab.host.run(
                "env", f"PYTHONPATH={COLLECTIONS}", sys.executable, "-c", ASK
            ).stdout.endswith(told)
        finally:
            stop(daemon)
