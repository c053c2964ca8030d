# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast packets flow: every way with N containers, asked in turn, round after round."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import rivals
import sites

TESTS = ("tcp_stream", "tcp_rr", "tcp_connect", "udp_rr", "udp_flood")


def measure(
    load: Path,
    counts: Mapping[int, float],
    rounds: tuple[int, int],
    seconds: float,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    """`counts` as in `control.measure`; `seconds` is how long each test takes."""
    samples = []
    for count, limit in counts.items():
        say(f"data plane, N = {count}: building every way")
        with rivals.ways(count) as ways:
            for number in sites.rounds(*rounds, limit):
                for way in random.sample(ways, len(ways)):
                    way.switch_on()
                    for source, netns in way.sources().items():
                        for test in TESTS:
                            rate = rivals.measure(load, way, test, netns, seconds)
                            samples.append(
                                {"way": way.name, "n": count, "round": number, "test": test}
                                | {"source": source, "rate": rate}
                            )
                say(f"data plane, N = {count}, round {number} done")
    return samples
