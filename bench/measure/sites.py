# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where it is measured: hosts in network namespaces of their own, and the processes on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import machines

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"
POOLS = {
    "ports": ["10000-26015"],
    "ephemeral_ports": "28672-61439",
    "ephemeral_ports_per_container": 32,
    "host_ephemeral_ports": "61440-65535",
}
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": f"{COLLECTIONS}:{ROOT / 'bench'}",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def rounds(least: int, most: int, seconds: float) -> Iterator[int]:
    """Numbers of rounds, until there are enough or, after the least of them, time is up.

    A machine that takes twice the time gets fewer: one at least.
    """
    start = time.monotonic()
    for number in range(most):
        spent = time.monotonic() - start
        if number and spent > (seconds if number >= least else 2 * seconds):
            return
        yield number


def wait_for_teardown() -> None:
    """Until the kernel has taken apart the namespaces that are no more.

    It does that in the background and in order, so a last one with a witness tells.
    """
    with machines.lab() as lab:
        lab.host.ip(
            "netns add last",
            "link add witness type veth peer name inside netns last",
            "netns del last",
        )
        for _ in range(600):
            if lab.host.run("ip", "link", "show", "witness", check=False, timeout=300).returncode:
                return
            time.sleep(0.1)


def containers(count: int) -> list[dict[str, Any]]:
    """With their service ranges; the engine adds 32 ephemeral ports."""
    return [container(f"c{number}", number) for number in range(count)]


def container(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "ports": [f"{first}-{last}" for first, last in ranges(number)]}


def ranges(number: int) -> list[tuple[int, int]]:
    """The service ranges of a container: two of four ports."""
    first = 10000 + 16 * number
    return [(first, first + 3), (first + 8, first + 11)]


def engine(host: machines.Machine, do: str, **order: Any) -> dict[str, Any]:
    """One run of the engine in a fresh process; adds `wall`, from its start to its end."""
    start = time.perf_counter()
    done = subprocess.run(
        [*host.enter(), sys.executable, "-m", "measure.engine"],
        input=json.dumps({"do": do, **order}),
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    found["wall"] = time.perf_counter() - start
    return found


def shell(host: machines.Machine, script: Path) -> dict[str, Any]:
    """Run a script of `batch` on the host."""
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [*host.enter(), "sh", str(script)], capture_output=True, text=True, check=False
    )
    seconds, after = time.perf_counter() - start, os.times()
    if done.returncode != 0:
        raise RuntimeError(f"{script}: {done.stderr}{done.stdout}")
    return {
        "seconds": seconds,
        "user": after.children_user - before.children_user,
        "system": after.children_system - before.children_system,
    }
