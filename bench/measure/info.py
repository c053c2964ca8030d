# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmap_info costs: looking at all containers, beside a second run for the same ones.

Both ask about the same objects, so their costs grow alike.  They take turns on one host, on which
neither changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab import machines

from . import sites

Sample = dict[str, Any]


def measure(
    counts: Mapping[int, float], rounds: tuple[int, int], say: Callable[[str], None]
) -> Iterator[Sample]:
    """`counts` maps numbers of containers to seconds, as in `control.measure`."""
    for count, seconds in counts.items():
        with machines.lab() as lab:
            sites.engine(lab.host, "prepare", options=sites.POOLS)
            sites.engine(lab.host, "place", containers=sites.containers(count))
            for number in sites.rounds(*rounds, seconds):
                both = [second_run, look]
                found = [one(lab.host, count) for one in (both if number % 2 == 0 else both[::-1])]
                yield from ({**sample, "n": count, "round": number} for sample in found)
                told = ", ".join(f"{one['case']} {one['seconds']:.2f} s" for one in found)
                say(f"info, N = {count}, round {number}: {told}")
        sites.wait_for_teardown()


def second_run(host: machines.Machine, count: int) -> Sample:
    found = sites.engine(host, "place", containers=sites.containers(count))
    if found["changes"]:
        raise RuntimeError(f"a second run for {count} containers made {found['changes']} changes")
    return {"case": "second run", **found}


def look(host: machines.Machine, count: int) -> Sample:
    return {"case": "portmap_info", **sites.engine(host, "info", count=count)}
