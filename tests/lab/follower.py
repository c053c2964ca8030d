# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmap-follow.service runs, on the host of a lab, where no systemd runs it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .engine import shipped
from .machines import Machine
from .runner import TESTS

SECONDS = 30  # within which packets have to pass again, on a machine that does other things too

# The service with a fault at a point of its runs: see faults.py.
_WITH_FAULT = """
import importlib, sys
from lab import faults
names = ("linux.netlink", "linux.netns", "memory.lock", "bpf.call", "steering.bpf.kit")
parts = [importlib.import_module(f"_portmap.{name}") for name in names]
faults.Faults(int(sys.argv[1]), sys.argv[2], lambda point: None).install(*parts)
raise SystemExit(importlib.import_module("_portmap.follow").main())
"""


class Follower:
    """The service, started as its unit starts it, and what it writes into the journal."""

    def __init__(self, machine: Machine, engine: Path, fault: tuple[int, str] | None) -> None:
        self._journal = os.memfd_create("journal")
        environment = ("env", f"PYTHONPATH={engine}:{TESTS}", "PYTHONDONTWRITEBYTECODE=1")
        command = ["-Bsm", "_portmap.follow"]
        if fault:
            command = ["-c", _WITH_FAULT, str(fault[0]), fault[1]]
        self.process = subprocess.Popen(
            [*machine.enter(), *environment, sys.executable, *command],
            stdin=subprocess.DEVNULL,
            stdout=self._journal,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self.process.pid

    def said(self) -> str:
        return os.pread(self._journal, os.fstat(self._journal).st_size, 0).decode()

    def says(self, words: str) -> float:
        return until(lambda: words in self.said(), f"the service says: {words}")

    def rests(self) -> None:
        """Return when it listens, and nothing else."""
        until(self._is_resting, "the service comes to rest")

    def _is_resting(self) -> bool:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        asleep = Path(f"/proc/{self.pid}/wchan").read_text(encoding="ascii")
        return not children.strip() and "poll" in asleep

    def cpu(self) -> float:
        """Seconds of a CPU that it and its children have used."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        return sum(map(int, stat.rsplit(")", 1)[1].split()[11:15])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._journal)


@contextlib.contextmanager
def following(
    machine: Machine, *, engine: Path | None = None, fault: tuple[int, str] | None = None
) -> Iterator[Follower]:
    made = Follower(machine, engine or shipped(), fault)
    try:
        yield made
    finally:
        made.close()


def until(true: Callable[[], bool], what: str, seconds: float = SECONDS) -> float:
    """How long it takes until something is so."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - began
