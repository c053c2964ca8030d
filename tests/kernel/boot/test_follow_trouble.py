# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmap-follow.service may cost, what it does beside others, and what becomes of it when it is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from changing import NEW, lives, renumber
from lab import engine, state
from lab.follower import SECONDS, Follower, following, until
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS

# --- how much of it there may be ----------------------------------------------------------------

STORM = """
for one in $(seq 0 255); do for two in $(seq 0 7); do
    echo route add 172.16.$two.$one dev eth0; echo route del 172.16.$two.$one dev eth0
done; done >/run/storm
end=$(($(date +%s) + 12))
while [ $(date +%s) -lt $end ]; do ip -batch /run/storm; cat /run/storm >>/run/sent; done
wc -l </run/sent
"""


def test_a_storm_of_events_costs_little_and_ends_in_one_run(
    lab: Lab, two: Modules, follower: Follower
) -> None:
    before, began = follower.cpu(), time.monotonic()
    sent = int(lab.host.shell(STORM))
    renumber(lab)
    follower.says(f"-> {NEW}/24")
    until(lambda: lives(lab, NEW), "packets pass again")
    share = (follower.cpu() - before) / (time.monotonic() - began)
    print(f"{sent} events: {share:.1%} of a CPU")
    assert sent > 5000
    assert share < 0.15
    follower.rests()
    assert follower.said().count(" changes: ") == 1


def test_a_burst_is_one_run(lab: Lab, two: Modules, follower: Follower) -> None:
    for address in (NEW, "10.0.0.3", HOST, NEW):
        renumber(lab, address)
    follower.says(f"-> {NEW}/24")
    until(lambda: lives(lab, NEW), "packets pass again")
    follower.rests()
    assert follower.said().count(" changes: ") == 1
    assert f"{HOST}/24 -> {NEW}/24" in follower.said()


# --- beside others, and killed ------------------------------------------------------------------


def test_it_waits_for_a_run_of_ansible(lab: Lab, two: Modules, follower: Follower) -> None:
    with open(lab.host.path("/run/portmap/lock"), "r+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        renumber(lab)
        before = state.of(lab.host)
        time.sleep(4)
        assert state.difference(before, state.of(lab.host)) == ""
        fcntl.flock(lock, fcntl.LOCK_UN)
    follower.says(f"-> {NEW}/24")
    until(lambda: lives(lab, NEW), "packets pass again")
    assert two.problems() == []


def test_runs_of_ansible_at_the_same_moment(lab: Lab, two: Modules, follower: Follower) -> None:
    def runs() -> None:
        two.host(**POOLS)
        two.container(name="new", ports=["31200"])
        two.container(name="new", state="absent")

    for address in (NEW, HOST, NEW):
        with ThreadPoolExecutor(1) as pool:
            renumber(lab, address)
            time.sleep(0.4)  # so that both begin at once
            pool.submit(runs).result(timeout=120)
        until(lambda there=address: lives(lab, there), "packets pass again")
        assert two.problems() == []
    follower.rests()
    assert [one["name"] for one in two.info()["containers"]] == ["db", "web"]
    assert "tried again" not in follower.said()


@pytest.mark.parametrize("at", [2, 30, 90])
def test_a_run_that_is_killed_is_told_and_made_up_for(lab: Lab, two: Modules, at: int) -> None:
    """Killed before its N-th change."""
    once = "run:test -e /run/killed || { touch /run/killed; kill -9 $PPID; }"
    with following(lab.host, fault=(at, once)) as follower:
        follower.rests()
        renumber(lab)
        follower.says("a run has ended with signal 9 before it was through; it is tried again")
        follower.says(f"-> {NEW}/24")
        until(lambda: lives(lab, NEW), "packets pass again")
        follower.says("the host is followed again")
        assert two.problems() == []
        assert not two.host(**POOLS)["changed"]


def test_a_service_that_is_killed_makes_up_for_it_at_its_next_start(
    lab: Lab, two: Modules
) -> None:
    with following(lab.host, fault=(40, "run:kill -9 $(ps -o ppid= $PPID) $PPID")) as dying:
        dying.rests()
        renumber(lab)
        until(lambda: dying.process.poll() is not None, "it is dead")
    with following(lab.host) as follower:
        follower.says(f"-> {NEW}/24")
        until(lambda: lives(lab, NEW), "packets pass again")
        follower.says("at the start: ")
        assert two.problems() == []


def test_a_service_that_is_stopped_ends_what_it_has_begun(lab: Lab, two: Modules) -> None:
    """systemd asks all its processes to end, and waits for them."""
    stop = "run:test -e /run/stopped || { touch /run/stopped; kill -TERM $(ps -o ppid= $PPID) $PPID; }"
    with following(lab.host, fault=(40, stop)) as ending:
        ending.rests()
        renumber(lab)
        until(lambda: ending.process.poll() is not None, "it has ended")
        assert ending.process.returncode == -signal.SIGTERM
    until(lambda: two.problems() == [], "its run has ended")
    assert lives(lab, NEW)


def test_a_service_that_waits_for_the_lock_can_be_stopped(
    lab: Lab, two: Modules, follower: Follower
) -> None:
    with open(lab.host.path("/run/portmap/lock"), "r+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        renumber(lab)
        children = Path(f"/proc/{follower.pid}/task/{follower.pid}/children")
        until(lambda: bool(children.read_text().strip()), "a run waits for the lock")
        waiting = int(children.read_text())
        for pid in (follower.pid, waiting):
            os.kill(pid, signal.SIGTERM)
        until(lambda: not os.path.exists(f"/proc/{waiting}/exe"), "it has ended")


def test_a_new_engine_is_taken_into_use_without_a_new_start(
    lab: Lab, two: Modules, tmp_path: Path
) -> None:
    """The link `current` is swapped: see engine_copy.py."""
    for version in ("old", "new"):
        shutil.copytree(engine.shipped() / "_portmap", tmp_path / version / "_portmap")
    with open(tmp_path / "new" / "_portmap" / "follow.py", "r+", encoding="utf-8") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace("def main() -> int:\n", "def main() -> int:\n    _say('new')\n"))
    (tmp_path / "current").symlink_to("old")
    with following(lab.host, engine=tmp_path / "current") as follower:
        follower.rests()
        (tmp_path / "draft").symlink_to("new")
        (tmp_path / "draft").rename(tmp_path / "current")
        shutil.rmtree(tmp_path / "old")
        renumber(lab)
        follower.says("portmap-follow: new\n")
        follower.says(f"-> {NEW}/24")
        until(lambda: lives(lab, NEW), "packets pass again")


def test_systemd_is_told_that_it_listens_and_what_is_in_the_way(lab: Lab, two: Modules) -> None:
    path = lab.host.path("/run/notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(SECONDS)
        os.environ["NOTIFY_SOCKET"] = "/run/notify"
        try:
            with following(lab.host) as follower:
                assert systemd.recv(1000) == b"READY=1"
                assert systemd.recv(1000) == b"STATUS=the host is as it shall be"
                follower.rests()
                lab.host.ip("address flush dev eth0")
                said = systemd.recv(1000).decode()
                assert said == "STATUS=cannot use public_interface eth0: it has no IPv4 address"
        finally:
            del os.environ["NOTIFY_SOCKET"]
