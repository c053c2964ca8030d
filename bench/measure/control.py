# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast a state is reached: this collection against ip and tc, in batches and one by one.

Each round takes both through the same cases on the same host, one after the other; who comes
first changes from round to round.  The batches are made from the engine's own plan, and after
placing with them the engine must find nothing to do.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lab import machines

from . import sites

Samples = Iterator[dict[str, Any]]
FORKED = 20  # containers placed with a process for every command


def measure(
    counts: Mapping[int, float], rounds: tuple[int, int], say: Callable[[str], None]
) -> Samples:
    """`counts` maps numbers of containers to seconds; after the least of `rounds` time may end."""
    for count, seconds in counts.items():
        for number in sites.rounds(*rounds, seconds):
            with machines.lab() as lab:
                sites.engine(lab.host, "prepare", options=sites.POOLS)
                both = [ours, batched] if number % 2 == 0 else [batched, ours]
                told = []
                for method in both:
                    found = method(lab.host, count)
                    for case, values in found.items():
                        name = method.__name__
                        yield {"case": case, "n": count, "round": number, "method": name} | values
                    told.append(f"{method.__name__} {found['place all']['seconds']:.2f} s")
                    sites.wait_for_teardown()
            say(f"control plane, N = {count}, round {number}: {', '.join(told)}")


def orders(count: int) -> dict[str, dict[str, Any]]:
    """The cases, as what a task says."""
    all_of_them = sites.containers(count)
    extra = sites.container("extra", 1000)
    changed = {**all_of_them[0], "ports": [*all_of_them[0]["ports"], "26008-26015"]}
    return {
        "place all": {"containers": all_of_them},
        "second run": {"containers": all_of_them},
        "add one": {"containers": [extra]},
        "remove one": {"containers": [{"name": "extra", "state": "absent"}]},
        "change one": {"containers": [changed]},
        "repair one": {"containers": [{"name": "c0"}]},
        "remove all": {"containers": [], "purge": True},
    }


def damage(host: machines.Machine) -> None:
    """Delete one filter of c0: the way in to its first service range."""
    host.tc("filter del dev eth0 ingress protocol ip prio 770 handle 302:27:310 u32")


def ours(host: machines.Machine, count: int) -> dict[str, dict[str, Any]]:
    found = {}
    for case, order in orders(count).items():
        if case == "repair one":
            damage(host)
        found[case] = sites.engine(host, "place", **order)
    return found


def batched(host: machines.Machine, count: int) -> dict[str, dict[str, Any]]:
    """The same with `ip -batch` and `tc -batch`; a second run does everything again, or fails."""
    found = {}
    folder = Path(tempfile.mkdtemp(prefix="portmap-bench-"))
    try:
        for case, order in orders(count).items():
            if case == "second run":
                continue
            if case == "repair one":
                damage(host)
            scripts = folder / case.replace(" ", "-")
            made = sites.engine(host, "batch", folder=str(scripts), **order)
            found[case] = {**sites.shell(host, scripts / "batch"), "lines": made["lines"]}
            if case == "place all":
                check_same(host, order)
    finally:
        shutil.rmtree(folder)
    return found


def check_same(host: machines.Machine, order: dict[str, Any]) -> None:
    """The engine finds what the batch made as it wants it, but for a program that tc cannot load."""
    left = sites.engine(host, "place", check=True, **order)["told"]
    repaired = {f"{item['name']}: repaired" for item in order["containers"]}
    other = [line for line in left if line not in repaired and " bpf pm_offload " not in line]
    if other:
        raise RuntimeError(f"the batch made something else: {other[:5]}")


def one_by_one(rounds: int) -> Samples:
    """A process for every command, on a host with no other containers."""
    folder = Path(tempfile.mkdtemp(prefix="portmap-bench-"))
    try:
        for number in range(rounds):
            with machines.lab() as lab:
                sites.engine(lab.host, "prepare", options=sites.POOLS)
                order = {"containers": sites.containers(FORKED)}
                made = sites.engine(lab.host, "batch", folder=str(folder / "1"), **order)
                for method in ("single", "batched"):
                    script = folder / "1" / ("single" if method == "single" else "batch")
                    yield {"case": "place all", "n": FORKED, "round": number} | {
                        "method": method,
                        "lines": made["lines"],
                        **sites.shell(lab.host, script),
                    }
                    check_same(lab.host, order)
                    sites.engine(lab.host, "place", containers=[], purge=True)
    finally:
        shutil.rmtree(folder)


def many_ports(rounds: int) -> Samples:
    """One container that owns 1 to 10,000 ports."""
    for number in range(rounds):
        for ports in (1, 16, 100, 1000, 10000):
            with machines.lab() as lab:
                sites.engine(lab.host, "prepare", options=sites.POOLS)
                wanted = [{"name": "c0", "ports": [f"10000-{10000 + ports - 1}"]}]
                found = sites.engine(lab.host, "place", containers=wanted)
                yield {"case": "many ports", "n": 1, "ports": ports, "round": number} | found
