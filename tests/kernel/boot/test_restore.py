# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was placed comes back after a reboot, from what the modules saved, without Ansible.

A boot is a new host: nothing in the kernel, nothing in /run, and the file of the old one.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab import machines, probes, state
from lab.machines import HOST, Lab, Machine
from lab.modules import Modules
from lab.netns import inside
from lab.pools import POOLS
from lab.probes import Probe
from reboots import DIRECTORY, FILE, FIX, restore, saved, text, write
from scene import DB, EPHEMERAL, PORTS, WEB, inventory


def booted(reboot: Lab, content: str) -> Lab:
    write(reboot.host, content)
    return reboot


def test_everything_comes_back_without_ansible(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path
) -> None:
    was = state.unnumbered(state.of(lab.host))
    told = placed.info()
    after = booted(reboot, text(lab.host))
    done = restore(after.host, shipped)
    assert (done.returncode, done.stdout) == (0, "")
    assert "restored the host and 3 of 3 containers" in done.stderr
    now = state.unnumbered(state.of(after.host))
    assert state.difference(was, now) == ""
    modules = Modules(after.host)
    found = modules.info()
    assert found["problems"] == []
    assert _still(found) == _still(told)
    with probes.servers() as servers:
        servers.listen(after.container("web"), WEB, HOST, "127.0.0.1")
        servers.listen(after.container("db"), DB, HOST, "127.0.0.1")
        servers.listen(after.peer.place, 53, machines.PEER)
        for source in (after.peer.place, after.host.place, after.container("web")):
            assert Probe(source, "tcp", HOST, DB).run().who == "db"
            assert Probe(source, "udp", HOST, WEB).run().who == "web"
        answer = Probe(after.container("web"), "tcp", machines.PEER, 53).run()
        assert answer.seen is not None
        assert answer.seen[0] == HOST
        assert EPHEMERAL["web"][0] <= answer.seen[1] <= EPHEMERAL["web"][1]
    assert not modules.host(**POOLS)["changed"]
    assert not modules.container(containers=inventory(), purge=True)["changed"]


def test_limits_come_back(lab: Lab, placed: Modules, reboot: Lab, shipped: Path) -> None:
    limits = {
        "receive": "10mbit",
        "receive_ceil": "1gbit",
        "receive_burst": "64k",
        "send": "9mbit",
    }
    told = placed.container(name="web", limits=limits)
    after = booted(reboot, text(lab.host))
    assert restore(after.host, shipped).returncode == 0
    show = ("tc", "class", "show", "dev", "pm-web")
    here, there = (
        re.sub(r"(leaf|tbf|parent) 8\S+", "", host.run(*show).stdout)
        for host in (lab.host, after.host)
    )
    assert "rate 10Mbit ceil 1Gbit" in here
    assert here == there
    again = Modules(after.host).container(name="web")
    assert "rate 9Mbit" in after.host.run("tc", "class", "show", "dev", "pm--lim0").stdout
    assert not again["changed"]
    assert again["container"]["limits"] == told["container"]["limits"]


def test_what_a_container_may_reach_comes_back(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path
) -> None:
    changes = placed.host(**POOLS, steering="bpf")["changes"]
    assert changes[-1].startswith("save host ")
    assert changes[-1].endswith(" steering bpf")
    asked = {"host_services": False, "host_ports": ["53"], "allow_from": ["10.0.0.0/8"]}
    told = placed.container(name="web", **asked)["container"]
    after = booted(reboot, text(lab.host))
    assert restore(after.host, shipped).returncode == 0
    again = Modules(after.host).container(name="web")
    assert not again["changed"]
    assert {name: told[name] for name in asked} == asked
    assert {**again["container"], "namespace_inode": 0} == {**told, "namespace_inode": 0}


def _still(found: dict[str, Any]) -> dict[str, Any]:
    given = {"statistics": None, "namespace_inode": None}
    containers = [{**one, **given} for one in found["containers"]]
    return {**found, "containers": containers}


def test_a_host_that_is_prepared_already_is_left_alone(
    lab: Lab, placed: Modules, shipped: Path
) -> None:
    old = text(lab.host)
    placed.ranges(container="web", ports=PORTS["web"][:1], state="exact")
    write(lab.host, old)
    before = state.of(lab.host)
    done = restore(lab.host, shipped)
    assert (done.returncode, done.stderr) == (
        0,
        "portmap-restore: nothing to restore: this host is prepared already\n",
    )
    assert state.difference(before, state.of(lab.host)) == ""


def test_a_running_host_without_its_record_is_left_alone(
    lab: Lab, placed: Modules, shipped: Path
) -> None:
    os.unlink(lab.host.path("/run/portmap/host.json"))
    before = state.of(lab.host)
    done = restore(lab.host, shipped)
    assert done.returncode == 1
    assert "so this is no boot; run netiso.portmap.portmap_host" in done.stderr
    assert state.difference(before, state.of(lab.host)) == ""


