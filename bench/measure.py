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
import traceback
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import control
import engines
import fleet
import memory
import report
import sites
import startup
import traffic

QUICK = sites.ROOT / ".build" / "bench"
LOAD = QUICK / "load"
DOCS = sites.ROOT / "docs"

Say = Callable[[str], None]
Parts = dict[str, Callable[[], Iterator[dict[str, Any]]]]


def full(say: Say, largest: int, rounds: int) -> Parts:
    """Half an hour, when nothing else runs on the machine."""
    several, few = (min(5, rounds), min(9, rounds)), min(3, rounds)
    seconds = upto(largest, {1000: 340, 100: 80, 10: 20, 1: 15})
    flow = upto(largest, {1000: 180, 100: 90, 1: 60})
    grown = upto(largest, {1000: 1, 100: few})
    cases = [("containers", 1, few), ("containers", 100, 1), ("ports", 1, few)]
    cases += [("ports", 16, few), ("ports", 100, few), ("ports", 1000, 1), ("ports", 10000, 1)]
    cases = [case for case in cases if case[1] <= 10 * largest]
    hosts = fleet.runs(min(50, largest), min(20, largest), (5, 20, 50))
    return {
        "startup": lambda: startup.measure(min(7, rounds)),
        "ports": lambda: control.many_ports(min(5, rounds)),
        "forked": lambda: control.one_by_one(1),
        "control": lambda: control.measure(seconds, several, say),
        "traffic": lambda: traffic.measure(LOAD, flow, several, 0.3, say),
        "memory": lambda: memory.measure(grown, say),
        "fleet": lambda: fleet.measure(hosts, say),
        "engines": lambda: engines.measure(cases, 300, say),
    }


def quick(say: Say, largest: int, rounds: int) -> Parts:
    """Three minutes."""
    seconds = upto(largest, {1: 3, 10: 5, 100: 20})
    flow = upto(largest, {1: 5, 100: 10})
    cases = [(kind, 1, 1) for kind in ("containers", "ports")]
    cases += [("ports", ports, 1) for ports in (16, 100) if ports <= 10 * largest]
    return {
        "startup": lambda: startup.measure(min(2, rounds)),
        "ports": lambda: control.many_ports(1),
        "forked": lambda: control.one_by_one(1),
        "control": lambda: control.measure(seconds, (1, min(3, rounds)), say),
        "traffic": lambda: traffic.measure(LOAD, flow, (1, min(2, rounds)), 0.1, say),
        "memory": lambda: memory.measure(upto(largest, {100: 1}), say),
        "fleet": lambda: fleet.measure(fleet.runs(5, 5, (2, 5)), say),
        "engines": lambda: engines.measure(cases, 15, say),
    }


def upto(largest: int, counts: dict[int, Any]) -> dict[int, Any]:
    return {count: value for count, value in counts.items() if count <= largest}


def first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not there"
    return done.stdout.split("\n")[0] or "not there"


def machine() -> dict[str, Any]:
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


def take(
    name: str, measure: Callable[[], Iterator[dict[str, Any]]], results: dict[str, Any]
) -> None:
    """Measure one part; what it has found before a failure stays."""
    results[name], told = [], when()
    start = time.monotonic()
    try:
        for sample in measure():
            results[name].append(sample)
    except BaseException as error:
        told["failed"] = f"{type(error).__name__}: {error}"
        if not isinstance(error, Exception):  # interrupted: this is the end
            raise
        traceback.print_exc()
    finally:
        told["seconds"] = round(time.monotonic() - start)
        told["load_after"] = os.getloadavg()
        results.setdefault("parts", {})[name] = told


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes, into .build/bench")
    parser.add_argument("--only", action="append", help="measure this part, keep the others")
    parser.add_argument("--rounds", type=int, default=100, help="at most so many of each")
    parser.add_argument("--largest", type=int, default=1000, help="at most so many containers")
    parser.add_argument("--output", type=Path, help="a directory for samples, pictures and pages")
    options = parser.parse_args()
    names = full(print, 1, 1)
    for name in options.only or []:
        if name not in names:
            parser.error(f"no part is called {name}; there are: {', '.join(names)}")
    return options


def main() -> None:
    options = arguments()
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - start:6.0f} s  {text}", flush=True)

    aside = options.output or (QUICK if options.quick else None)
    target = aside or DOCS / "performance"
    pictures, pages = (aside, aside) if aside else (DOCS / "pictures", DOCS / "docsite" / "rst")
    target.mkdir(parents=True, exist_ok=True)
    file = target / "results.json"
    results: dict[str, Any] = {}
    if options.only and file.exists():
        results = json.loads(file.read_text())
    results["machine"] = machine()
    parts = (quick if options.quick else full)(say, options.largest, options.rounds)
    chosen = [name for name in parts if name in (options.only or parts)]
    for name in chosen:
        say(name)
        try:
            take(name, parts[name], results)
        finally:
            file.write_text(json.dumps(results, indent=1) + "\n")
    report.write(results, pictures=pictures, pages=pages)
    say(f"written to {target}")
    if failed := [name for name in chosen if "failed" in results["parts"][name]]:
        sys.exit(f"bench: these failed and have fewer samples, or none: {', '.join(failed)}")


if __name__ == "__main__":
    main()
