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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lab import machines  # noqa: E402

POOLS = {
    "ports": ["10000-26015"],
    "ephemeral_ports": "28672-61439",
    "ephemeral_ports_per_container": 32,
    "host_ephemeral_ports": "61440-65535",
}
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT / ".build" / "collections"),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def rounds(least: int, most: int, seconds: float) -> Iterator[int]:
    """Numbers of rounds, until there are enough or, after the least of them, time is up."""
    end = time.monotonic() + seconds
    for number in range(most):
        if number >= least and time.monotonic() > end:
            return
        yield number


def containers(count: int) -> list[dict[str, Any]]:
    """Two service ranges of four ports each; the engine adds 32 ephemeral ports."""
    return [container(f"c{number}", number) for number in range(count)]


def container(name: str, number: int) -> dict[str, Any]:
    first = 10000 + 16 * number
    return {"name": name, "ports": [f"{first}-{first + 3}", f"{first + 8}-{first + 11}"]}


def engine(host: machines.Machine, do: str, **order: Any) -> dict[str, Any]:
    """One run of the engine in a fresh process; adds `wall`, from its start to its end."""
    start = time.perf_counter()
    done = subprocess.run(
        [*host.enter(), sys.executable, str(ROOT / "bench" / "engine.py")],
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
