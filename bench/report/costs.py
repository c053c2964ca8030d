# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules, engines and containers cost besides."""

from __future__ import annotations

from results import Results

from .figures import NONE, Samples, counts, median, pick, ratios, said, seconds, size, table
from .names import CONNECTED, ENGINES


def startup_table(results: Results) -> str:
    samples = results.samples["startup"]
    ping = pick(samples, case="ping")
    rows = []
    for case in ("ping", "argument error", "no-op"):
        some = pick(samples, case=case)
        over = (said(ratios(some, ping, "seconds")), said(ratios(some, ping, "user")))
        bytes_sent = [one["module_bytes"] for one in some if "module_bytes" in one]
        rows.append([case, seconds(median(some, "seconds")), *over])
        rows[-1].append(size(bytes_sent[0]) if bytes_sent else NONE)
    return table(("module", "time", "over ping (range)", "CPU time over ping", "size"), rows)


def engines_table(results: Results) -> str:
    samples = results.samples["engines"]
    rows = []
    for case in ("containers", "ports"):
        for count in counts([one for one in samples if one.get("case") == case]):
            for engine, name in ENGINES.items():
                some = pick(samples, engine=engine, case=case, n=count)
                if some:
                    what = case if count > 1 else case[:-1]
                    rows.append([f"{count:,} {what}", name, *engine_cells(some)])
    head = ("published", "by", "time", "time for each", "rules or filters")
    head += ("processes", "their memory", "memory of the kernel")
    return table(head, rows)


def engine_cells(some: Samples) -> list[str]:
    stopped = next((one["stopped"] for one in some if one["stopped"]), "")
    time = seconds(median(some, "seconds"))
    done = [one for one in some if one["started"]]
    each = median([{"each": one["seconds"] / one["started"]} for one in done], "each")
    return [
        f"stopped after {time} ({stopped})" if stopped else time,
        NONE if stopped else seconds(each),
        *(f"{median(some, key) or 0:,.0f}" for key in ("rules", "processes")),
        size(median(some, "pss")),
        size(median(some, "kernel_memory")),
    ]


def left_out_text(results: Results) -> str:
    """Which contenders could not be had."""
    skipped = [one for one in results.samples["engines"] if "skipped" in one]
    told = [f"{ENGINES[one['engine']]}: left out, {one['skipped']}." for one in skipped]
    return " ".join(told) if told else ""


def memory_table(results: Results) -> str:
    samples = results.samples["memory"]
    kinds = ("Slab", "Percpu", "PageTables", "VmallocUsed")
    each = [
        {
            **one,
            "each": sum(one[kind] for kind in kinds) / one["n"],
            "slab": one["Slab"] / one["n"],
        }
        for one in samples
    ]
    rows = []
    for count in counts(samples):
        for what, name in CONNECTED.items():
            some = pick(each, what=what, n=count)
            over = said(ratios(some, pick(each, what="dnat", n=count), "each"))
            cells = (size(median(some, "slab")), size(median(some, "each")), over)
            rows.append([name, str(count), *cells])
    head = (
        "containers connected by",
        "N",
        "slab for each",
        "all for each",
        "over a bridge and NAT",
    )
    return table(head, rows)
