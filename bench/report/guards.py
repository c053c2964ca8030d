# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a guard costs, and what a scanner sees instead."""

from __future__ import annotations

from results import Results

from .figures import counts, median, pick, ratios, said, table

TIMED = {
    "tcp bind": "TCP: socket, bind, listen, close",
    "udp bind": "UDP: socket, bind, close",
    "tcp connect": "TCP: a connection, both ends of it",
}


def cost_table(results: Results) -> str:
    samples = results.samples["guard"]
    rows = []
    for what, name in TIMED.items():
        with_it, without = (pick(samples, what=what, group=one) for one in ("guarded", "free"))
        times = (micro(median(one, "seconds")) for one in (without, with_it))
        if with_it:
            rows.append([name, *times, said(ratios(with_it, without, "seconds"))])
    return table(("CPU time of", "without", "with a guard", "with over without (range)"), rows)


def short_table(results: Results) -> str:
    samples = pick(results.samples["guard"], what="short")
    rows = []
    for count in counts(samples):
        some = [{**one, "missed": one["tried"] - one["seen"]} for one in pick(samples, n=count)]
        cells = (median(some, key) or 0 for key in ("looks", "seen", "missed", "had"))
        rows.append([f"{count:,}", *(f"{cell:,.0f}" for cell in cells)])
    head = ("other listeners", "looks of a scanner", "seen", "missed", "had in spite of a guard")
    return table(head, rows)


def micro(value: float | None) -> str:
    return f"{(value or 0) * 1e6:.1f} us"
