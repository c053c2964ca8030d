# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where and when samples are taken."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from . import sites


def first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not there"
    return done.stdout.split("\n")[0] or "not there"


def describe() -> dict[str, Any]:
    told = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(": ")[1] for line in told if "model name" in line), platform.machine())
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "cpu": cpu,
        "cpus": os.cpu_count(),
        "memory_gib": round(int(memory) / 2**20),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "iproute2": first_line("ip", "-V"),
        "nftables": first_line("nft", "--version"),
        "iptables": first_line("iptables", "--version"),
        "ansible-core": metadata.version("ansible-core"),
        "pyroute2": metadata.version("pyroute2"),
        "docker": first_line("dockerd", "--version"),
        "podman": first_line("podman", "--version"),
        "passt": first_line("dpkg-query", "-W", "-f", "${Version}", "passt"),
    }


def when() -> dict[str, Any]:
    """What belongs to the samples of one part: parts may be taken again alone."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": " ".join(["bench/run", *sys.argv[1:]]),
        "commit": first_line("git", "-C", str(sites.ROOT), "rev-parse", "--short", "HEAD"),
        "load_before": os.getloadavg(),
    }
