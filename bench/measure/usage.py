# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What metrics cost a host, by what they are about: time of the CPU, for all containers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lab import machines

from . import sites

GROUPS = (["counters"], ["counters", "sockets", "snmp"], ["problems"])


def measure(
    counts: Iterable[int], rounds: int, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    for count in counts:
        with machines.lab() as lab:
            sites.engine(lab.host, "prepare", options=sites.POOLS)
            sites.engine(lab.host, "place", containers=sites.containers(count))
            for number in range(rounds):
                for sample in look(lab.host):
                    yield {**sample, "n": count, "round": number}
            say(f"usage, N = {count}")
        sites.wait_for_teardown()


def look(host: machines.Machine) -> Iterator[dict[str, Any]]:
    """`counted`: reading the counters, on a host of which it is known who there is."""
    for groups in GROUPS:
        found = sites.engine(host, "metrics", groups=groups)
        used = found["user"] + found["system"]
        yield {"case": ", ".join(groups), "seconds": found["seconds"], "cpu": used}
    counted = sites.engine(host, "counted")
    yield {"case": "counted", "seconds": counted["seconds"], "cpu": counted["cpu"]}