def test_with_nothing_saved_nothing_is_done(reboot: Lab, shipped: Path) -> None:
    before = state.of(reboot.host)
    done = restore(reboot.host, shipped)
    assert done.returncode == 0
    assert f"nothing to restore: there is no {FILE}" in done.stderr
    assert state.difference(before, state.of(reboot.host)) == ""


def _halved(content: str) -> str:
    return content[: len(content) // 2]


def _newer(content: str) -> str:
    return content.replace('"version": 1', '"version": 2')


def _greedy(content: str) -> str:
    return content.replace('"31008-31031"', '"31007-31031"')


def _outside(content: str) -> str:
    return content.replace('"32000"', '"32001"')


def _curious(content: str) -> str:
    return content.replace('"origin"', '"flavour": "x", "origin"', 1)


DAMAGE = {
    "cut in half": (_halved, "JSONDecodeError"),
    "empty": (lambda _: "", "JSONDecodeError"),
    "another version": (_newer, "version 2 instead of 1"),
    "two owners of a port": (_greedy, "cannot give ports 31007 to db: container web owns them"),
    "a port outside the pool": (_outside, "cannot give ports 32001 to cache: outside the host's"),
    "an unknown key": (_curious, "ValueError the key 'flavour' is not known"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused_and_the_host_stays_as_it_is(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path, damage: str
) -> None:
    change, why = DAMAGE[damage]
    after = booted(reboot, change(text(lab.host)))
    before = state.of(after.host)
    done = restore(after.host, shipped)
    assert done.returncode == 1
    assert done.stderr.startswith(f"portmap-restore: cannot read {FILE}: {why}")
    assert done.stderr.endswith(f"{FIX}\n")
    assert done.stderr.count("\n") == 1
    assert state.difference(before, state.of(after.host)) == ""


@pytest.mark.parametrize(
    ("path", "command", "why"),
    [
        (FILE, ("chmod", "0620"), "others than root may write it (mode 0620)"),
        (FILE, ("chmod", "0602"), "others than root may write it (mode 0602)"),
        (FILE, ("chown", "65534"), "its owner is user 65534 instead of root"),
        (DIRECTORY, ("chmod", "0777"), "others than root may write it (mode 0777)"),
        (DIRECTORY, ("chown", "65534"), "its owner is user 65534 instead of root"),
    ],
)
def test_what_others_could_have_written_is_refused(
    lab: Lab,
    placed: Modules,
    reboot: Lab,
    shipped: Path,
    path: str,
    command: tuple[str, str],
    why: str,
) -> None:
    after = booted(reboot, text(lab.host))
    after.host.run(*command, path)
    before = state.of(after.host)
    done = restore(after.host, shipped)
    assert done.returncode == 1
    assert why in done.stderr
    assert state.difference(before, state.of(after.host)) == ""


def test_a_link_in_place_of_the_file_is_refused(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path
) -> None:
    Path(reboot.host.path("/run/elsewhere")).write_text(text(lab.host), encoding="utf-8")
    reboot.host.run("ln", "-s", "/run/elsewhere", FILE)
    before = state.of(reboot.host)
    done = restore(reboot.host, shipped)
    assert done.returncode == 1
    assert f"cannot read {FILE}" in done.stderr
    assert state.difference(before, state.of(reboot.host)) == ""


def place_in_namespaces_of_others(host: Machine, modules: Modules) -> None:
    """Of a process, behind a path, and behind handles that somebody else made."""
    for name in ("theirs", "early"):
        host.run("ip", "netns", "add", name)
    host.shell(
        "mount -t tmpfs -o mode=755 tmpfs /mnt; touch /mnt/bound; unshare --net=/mnt/bound true"
    )
    modules.host(**POOLS)
    with host.tenant() as process:
        modules.container(
            containers=[
                {"name": "attached", "pid": process.pid, "ports": ["31001"]},
                {"name": "pathed", "netns": "/mnt/bound"},
                {"name": "kept", "netns": "theirs"},
                {"name": "again", "netns": "early", "ports": ["31002"]},
                {"name": "web", "ports": ["31000"]},
            ]
        )
        modules.ranges(container="pathed", ports=["31003"])


def test_what_cannot_come_back_is_named_and_the_others_come(
    lab: Lab, keeping: Modules, reboot: Lab, shipped: Path
) -> None:
    """The handle of one is there again, made by others."""
    place_in_namespaces_of_others(lab.host, keeping)
    found = {name: (one["origin"], one["netns"]) for name, one in saved(lab.host).items()}
    assert found == {
        "attached": ("attached", ""),
        "pathed": ("attached", "/mnt/bound"),
        "kept": ("kept", "theirs"),
        "again": ("kept", "early"),
        "web": ("created", "web"),
    }
    after = booted(reboot, text(lab.host))
    after.host.run("ip", "netns", "add", "early")
    done = restore(after.host, shipped)
    assert done.returncode == 2
    lost = re.findall(
        r"cannot restore (\w+): the namespace (\S+).* is not there; (.*)", done.stderr
    )
    hint = "place it with netiso.portmap.portmap_container when it runs"
    assert lost == [
        ("attached", "of", hint),
        ("kept", "/run/netns/theirs,", hint),
        ("pathed", "/mnt/bound", hint),
    ]
    assert "restored the host and 2 of 5 containers" in done.stderr
    found = Modules(after.host).info()
    assert [one["name"] for one in found["containers"]] == ["again", "web"]
    assert [one["containers"] for one in found["problems"]] == [["attached", "kept", "pathed"]]
    with probes.servers() as servers:
        servers.listen(after.container("web"), 31000, HOST)
        servers.listen(after.container("early"), 31002, HOST)
        for port, who in ((31000, "web"), (31002, "early")):
            assert Probe(after.peer.place, "tcp", HOST, port).run().who == who


def test_one_that_fails_does_not_keep_the_others_down(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path
) -> None:
    after = booted(reboot, text(lab.host))
    after.host.ip("link add pm-web type veth peer name other")
    done = restore(after.host, shipped)
    assert done.returncode == 2
    assert "cannot restore web: cannot place web: the link pm-web exists" in done.stderr
    assert [one["name"] for one in Modules(after.host).info()["containers"]] == ["cache", "db"]


def test_a_process_on_a_port_is_warned_of_and_no_obstacle(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path
) -> None:
    after = booted(reboot, text(lab.host))
    with inside(after.host.place.netns), socket.socket(type=socket.SOCK_DGRAM) as early:
        early.bind(("", EPHEMERAL["web"][0]))
        done = restore(after.host, shipped)
    assert done.returncode == 0
    assert "warning: a process of the host uses 30016, which web owns" in done.stderr
    assert Modules(after.host).info()["problems"] == []


def test_it_waits_for_the_address(lab: Lab, placed: Modules, reboot: Lab, shipped: Path) -> None:
    after = booted(reboot, text(lab.host))
    after.host.ip("address flush dev eth0")
    environment = ("env", f"PYTHONPATH={shipped}", "PYTHONDONTWRITEBYTECODE=1")
    running = after.host.start(*environment, sys.executable, "-m", "_portmap.restore")
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(2)
    after.host.ip(f"address add {HOST}/24 dev eth0", f"route add default via {machines.PEER}")
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert Modules(after.host).info()["problems"] == []


def test_a_container_that_was_spoilt_from_inside_stays_saved(lab: Lab, placed: Modules) -> None:
    lab.host.ip(
        "link set eth0 down",
        "link set eth0 name evil",
        "link add eth0 type veth peer name eth9",
        container="web",
    )
    result = placed.result("portmap_container", {"containers": [{"name": "web"}], "purge": True})
    assert "cannot place web: this container's namespace was changed from inside" in result["msg"]
    assert sorted(saved(lab.host)) == ["web"]


# --- paths that somebody changed since ------------------------------------------------------------

CHANGED = {
    "a pipe in its place": "rm /mnt/way/n1; mkfifo /mnt/way/n1",
    "a directory given away": "chown 65534 /mnt/way",
    "a directory of the host's that everybody can write": "chmod 1777 /mnt/way",
    "a link to another's namespace": "chown 65534 /mnt/way; rm -f /mnt/way/n1;"
    " ip netns add service; ln -s /run/netns/service /mnt/way/n1",
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_path_that_was_changed_keeps_nobody_else_down(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path, what: str
) -> None:
    way = "mount -t tmpfs -o mode=755 tmpfs /mnt; mkdir /mnt/way; touch /mnt/way/n1"
    lab.host.shell(f"set -e; {way}; unshare --net=/mnt/way/n1 true")
    placed.container(name="pathed", netns="/mnt/way/n1", ports=["31200"])
    after = booted(reboot, text(lab.host))
    after.host.shell(f"set -e; {way}; {CHANGED[what]}")
    done = restore(after.host, shipped)
    assert done.returncode == 2
    assert "cannot restore pathed: " in done.stderr
    assert "/mnt/way" in done.stderr
    found = Modules(after.host).info()
    assert [one["name"] for one in found["containers"]] == ["cache", "db", "web"]
    assert "eth0" not in after.host.shell("ip -n service link 2>/dev/null || true")


def test_a_process_named_by_its_path_is_not_looked_for_after_a_boot(
    lab: Lab, placed: Modules, reboot: Lab, shipped: Path
) -> None:
    """Nor is one that an earlier version has saved: its number belongs to another process."""
    with lab.host.tenant() as process:
        placed.container(name="pathed", netns=f"/proc/{process.pid}/ns/net", ports=["31200"])
    assert saved(lab.host)["pathed"]["netns"] == ""
    after = booted(reboot, text(lab.host))
    with after.host.tenant() as innocent:
        inside_it = f"/proc/{innocent.pid}/ns/net"
        content = json.loads(text(after.host))
        for one in content["containers"]:
            if one["name"] == "pathed":
                one["netns"] = inside_it
        write(after.host, json.dumps(content))
        done = restore(after.host, shipped)
        assert done.returncode == 2
        assert "cannot restore pathed: the namespace of its process is not there" in done.stderr
        assert "eth0" not in after.host.run("nsenter", f"--net={inside_it}", "ip", "link").stdout
