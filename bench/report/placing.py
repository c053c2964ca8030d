# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a task to a state: how long it takes."""

from __future__ import annotations

from results import Results

from .figures import NONE, NOTHING, counts, median, pick, ratios, said, seconds, size, table
from .names import CASES


def control_table(results: Results) -> str:
    samples = results.samples["control"]
    rows = []
    for case in CASES:
        for count in counts(samples):
            ours = pick(samples, case=case, n=count, method="ours")
            theirs = pick(samples, case=case, n=count, method="batched")
            rows.append(
                [
                    case,
                    str(count),
                    seconds(median(ours, "seconds")),
                    seconds(median(theirs, "seconds")),
                    said(ratios(ours, theirs, "seconds")),
                    str(int(median(ours, "requests") or 0)),
                ]
            )
    head = ("case", "N", "this collection", "ip and tc -batch", "ratio (range)", "requests")
    return table(head, rows)


def cpu_table(results: Results) -> str:
    samples = [{**one, "cpu": one["user"] + one["system"]} for one in results.samples["control"]]
    rows = []
    for count in counts([one for one in samples if one["n"] >= 100]):
        for case in ("place all", "second run", "remove all"):
            ours = pick(samples, case=case, n=count, method="ours")
            theirs = pick(samples, case=case, n=count, method="batched")
            times = (seconds(median(ours, "cpu")), seconds(median(theirs, "cpu")))
            rows.append([case, str(count), *times, said(ratios(ours, theirs, "cpu"))])
    head = ("case", "N", "this collection", "ip and tc -batch", "ratio (range)")
    return table(head, rows)


def second_table(results: Results) -> str:
    samples = results.samples["control"]
    rows = []
    for count in counts(samples):
        second = pick(samples, case="second run", n=count, method="ours")
        placing = pick(samples, case="place all", n=count, method="ours")
        rows.append(
            [
                str(count),
                said(ratios(second, placing, "seconds")),
                str(max((one["writes"] for one in second), default=NONE)),
                size(1024 * (median(placing, "peak_kib") or 0)),
                size(1024 * (median(second, "peak_kib") or 0)),
            ]
        )
    memory = ("peak memory, placing", "peak memory, second run")
    return table(("N", "second run / placing", "writes", *memory), rows)


def forked_text(results: Results) -> str:
    samples = results.samples["forked"]
    single = median(pick(samples, method="single"), "seconds")
    batched = median(pick(samples, method="batched"), "seconds")
    if single is None or batched is None:
        return f"A process for every command: {NOTHING.lower()}"
    count, lines = samples[0]["n"], samples[0]["lines"]
    return (
        f"A process for every command ({lines} commands) took {seconds(single)} for {count}"
        f" containers, the same in batches {seconds(batched)}: {single / batched:.0f} times as long."
        f" For 1000 containers that makes {seconds(single / count * 1000)} by extrapolation."
    )


def objects_text(results: Results) -> str:
    """How many objects a container consists of."""
    placing = pick(results.samples["control"], case="place all", method="ours")
    each = [one["changes"] / one["n"] for one in placing if one["n"] >= 10]
    return f"about {min(each):.0f}" if each else "many"


def ports_table(results: Results) -> str:
    samples = results.samples["ports"]
    rows = []
    for ports in sorted({one["ports"] for one in samples}):
        some = pick(samples, ports=ports)
        over = said(ratios(some, pick(samples, ports=16), "seconds"))
        requests = str(int(median(some, "requests") or 0))
        rows.append([f"{ports:,}", seconds(median(some, "seconds")), over, requests])
    return table(("ports", "time", "over 16 ports (range)", "requests"), rows)


def info_table(results: Results) -> str:
    samples = results.samples["info"]
    rows = []
    for count in counts(samples):
        looks = pick(samples, case="portmap_info", n=count)
        runs = pick(samples, case="second run", n=count)
        times = [seconds(median(some, "seconds")) for some in (looks, runs)]
        requests = [str(int(median(some, "requests") or 0)) for some in (looks, runs)]
        rows.append([str(count), *times, said(ratios(looks, runs, "seconds")), *requests])
    head = ("N", "portmap_info", "second run", "ratio (range)")
    return table((*head, "requests of portmap_info", "of a second run"), rows)
