# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time: whoever may change the host waits for its lock, and who only tells does not."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from lab import state
from lab.machines import Lab
from lab.modules import ROOT, Modules
from lab.pools import POOLS
from scene import inventory

LOCK = "/run/portmap/lock"


def restore(modules: Modules) -> None:
    """As the unit of systemd runs it; here it finds a host that is prepared already."""
    path = f"PYTHONPATH={ROOT / 'plugins' / 'module_utils'}"
    command = (sys.executable, "-m", "_portmap.restore")
    modules.machine.run("env", path, "PYTHONDONTWRITEBYTECODE=1", *command)


RUNS: dict[str, Callable[[Modules], Any]] = {
    "portmap_host": lambda modules: modules.host(**POOLS),
    "portmap_host that checks": lambda modules: modules.checking().host(**POOLS),
    "portmap_container": lambda modules: modules.container(name="new", ports=["31200"]),
    "portmap_container that checks": lambda modules: modules.checking().container(name="new"),
    "portmap_container that purges": lambda modules: modules.container(containers=[], purge=True),
    "portmap_ranges": lambda modules: modules.ranges(container="web", ports=["31200"]),
    "restore": restore,
}


@contextmanager
def held(lab: Lab) -> Iterator[int]:
    descriptor = os.open(lab.host.path(LOCK), os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_waits_for_the_lock(lab: Lab, prepared: Modules, name: str) -> None:
    prepared.container(containers=inventory())
    begun = time.monotonic()
    restore(prepared)  # takes longer than any of them: Python starts for it
    enough = 2 * (time.monotonic() - begun)
    before = state.of(lab.host)
    with ThreadPoolExecutor(1) as pool, held(lab) as lock:
        run = pool.submit(RUNS[name], prepared)
        time.sleep(enough)
        assert not run.done()
        assert state.difference(before, state.of(lab.host)) == ""
        fcntl.flock(lock, fcntl.LOCK_UN)
        run.result(timeout=60)


def test_taking_the_preparation_back_waits_for_the_lock(lab: Lab, prepared: Modules) -> None:
    before = state.of(lab.host)
    with ThreadPoolExecutor(1) as pool, held(lab) as lock:
        run = pool.submit(prepared.host, state="absent")
        time.sleep(1)
        assert not run.done()
        assert state.difference(before, state.of(lab.host)) == ""
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert run.result(timeout=60)["changed"]


def test_who_only_tells_does_not_wait(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    with held(lab):
        assert prepared.info()["problems"] == []


def test_the_lock_names_its_last_holder_and_nothing_else(lab: Lab, prepared: Modules) -> None:
    """A shorter number leaves no digit of a longer one."""
    with held(lab) as lock:
        os.pwrite(lock, b"4194304999999\n", 0)
    prepared.container(name="web", ports=["31000"])
    with held(lab) as lock:
        said = os.pread(lock, 64, 0)
    assert said.endswith(b"\n")
    assert said.count(b"\n") == 1
    assert 1 < int(said) <= 4194304
