# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed by strace, so that the module has no part in it.

Every point of every operation is tried in tests/robust/test_killed.py, by a fault inside the process.  Here is
the witness from outside: at some sends to the kernel, and between opening a file and writing it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lab import probes, state
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import DB, WEB, inventory

PLACE: tuple[str, dict[str, Any]] = (
    "portmap_container",
    {"name": "new", "ports": ["31200-31299"]},
)
SENDS = "sendto,sendmsg"
RECORD = "/run/portmap/host.json"
SAVED = "/var/lib/netiso-portmap/desired.json"


def killed(modules: Modules, calls: str, number: int) -> Modules:
    """The modules under a strace that kills as the n-th call of one of these kinds begins."""
    return modules.under(
        *("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:signal=KILL:when={number}"),
    )


def test_a_killed_run_harms_nobody_and_is_removed_or_finished(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    before = state.unnumbered(state.of(lab.host))
    states = []
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST)
        servers.listen(lab.container("db"), DB, HOST)
        for send in range(1, 40, 3):
            if killed(prepared, SENDS, send).execute(*PLACE).out:
                break  # it was through before that send
            states.append(state.unnumbered(state.of(lab.host)))
            for port, owner in ((WEB, "web"), (DB, "db")):
                for source in (lab.peer, lab.host):
                    assert Probe(source.place, "tcp", HOST, port).run().who == owner
            prepared.container(name="new", state="absent")
            after = state.unnumbered(state.of(lab.host))
            assert state.difference(before, after) == "", f"killed at send {send}"
    # Some were killed while they looked, some with half of the work done.
    assert before in states
    assert len({str(seen) for seen in states}) > 2
    killed(prepared, SENDS, 1 + 3 * (len(states) - 1)).execute(*PLACE)
    assert prepared.call(*PLACE)["container"]["ports"] == ["31200-31299"]
    assert not prepared.call(*PLACE)["changed"]
    assert prepared.info()["problems"] == []


def keep(lab: Lab) -> None:
    """Have the host save what a boot is to bring back."""
    lab.host.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
    lab.host.run("mkdir", "--mode", "700", "/var/lib/netiso-portmap")


def test_what_is_saved_is_on_the_disk_before_the_run_ends(lab: Lab, modules: Modules) -> None:
    """A power cut leaves the old file or the new one: its text goes first, then its name."""
    keep(lab)
    log = "/run/log"
    calls = "fsync,fdatasync,rename,renameat,renameat2"
    watched = modules.under("strace", "-f", "-qq", "-y", "-o", log, "-e", f"trace={calls}")
    watched.host(**POOLS)
    done = [
        re.sub(r"^\d+ +(\w+)\(.*?(/var/lib[^\">]*).*", r"\1 \2", line)
        for line in Path(lab.host.path(log)).read_text().splitlines()
        if "/var/lib/netiso-portmap" in line
    ]
    draft = "/var/lib/netiso-portmap/.desired.json.new"
    assert done == [f"fsync {draft}", f"rename {draft}", "fsync /var/lib/netiso-portmap"]


@pytest.mark.parametrize("file", [RECORD, SAVED])
def test_a_reader_finds_the_old_text_or_the_new_one(lab: Lab, modules: Modules, file: str) -> None:
    """Killed as each write begins, so that what opening has emptied is still empty."""
    keep(lab)
    other = {**POOLS, "ports": ["31000-32100"]}
    path = Path(lab.host.path(file))
    texts = []
    for parameters in (other, POOLS):
        modules.host(**parameters)
        texts.append(path.read_text())
    new, old = texts
    assert new != old
    deaths = 0
    while not killed(modules, "write", deaths + 1).execute("portmap_host", other).out:
        deaths += 1
        assert path.read_text() in (old, new), f"killed at write {deaths}"
        modules.host(**POOLS)
        assert path.read_text() == old
    assert deaths >= 2  # of the record, of the saved state
    assert path.read_text() == new
