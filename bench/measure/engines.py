# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What publishing ports costs with container engines, and with this collection.

Each case has an engine of its own, in namespaces of its own for network, mounts and processes:
they end with it, whatever happens.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lab import machines

from . import memory, publishing, sites

NEEDED = {
    "docker": ("dockerd", "containerd", "runc", "iptables", "nft", "busybox"),
    "docker without proxies": ("dockerd", "containerd", "runc", "iptables", "nft", "busybox"),
    "podman": ("podman", "conmon", "runc", "iptables", "nft", "busybox"),
}
UNSHARE = "unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc --"
CGROUPS = Path("/sys/fs/cgroup")

Case = tuple[str, int, int]  # containers or ports, how many, rounds


def measure(
    cases: Sequence[Case], seconds: float, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Each case stops after `seconds`.  One that fails does not keep the others from being run."""
    engines, failed = [], []
    for engine, tools in NEEDED.items():
        missing = [tool for tool in tools if not shutil.which(tool)]
        if missing:
            say(f"{engine} is left out: {', '.join(missing)} not found")
            yield {"engine": engine, "skipped": f"{', '.join(missing)} not found"}
        else:
            engines.append(engine)
    for kind, many, rounds in cases:
        for number in range(rounds):
            for engine in ("ours", *engines):
                # Its proxies are all that is different.
                if engine == "docker without proxies" and (kind, many) != ("ports", 1000):
                    continue
                wanted = wanted_of(kind, many)
                try:
                    found = ours(wanted) if engine == "ours" else theirs(engine, wanted, seconds)
                except (RuntimeError, subprocess.SubprocessError) as error:
                    failed.append(f"{engine}, {many} {kind}: {error}")
                    say(failed[-1])
                    continue
                ending = f", stopped: {found['stopped']}" if found["stopped"] else ""
                say(f"{engine}, {many} {kind}: {found['seconds']:.1f} s{ending}")
                yield {"engine": engine, "case": kind, "n": many, "round": number, **found}
    if failed:
        raise RuntimeError("; ".join(failed))


def wanted_of(kind: str, many: int) -> list[list[str]]:
    """The ranges of each container."""
    if kind == "ports":
        return [[f"10000-{10000 + many - 1}" if many > 1 else "10000"]]
    return [[f"{first}-{last}" for first, last in sites.ranges(n)] for n in range(many)]


def ours(wanted: list[list[str]]) -> dict[str, Any]:
    with machines.lab() as lab:
        sites.engine(lab.host, "prepare", options=sites.POOLS)
        sites.engine(lab.host, "place", containers=[{"name": "warm-up", "ports": ["26000"]}])
        before, filters = memory.of_kernel(), count_filters(lab)
        containers = [{"name": f"c{n}", "ports": ports} for n, ports in enumerate(wanted)]
        found = sites.engine(lab.host, "place", containers=containers)
        return {
            # With the start of Python, as the others have that of a program.
            "seconds": found["wall"],
            "started": len(wanted),
            "stopped": "",
            "rules": count_filters(lab) - filters,
            "processes": 0,
            "pss": 0,
            "kernel_memory": memory.of_kernel() - before,
        }


def count_filters(lab: machines.Lab) -> int:
    """On the host and inside all containers."""
    places: list[str | None] = [None]
    places += [link["name"] for link in lab.host.json("ip", "-j", "netns", "list")]
    found = 0
    for place in places:
        for link in lab.host.json("ip", "-j", "link", container=place):
            show = ("tc", "filter", "show", "dev", link["ifname"], "ingress")
            text = lab.host.run(*show, container=place).stdout
            found += len(re.findall(r"fh \w+:\w*:\w+ |bytecode", text))
    return found


def theirs(engine: str, wanted: list[list[str]], seconds: float) -> dict[str, Any]:
    cgroup = f"portmap-bench-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="portmap-bench-", ignore_cleanup_errors=True) as home:
        pids = int(publishing.PID_MAX.read_text())
        order = {"engine": engine, "publish": wanted, "seconds": seconds, "pids": pids}
        process = subprocess.Popen(
            [*UNSHARE.split(), sys.executable, "-m", "measure.publishing"],
            env=sites.ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            text = json.dumps({**order, "home": home, "cgroup": cgroup})
            # Starting the engine and counting what it made take time as well.
            out, err = process.communicate(text, timeout=seconds + 120)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            tidy_cgroups(cgroup)
    if process.returncode != 0:
        raise RuntimeError(f"cannot publish ports with {engine}: {err.strip()[-500:]}")
    found: dict[str, Any] = json.loads(out)
    return found


def tidy_cgroups(name: str) -> None:
    """What the engine has made there outlives it."""
    for _ in range(50):
        groups = [group for where in (name, f"*/{name}") for group in CGROUPS.glob(where)]
        if not groups:
            return
        for group in groups:
            # Files of a group cannot be removed, and need not; those in a mere folder must.
            shutil.rmtree(group, ignore_errors=True)
        time.sleep(0.1)  # the last processes are still on their way out
