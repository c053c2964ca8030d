# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much of the kernel's memory containers take, by how they are connected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lab import machines

from . import nat, sites

# Stacks of threads are part of what the kernel maps for itself.
KINDS = ("Slab", "Percpu", "PageTables", "VmallocUsed")


def meminfo() -> dict[str, int]:
    """/proc/meminfo, in KiB."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def of_kernel() -> int:
    """Bytes, of the whole machine."""
    memory = meminfo()
    return 1024 * sum(memory[kind] for kind in KINDS)


def measure(counts: Mapping[int, int], say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """`counts` maps numbers of containers to rounds."""
    for count, rounds in counts.items():
        for number in range(rounds):
            for what, make in CONNECTED.items():
                sites.wait_for_teardown()
                with machines.lab() as lab:
                    sites.engine(lab.host, "prepare", options=sites.POOLS)
                    time.sleep(0.5)  # for what ends in the background
                    before = meminfo()
                    make(lab, count)
                    time.sleep(0.5)
                    after = meminfo()
                grown = {kind: 1024 * (after[kind] - before[kind]) for kind in KINDS}
                each = sum(grown.values()) / count / 1024
                say(f"{what}, {count} containers: {each:.0f} KiB for each")
                yield {"what": what, "n": count, "round": number, **grown}


def namespaces(lab: machines.Lab, count: int) -> None:
    nat.batch(lab.host, [f"netns add c{number}" for number in range(count)])


def ours(lab: machines.Lab, count: int) -> None:
    sites.engine(lab.host, "place", containers=sites.containers(count))


def translated(lab: machines.Lab, count: int) -> None:
    nat.bridge(lab, count)
    nat.write_iptables(lab.host, count)


CONNECTED: dict[str, Callable[[machines.Lab, int], None]] = {
    "namespaces": namespaces,
    "ours": ours,
    "dnat": translated,
}
