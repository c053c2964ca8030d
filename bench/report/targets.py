# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was aimed at, what was measured, and whether it is enough."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from results import Results

from . import limits
from .figures import NONE, Samples, counts, median, pick, ratios, said, table
from .names import TESTS, WAYS

Goal = tuple[str, str, float, list[float]]
AT_MOST, AT_LEAST = "at most", "at least"


def targets_table(results: Results) -> str:
    goals = [*placing_goals(results), *info_goals(results)]
    goals += [*module_goals(results), *traffic_goals(results)]
    goals += [(what, AT_MOST, most, values) for what, most, values in limits.goals(results)]
    rows = []
    for what, side, limit, values in goals:
        if not values:
            rows.append((what, f"{side} {limit}", "not measured", NONE))
            continue
        middle = statistics.median(values)
        met = middle <= limit if side == AT_MOST else middle >= limit
        rows.append((what, f"{side} {limit}", said(values), "yes" if met else "no"))
    return table(("what", "target", "measured (range)", "met"), rows)


def placing_goals(results: Results) -> Iterator[Goal]:
    samples = results.samples["control"]
    many = max(counts(samples), default=0)

    def some(case: str, method: str = "ours", count: int = many) -> Samples:
        return pick(samples, case=case, n=count, method=method)

    def against(case: str) -> list[float]:
        return ratios(some(case), some(case, "batched"), "seconds")

    placing, forked = some("place all"), pick(results.samples["forked"], method="single")
    slower = ratios(forked, pick(results.samples["forked"], method="batched"), "seconds")
    times = [statistics.median(slower) / one for one in against("place all")] if slower else []
    again = ratios(some("second run"), placing, "seconds")
    peak = [one["peak_kib"] / 1024 for one in placing]
    yield "place all, over ip and tc -batch", AT_MOST, 0.8, against("place all")
    yield "place all, times as fast as a process for every command", AT_LEAST, 20, times
    yield "second run, over placing all", AT_MOST, 0.35, again
    yield "remove all, over ip and tc -batch", AT_MOST, 1.2, against("remove all")
    for case in ("add one", "change one", "repair one"):
        alone = median(some(case, count=1), "requests") or 1
        more = [one["requests"] / alone for one in some(case)]
        yield f"{case}, seconds", AT_MOST, 0.15, [one["seconds"] for one in some(case)]
        yield f"{case}, requests over those at N = 1", AT_MOST, 1, more
    yield "peak memory of placing all, MiB", AT_MOST, 120, peak


def info_goals(results: Results) -> Iterator[Goal]:
    samples = results.samples["info"]
    samples = pick(samples, n=max(counts(samples), default=0))
    looks, runs = pick(samples, case="portmap_info"), pick(samples, case="second run")
    over = ratios(looks, runs, "seconds")
    yield "portmap_info, over a second run for the same containers", AT_MOST, 1.5, over


def module_goals(results: Results) -> Iterator[Goal]:
    ports, startup = results.samples["ports"], results.samples["startup"]
    ping = pick(startup, case="ping")
    wide = ratios(pick(ports, ports=10000), pick(ports, ports=16), "seconds")
    yield "one container with 10,000 ports, over 16", AT_MOST, 2, wide
    for case, limit in (("argument error", 1.3), ("no-op", 1.8)):
        over = ratios(pick(startup, case=case), ping, "seconds")
        yield f"{case}, over ping", AT_MOST, limit, over


def traffic_goals(results: Results) -> Iterator[Goal]:
    samples = pick(results.samples["traffic"], source="outside")
    many = max(counts(samples), default=0)

    def against(test: str, way: str, count: int = many) -> list[float]:
        some = pick(samples, test=test, n=count)
        return ratios(pick(some, way="ours"), pick(some, way=way), "rate")

    limits = {test: 0.95 if test == "tcp_stream" else 0.9 for test in TESTS}
    for test, name in TESTS.items():
        yield f"{name}, over a host process", AT_LEAST, limits[test], against(test, "process")
    for test, name in TESTS.items():
        alone, among = against(test, "process", 1), against(test, "process")
        flat = [statistics.median(among) / statistics.median(alone)] if alone and many > 1 else []
        yield f"{name}, share of a host process over that at N = 1", AT_LEAST, 0.9, flat
    for way in ("dnat last", "dnat by port last", "dnat"):
        for test, least in (("tcp_connect", 10), ("udp_flood", 50)):
            yield f"{TESTS[test]}, over {WAYS[way]}", AT_LEAST, least, against(test, way)


def nftables_text(results: Results) -> str:
    """No target: what is true."""
    samples = pick(results.samples["traffic"], source="outside")
    many = max(counts(samples), default=0)
    told = []
    for test, name in TESTS.items():
        some = pick(samples, test=test, n=many)
        found = ratios(pick(some, way="ours"), pick(some, way="nft map"), "rate")
        told += [f"{name} {said(found)}"] if found else []
    return f"with N = {many}: {'; '.join(told)}" if told else "not measured"
