# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> the tables of the pages.  Where there is no sample, a table says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from results import Results

from .figures import NONE, Samples, counts, median, pick, ratios, said, seconds, size, table

CASES = (
    "place all",
    "second run",
    "add one",
    "change one",
    "repair one",
    "remove one",
    "remove all",
)
TESTS = {
    "tcp_stream": "TCP stream",
    "tcp_rr": "TCP request/response",
    "tcp_connect": "TCP connect",
    "udp_rr": "UDP request/response",
    "udp_flood": "UDP packets",
}
WAYS = {
    "ours": "this collection",
    "linear": "filters in one list, middle",
    "linear last": "filters in one list, last",
    "dnat": "NAT, a rule per range, middle",
    "dnat last": "NAT, a rule per range, last",
    "dnat by port last": "NAT, a rule per port, last",
    "nft map": "NAT, nftables map",
    "pasta": "pasta",
}
ENGINES = {
    "ours": "this collection",
    "docker": "docker",
    "docker without proxies": "docker, userland-proxy off",
    "podman": "podman",
}
CONNECTED = {
    "namespaces": "nothing but a network namespace",
    "ours": "this collection",
    "dnat": "a bridge, NAT with a rule per range",
}
NOTHING = "Not measured."


# --- where and when -----------------------------------------------------------------------------


def about(results: Results) -> str:
    have = results.machine
    names = ("kernel", "python", "ansible-core", "pyroute2", "iproute2", "iptables", "nftables")
    names += ("docker", "podman", "passt")
    versions = ", ".join(f"{name} {have[name]}" for name in names if name in have)
    commands = {f"``{told['command']}``" for told in results.runs.values()}
    by = f", by {' and '.join(sorted(commands))}" if commands else ""
    return f"{have['cpu']}, {have['cpus']} CPUs, {have['memory_gib']} GiB{by}; {versions}."


def parts_table(results: Results) -> str:
    rows = []
    for name, told in results.runs.items():
        rounds = {one.get("n"): 0 for one in results.samples[name] if "round" in one}
        for count in rounds:
            rounds[count] = len(
                {one.get("round", 0) // 1 for one in pick(results.samples[name], n=count)}
            )
        many = ", ".join(f"{number} (N = {count})" for count, number in sorted_by_key(rounds))
        loads = f"{told['load_before'][0]:.1f}, {told['load_after'][0]:.1f}"
        ended = f"failed: {told['failed'].splitlines()[0]}" if "failed" in told else "complete"
        rows.append((name, told["date"], told["commit"], f"{told['seconds']} s", loads))
        rows[-1] += (many or NONE, ended)
    head = ("part", "started", "commit", "took", "load before, after")
    return table((*head, "rounds", "ended"), rows) if rows else NOTHING


def sorted_by_key(rounds: dict[Any, int]) -> list[tuple[Any, int]]:
    return sorted((key, value) for key, value in rounds.items() if key is not None)


# --- from a task to a state ---------------------------------------------------------------------


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
    return table(head, rows) if rows else NOTHING


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
    return table(head, rows) if rows else NOTHING


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
    return table(("N", "second run / placing", "writes", *memory), rows) if rows else NOTHING


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
    return table(("ports", "time", "over 16 ports (range)", "requests"), rows) if rows else NOTHING


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


# --- engines and memory -------------------------------------------------------------------------


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
    return table(head, rows) if rows else NOTHING


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
    return table(head, rows) if rows else NOTHING


# --- packets ------------------------------------------------------------------------------------


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
        return table(("way", "N", *TESTS.values()), rows) if rows else NOTHING

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
    return table(("this collection over", "N", *TESTS.values()), rows) if rows else NOTHING


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
    return table(("way", "N", *units), rows) if rows else NOTHING


PERFORMANCE: dict[str, Callable[[Results], str]] = {
    "about": about,
    "parts": parts_table,
    "control": control_table,
    "cpu": cpu_table,
    "second": second_table,
    "forked": forked_text,
    "objects": objects_text,
    "ports": ports_table,
    "startup": startup_table,
    "engines": engines_table,
    "left_out": left_out_text,
    "memory": memory_table,
    "rates": rates_table,
    "outside": shares_table("outside", "process"),
    "host": shares_table("host", "process"),
    "container": shares_table("container", "ours"),
    "times": times_table,
}
