# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast packets flow: all ways with N containers, each test asked of each way in turn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import rivals, sites

TESTS = ("tcp_stream", "tcp_rr", "tcp_connect", "udp_rr", "udp_flood")
SOURCES = ("outside", "host", "container")
# Turns in a round from outside, where the ratios matter; rounds are counted in fractions then. The
# same machine has two speeds for each test, whatever the way: few samples would be a throw of dice.
TURNS = 4


def measure(
    load: Path,
    counts: Mapping[int, float],
    rounds: tuple[int, int],
    seconds: float,
    say: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """`counts` as in `control.measure`; `seconds` is how long a test takes, a turn half of that."""
    for count, limit in counts.items():
        say(f"data plane, N = {count}: building every way")
        with rivals.ways(count) as ways:
            for number in sites.rounds(*rounds, limit):
                for one in _round(load, ways, seconds):
                    yield {**one, "n": count, "round": number + one["round"]}
                say(f"data plane, N = {count}, round {number} done")
        sites.wait_for_teardown()


def _round(load: Path, ways: list[rivals.Way], seconds: float) -> Iterator[dict[str, Any]]:
    """Every test from everywhere, to every way that can be asked from there."""
    for source, test in shuffled([(s, t) for s in SOURCES for t in TESTS]):
        turns = TURNS if source == "outside" else 1
        lasting = seconds if turns == 1 else seconds / 2
        for turn in range(turns):
            # Ratios are formed between these, so they follow each other.
            for way in shuffled([way for way in ways if source in way.sources]):
                rate = rivals.measure(load, way, test, source, lasting)
                about = {"way": way.name, "test": test, "source": source}
                yield {**about, "round": turn / turns, "rate": rate}


def shuffled(values: list[Any]) -> list[Any]:
    return random.sample(values, len(values))
