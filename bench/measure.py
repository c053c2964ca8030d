# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take all measurements, keep every sample, and have them drawn and written down."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import control
import report
import sites
import startup
import traffic

QUICK = sites.ROOT / ".build" / "bench"
DOCS = sites.ROOT / "docs"


def parts(quick: bool, say: Callable[[str], None]) -> dict[str, Callable[[], Any]]:
    load = QUICK / "load"
    if quick:
        return {
            "startup": lambda: startup.measure(3),
            "control": lambda: control.measure({1: 5, 10: 10, 100: 30}, (2, 3), say),
            "forked": lambda: control.one_by_one(1),
            "ports": lambda: control.many_ports(2),
            "traffic": lambda: traffic.measure(load, {1: 5, 100: 15}, (1, 3), 0.2, say),
        }
    seconds = {1000: 480, 100: 150, 10: 40, 1: 30}
    return {
        "startup": lambda: startup.measure(7),
        "control": lambda: control.measure(seconds, (3, 9), say),
        "traffic": lambda: traffic.measure(load, {1000: 150, 100: 90, 1: 60}, (3, 9), 0.3, say),
        "ports": lambda: control.many_ports(5),
        "forked": lambda: control.one_by_one(1),
    }


def machine() -> dict[str, Any]:
    def first_line(*command: str) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return "not there"
        return (done.stdout or done.stderr).split("\n")[0]

    told = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(": ")[1] for line in told if "model name" in line), platform.machine())
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": "bench/run " + " ".join(sys.argv[1:]),
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
        "commit": first_line("git", "-C", str(sites.ROOT), "rev-parse", "--short", "HEAD"),
        "load_before": os.getloadavg(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes, results in .build")
    parser.add_argument("--only", action="append", help="measure this part, keep the others")
    options = parser.parse_args()
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - start:6.0f} s  {text}", flush=True)

    target = QUICK if options.quick else DOCS / "performance"
    target.mkdir(parents=True, exist_ok=True)
    file = target / "results.json"
    results: dict[str, Any] = {}
    if options.only and file.exists():
        results = json.loads(file.read_text())
    results["machine"] = machine()
    for name, measure in parts(options.quick, say).items():
        if options.only and name not in options.only:
            continue
        say(name)
        results[name] = measure()
        results["machine"].setdefault("load_after", {})[name] = os.getloadavg()
        file.write_text(json.dumps(results, indent=1) + "\n")
    if options.quick:
        report.write(results, pictures=QUICK, page=QUICK / "performance.rst")
    else:
        page = DOCS / "docsite" / "rst" / "guide_performance.rst"
        report.write(results, pictures=DOCS / "pictures", page=page)
    say(f"written to {target}")


if __name__ == "__main__":
    main()
