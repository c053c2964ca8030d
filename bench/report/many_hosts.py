# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> what a fleet costs its control node.  Only the last step is arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from results import Results

from .figures import NONE, NOTHING, counts, median, pick, said, seconds, size, table

FLEETS = (10, 1000, 100_000)
FORKS = (5, 50)
CORES = 4


@dataclass(frozen=True)
class Inputs:
    """All measured: seconds of processor time, seconds, and bytes."""

    start: float  # of one ansible command, with its first host
    each: float  # of each further host
    module: float  # how long the module takes on its host
    sent: float
    received: float
    fork: float
    archive: float


def inputs(results: Results) -> Inputs | None:
    """Those of a run that finds everything as it shall be."""
    samples = results.samples["fleet"]
    one = median(pick(samples, task="no-op", hosts=1), "cpu")
    many = [s for s in pick(samples, task="no-op", pipelining=False) if s["hosts"] > 1]
    module = median(pick(results.samples["startup"], case="no-op"), "seconds")
    archive = median(pick(samples, task="archive"), "bytes")
    pings = pick(samples, task="ping", connection="kept")
    if one is None or not many or not pings or module is None or archive is None:
        return None
    hosts = many[0]["hosts"]
    return Inputs(
        start=one,
        each=max(0.001, ((median(many, "cpu") or 0) - one) / (hosts - 1)),
        module=module,
        sent=(median(many, "sent") or 0) / hosts,
        received=(median(many, "received") or 0) / hosts,
        fork=memory_of_fork(results),
        archive=archive,
    )


def memory_of_fork(results: Results) -> float:
    """From the fewest to the most that really ran at once."""
    pings = pick(results.samples["fleet"], task="ping", connection="kept")
    pings = sorted(pings, key=lambda one: min(one["forks"], one["hosts"]))
    alone = pick(results.samples["fleet"], task="no-op", hosts=1)
    few, many = (alone or pings)[0], pings[-1]
    forks = min(many["forks"], many["hosts"]) - min(few["forks"], few["hosts"])
    return max(0.0, (many["peak_pss"] - few["peak_pss"]) / max(1, forks))


def measured_table(results: Results) -> str:
    rows = []
    for one in results.samples["fleet"]:
        if "cpu" not in one:
            continue
        how = (str(one["hosts"]), str(one["forks"]), one["connection"])
        how += ("yes" if one["pipelining"] else "no",)
        cost = (seconds(one["seconds"]), seconds(one["cpu"]), size(one["sent"] / one["hosts"]))
        cost += (size(one["received"] / one["hosts"]), size(one["peak_pss"]))
        rows.append((one["task"], *how, *cost))
    head = ("task", "hosts", "forks", "connections", "pipelining", "time")
    head += ("processor time", "sent to a host", "received", "peak memory")
    return table(head, rows)


def inputs_table(results: Results) -> str:
    have = inputs(results)
    if have is None:
        return NOTHING
    rows = [
        ("processor time of a command with one host", seconds(have.start)),
        ("processor time for each further host and task", seconds(have.each)),
        ("time that the module takes on its host, a second run", seconds(have.module)),
        ("bytes to a host for each task", size(have.sent)),
        ("bytes from a host for each task", size(have.received)),
        ("memory of each fork", size(have.fork)),
        ("the collection, packed, as a host that pulls fetches it", size(have.archive)),
    ]
    samples = results.samples["control"]
    for count in counts(samples):
        some = pick(samples, case="add one", n=count, method="ours")
        what = f"time on a host with N = {count} until one more container is placed"
        rows.append((what, said([one["seconds"] for one in some]) + " s"))
    return table(("input", "measured"), rows)


def push_table(results: Results) -> str:
    """One task for every host."""
    have = inputs(results)
    if have is None:
        return NOTHING
    rows = []
    for hosts in FLEETS:
        cpu = have.start + hosts * have.each
        cells = [f"{hosts:,}", duration(cpu), size(hosts * have.sent)]
        for forks in FORKS:
            cells += [duration(have.start + hosts * pace(have, forks)), limit(have, forks)]
        rows.append(cells)
    head = ["hosts", "processor time", "sent"]
    for forks in FORKS:
        head += [f"time with {forks} forks", "what limits"]
    return table(head, rows)


def pace(have: Inputs, forks: int) -> float:
    """Seconds for each host, once all forks are busy.

    A fork is taken for as long as the module takes, and for its own part.
    """
    return max(have.each / CORES, (have.module + have.each) / forks)


def limit(have: Inputs, forks: int) -> str:
    return "cores" if have.each / CORES > (have.module + have.each) / forks else "forks"


def duration(value: float) -> str:
    if value < 60:
        return seconds(value)
    if value < 3600:
        return f"{value / 60:.1f} min"
    return f"{value / 3600:.1f} h"


def sentence(make: Callable[[Inputs], str]) -> Callable[[Results], str]:
    def made(results: Results) -> str:
        have = inputs(results)
        return NONE if have is None else make(have)

    return made


def useful_forks(have: Inputs) -> str:
    """More of them wait for a core."""
    return f"{CORES * (have.module + have.each) / have.each:.0f}"


TEXTS: dict[str, Callable[[Results], str]] = {
    "measured": measured_table,
    "inputs": inputs_table,
    "push": push_table,
    "cores": lambda results: str(CORES),
    "useful_forks": sentence(useful_forks),
    "limit_5": sentence(lambda have: f"the number of {limit(have, 5)}"),
    "limit_50": sentence(lambda have: f"the number of {limit(have, 50)}"),
    "memory_50": sentence(lambda have: size(50 * have.fork)),
    "thousand": sentence(lambda have: duration(have.start + 1000 * have.each)),
    "thousand_sent": sentence(lambda have: size(1000 * have.sent)),
    "largest": sentence(lambda have: duration(have.start + 100_000 * have.each)),
    "largest_sent": sentence(lambda have: size(100_000 * have.sent)),
    "largest_cores": sentence(lambda have: f"{100_000 * have.each / 600:.0f}"),
    "pulled": sentence(lambda have: size(100_000 * have.archive)),
    "pull_cost": sentence(lambda have: seconds(have.start + have.module)),
    "events": sentence(lambda have: f"{1 / have.start:.1f}"),
    "splay": sentence(lambda have: size(100_000 * have.archive / 3600)),
}
