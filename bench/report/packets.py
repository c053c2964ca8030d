# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a packet to a process: how many in a second."""

from __future__ import annotations

from collections.abc import Callable

from results import Results

from .figures import NONE, counts, median, pick, ratios, said, table
from .names import TESTS, WAYS


def shares_table(source: str, limit: str) -> Callable[[Results], str]:
    """Rates of every way as shares of those of the way that is the limit."""

    def made(results: Results) -> str:
        samples = pick(results.samples["traffic"], source=source)
        rows = []
        for way, name in WAYS.items():
            for count in counts(pick(samples, way=way)):
                cells = [name, str(count)]
                for test in TESTS:
                    some = pick(samples, way=way, n=count, test=test)
                    against = pick(samples, way=limit, n=count, test=test)
                    cells.append(said(ratios(some, against, "rate")))
                rows.append(cells)
        return table(("way", "N", *TESTS.values()), rows)

    return made


def times_table(results: Results) -> str:
    samples = pick(results.samples["traffic"], source="outside")
    rows = []
    for way in [way for way in WAYS if way != "ours"]:
        for count in counts(pick(samples, way=way)):
            cells = [WAYS[way], str(count)]
            for test in TESTS:
                ours = pick(samples, way="ours", n=count, test=test)
                theirs = pick(samples, way=way, n=count, test=test)
                cells.append(said(ratios(ours, theirs, "rate")))
            rows.append(cells)
    return table(("this collection over", "N", *TESTS.values()), rows)


def rates_table(results: Results) -> str:
    samples = pick(results.samples["traffic"], source="outside")
    rows = []
    for way, name in {"process": "a process of the host", **WAYS}.items():
        for count in counts(pick(samples, way=way)):
            cells = [name, str(count)]
            for test in TESTS:
                rate = median(pick(samples, way=way, n=count, test=test), "rate")
                unit = 1e9 if test == "tcp_stream" else 1e3
                cells.append(NONE if rate is None else f"{rate / unit:.1f}")
            rows.append(cells)
    units = [
        f"{name}, {'Gbit/s' if test == 'tcp_stream' else '1000/s'}" for test, name in TESTS.items()
    ]
    return table(("way", "N", *units), rows)
