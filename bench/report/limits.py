# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How exact limits are, and what metrics cost."""

from __future__ import annotations

from collections.abc import Iterator

from results import Results

from .figures import Samples, counts, median, pick, ratios, said, seconds, table

STEERING = ("u32", "bpf")
_SHARED = {"send_ceil": "``send_ceil: 100%``", "fair_shares": "``fair_shares``"}
_HALF = 15_000_000
_GROUPS = {
    "counted": "reading the counters",
    "counters": "``counters``",
    "counters, sockets, snmp": "``counters``, ``sockets``, ``snmp``",
    "problems": "``problems``",
}


def off(samples: Samples) -> list[float]:
    """How far from the limit what was reached is, as a share of it."""
    return sorted(abs(one["reached"] / (one["mbit"] * 1e6) - 1) for one in samples)


def rates(results: Results) -> Samples:
    return pick(results.samples["limits"], what="rate")


def rates_table(results: Results) -> str:
    found = rates(results)
    rows = []
    for mbit in sorted({one["mbit"] for one in found}):
        some = [
            pick(found, mbit=mbit, way=way, steering=steering)
            for way in ("receive", "send")
            for steering in STEERING
        ]
        shares = ([one["reached"] / (mbit * 1e6) for one in listed] for listed in some)
        rows.append([f"{mbit} Mbit/s", *map(said, shares)])
    head = [f"{way}, {steering}" for way in ("received", "sent") for steering in STEERING]
    return table(("limit", *head), rows)


def waiting_table(results: Results) -> str:
    found = pick(results.samples["limits"], what="times")
    rows = []
    for way in ("receive", "send"):
        for steering in STEERING:
            some = pick(found, way=way, steering=steering)
            cells = (
                f"{(median(some, f'{name}_p{part}') or 0) * 1000:.1f} ms"
                for name in ("own", "idle", "beside")
                for part in (50, 95)
            )
            rows.append([f"``{way}``, {steering}", *cells])
    head = [
        f"{name}, p{part}"
        for name in ("through it", "a neighbour before", "and beside it")
        for part in (50, 95)
    ]
    return table(("limit of", *head), rows) if found else table(head, [])


def shares_table(results: Results) -> str:
    found = pick(results.samples["limits"], what="shares")
    rows = []
    for by, name in _SHARED.items():
        for steering in STEERING:
            some = pick(found, by=by, steering=steering)
            cells = ([one[end] / 1e6 for one in some] for end in ("many", "one"))
            if some:
                rows.append([name, steering, *map(said, cells)])
    head = ("shared by", "steering", "eight connections, Mbit/s", "one connection, Mbit/s")
    return table(head, rows)


def unlimited(results: Results, steering: str) -> list[float]:
    found = pick(results.samples["limits"], what="unlimited", steering=steering)
    return ratios(pick(found, beside=True), pick(found, beside=False), "reached")


def unlimited_text(results: Results) -> str:
    return ", ".join(f"{said(unlimited(results, one))} with {one}" for one in STEERING)


def metrics_table(results: Results) -> str:
    found = results.samples["usage"]
    rows = []
    for count in counts(found):
        for case, name in _GROUPS.items():
            some = pick(found, case=case, n=count)
            rows.append(
                [f"{count:,}", name, *(seconds(median(some, one)) for one in ("cpu", "seconds"))]
            )
    return table(("N", "what", "time of the CPU", "time"), rows)


def goals(results: Results) -> Iterator[tuple[str, float, list[float]]]:
    """What, the limit, and what was measured."""
    found = rates(results)
    slow = [one for one in found if one["mbit"] <= 100]
    yield "limits of 1 to 100 Mbit/s, off by", 0.05, off(slow)
    yield "limits of 1 Gbit/s, off by", 0.12, off(pick(found, mbit=1000))
    waiting = pick(results.samples["limits"], what="times")
    yield (
        "answers through a limit of 10 Mbit/s, p95, seconds",
        0.06,
        sorted(one["own_p95"] for one in waiting),
    )
    yield (
        "a neighbour's answers meanwhile, p95, over before",
        1.5,
        sorted(one["beside_p95"] / one["idle_p95"] for one in waiting),
    )
    shared = pick(results.samples["limits"], what="shares")
    yield (
        "eight connections against one, off half of the link by",
        0.15,
        sorted(abs(one[end] / _HALF - 1) for one in shared for end in ("one", "many")),
    )
    usage = pick(results.samples["usage"], n=max(counts(results.samples["usage"]), default=0))
    for case, limit in (("counters, sockets, snmp", 1.0), ("counted", 0.03)):
        used = sorted(one["cpu"] for one in pick(usage, case=case))
        yield f"{_GROUPS[case]} of all containers, seconds of the CPU", limit, used
