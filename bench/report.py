# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> tables, plots and the page.  Ratios are medians of ratios of neighbours in time."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
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
    "linear": "filters in one list",
    "dnat": "NAT, a rule per range",
    "nft map": "NAT, nftables map",
}

Samples = list[dict[str, Any]]


def write(results: dict[str, Any], pictures: Path, page: Path) -> None:
    """Plots into `pictures`, tables into the text of bench/page.rst."""
    results = {"control": [], "forked": [], "ports": [], "traffic": [], "startup": [], **results}
    if results["control"]:
        draw_growth(results["control"], pictures / "performance-control")
    if results["traffic"]:
        draw_traffic(results["traffic"], pictures / "performance-traffic")
    packets = (HERE / "traffic.rst").read_text() if results["traffic"] else ""
    text = (HERE / "page.rst").read_text().replace("@traffic@", packets.rstrip())
    for name, make in TABLES.items():
        if f"@{name}@" in text:
            text = text.replace(f"@{name}@", make(results))
    page.write_text(text)


# --- numbers ------------------------------------------------------------------------------------


def pick(samples: Samples, **wanted: Any) -> Samples:
    return [one for one in samples if all(one.get(key) == wanted[key] for key in wanted)]


def median(samples: Samples, key: str) -> float | None:
    return statistics.median(one[key] for one in samples) if samples else None


def ratios(ours: Samples, theirs: Samples, key: str) -> list[float]:
    """Ours over theirs, round by round."""
    by_round = {one["round"]: one[key] for one in theirs}
    return sorted(one[key] / by_round[one["round"]] for one in ours if by_round.get(one["round"]))


def said(values: Sequence[float]) -> str:
    """The median and the range."""
    if not values:
        return "--"
    middle = statistics.median(values)
    spread = f" ({min(values):.2f}-{max(values):.2f})" if len(values) > 1 else ""
    return f"{middle:.2f}{spread}"


def seconds(value: float | None) -> str:
    if value is None:
        return "--"
    return (
        f"{value:.1f} s"
        if value >= 10
        else f"{value:.2f} s"
        if value >= 1
        else f"{value * 1000:.0f} ms"
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        for at, cell in enumerate(row):
            lines.append(f"   {'*' if at == 0 else ' '} - {cell}".rstrip())
    return "\n".join(lines)


# --- tables -------------------------------------------------------------------------------------


def about(results: dict[str, Any]) -> str:
    have = results["machine"]
    names = ("kernel", "python", "ansible-core", "pyroute2", "iproute2", "iptables", "nftables")
    versions = ", ".join(f"{name} {have[name]}" for name in names)
    return (
        f"Measured on {have['date']} by ``{have['command'].strip()}`` at commit"
        f" ``{have['commit']}``: {have['cpu']}, {have['cpus']} CPUs, {have['memory_gib']} GiB;"
        f" {versions}. Load averages of the machine when the parts ended: "
        + ", ".join(f"{part} {load[0]:.1f}" for part, load in have.get("load_after", {}).items())
        + f". Rounds: {rounds_told(results)}."
    )


def rounds_told(results: dict[str, Any]) -> str:
    told = []
    for part in ("control", "traffic"):
        for count in sorted({one["n"] for one in results[part]}):
            rounds = {one["round"] for one in pick(results[part], n=count)}
            told.append(f"{part} with N = {count}: {len(rounds)}")
    return ", ".join(told)


def control_table(results: dict[str, Any]) -> str:
    samples = results["control"]
    rows = []
    for case in CASES:
        for count in sorted({one["n"] for one in samples}):
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


def cpu_table(results: dict[str, Any]) -> str:
    samples = [{**one, "cpu": one["user"] + one["system"]} for one in results["control"]]
    rows = []
    for count in sorted({one["n"] for one in samples if one["n"] >= 100}):
        for case in ("place all", "second run", "remove all"):
            ours = pick(samples, case=case, n=count, method="ours")
            theirs = pick(samples, case=case, n=count, method="batched")
            rows.append(
                [
                    case,
                    str(count),
                    seconds(median(ours, "cpu")),
                    seconds(median(theirs, "cpu")),
                    said(ratios(ours, theirs, "cpu")),
                ]
            )
    return table(("case", "N", "this collection", "ip and tc -batch", "ratio (range)"), rows)


def second_table(results: dict[str, Any]) -> str:
    samples = results["control"]
    rows = []
    for count in sorted({one["n"] for one in samples}):
        second = pick(samples, case="second run", n=count, method="ours")
        placing = pick(samples, case="place all", n=count, method="ours")
        rows.append(
            [
                str(count),
                said(ratios(second, placing, "seconds")),
                str(int(max(one["writes"] for one in second))),
                f"{(median(placing, 'peak_kib') or 0) / 1024:.0f} MiB",
                f"{(median(second, 'peak_kib') or 0) / 1024:.0f} MiB",
            ]
        )
    head = (
        "N",
        "second run / placing",
        "writes",
        "peak memory, placing",
        "peak memory, second run",
    )
    return table(head, rows)


def forked_table(results: dict[str, Any]) -> str:
    samples = results["forked"]
    single = median(pick(samples, method="single"), "seconds")
    batched = median(pick(samples, method="batched"), "seconds")
    if single is None:
        return ""
    count, lines = samples[0]["n"], samples[0]["lines"]
    return (
        f"A process for every command ({lines} commands) took {seconds(single)} for {count}"
        f" containers, the same in batches {seconds(batched)}: {single / batched:.0f} times as long."
        f" For 1000 containers that makes {seconds(single / count * 1000)} by extrapolation."
    )


def ports_table(results: dict[str, Any]) -> str:
    samples = results["ports"]
    rows = []
    for ports in sorted({one["ports"] for one in samples}):
        some = pick(samples, ports=ports)
        rows.append(
            [
                f"{ports:,}",
                seconds(median(some, "seconds")),
                said(ratios(some, pick(samples, ports=16), "seconds")),
                str(int(median(some, "requests") or 0)),
            ]
        )
    return table(("ports", "time", "over 16 ports (range)", "requests"), rows)


def startup_table(results: dict[str, Any]) -> str:
    samples = results["startup"]
    ping = pick(samples, case="ping")
    rows = []
    for case in ("ping", "argument error", "no-op"):
        some = pick(samples, case=case)
        rows.append(
            [
                case,
                seconds(median(some, "seconds")),
                said(ratios(some, ping, "seconds")),
                said(ratios(some, ping, "user")),
            ]
        )
    return table(("module", "time", "over ping (range)", "CPU time over ping"), rows)


def traffic_table(source: str) -> Callable[[dict[str, Any]], str]:
    def made(results: dict[str, Any]) -> str:
        samples = pick(results["traffic"], source=source)
        rows = []
        for way, name in WAYS.items():
            for count in sorted({one["n"] for one in samples}):
                cells = [name, str(count)]
                for test in TESTS:
                    some = pick(samples, way=way, n=count, test=test)
                    against = pick(
                        samples,
                        way="process" if source != "container" else "ours",
                        n=count,
                        test=test,
                    )
                    cells.append(said(ratios(some, against, "rate")))
                rows.append(cells)
        return table(("way", "N", *TESTS.values()), rows)

    return made


def nat_table(results: dict[str, Any]) -> str:
    samples = pick(results["traffic"], source="outside")
    rows = []
    for way in ("linear", "dnat", "nft map"):
        for count in sorted({one["n"] for one in samples}):
            cells = [WAYS[way], str(count)]
            for test in TESTS:
                ours = pick(samples, way="ours", n=count, test=test)
                cells.append(
                    said(ratios(ours, pick(samples, way=way, n=count, test=test), "rate"))
                )
            rows.append(cells)
    return table(("ours over", "N", *TESTS.values()), rows)


def rates_table(results: dict[str, Any]) -> str:
    samples = pick(results["traffic"], source="outside")
    rows = []
    for way, name in {"process": "a process of the host", **WAYS}.items():
        for count in sorted({one["n"] for one in samples}):
            cells = [name, str(count)]
            for test in TESTS:
                rate = median(pick(samples, way=way, n=count, test=test), "rate")
                unit = 1e9 if test == "tcp_stream" else 1e3
                cells.append("--" if rate is None else f"{rate / unit:.1f}")
            rows.append(cells)
    units = [
        f"{name}, {'Gbit/s' if test == 'tcp_stream' else '1000/s'}" for test, name in TESTS.items()
    ]
    return table(("way", "N", *units), rows)


AT_MOST, AT_LEAST = "at most", "at least"


def targets_table(results: dict[str, Any]) -> str:
    """What was aimed at, what was measured, and whether it is enough."""
    goals = [*placing_goals(results), *module_goals(results), *traffic_goals(results)]
    rows = []
    for what, side, limit, values in goals:
        if not values:
            rows.append((what, f"{side} {limit}", "not measured", "--"))
            continue
        middle = statistics.median(values)
        met = middle <= limit if side == AT_MOST else middle >= limit
        rows.append((what, f"{side} {limit}", said(values), "yes" if met else "no"))
    return table(("what", "target", "measured (range)", "met"), rows)


Goal = tuple[str, str, float, list[float]]


def placing_goals(results: dict[str, Any]) -> Iterator[Goal]:
    samples = results["control"]
    many = max(one["n"] for one in samples)

    def some(case: str, method: str = "ours", count: int = many) -> Samples:
        return pick(samples, case=case, n=count, method=method)

    def against(case: str) -> list[float]:
        return ratios(some(case), some(case, "batched"), "seconds")

    placing, forked = some("place all"), pick(results["forked"], method="single")
    slower = ratios(forked, pick(results["forked"], method="batched"), "seconds")
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


def module_goals(results: dict[str, Any]) -> Iterator[Goal]:
    ports, startup = results["ports"], results["startup"]
    ping = pick(startup, case="ping")
    wide = ratios(pick(ports, ports=10000), pick(ports, ports=16), "seconds")
    yield "one container with 10,000 ports, over 16", AT_MOST, 2, wide
    for case, limit in (("argument error", 1.3), ("no-op", 1.8)):
        yield (
            f"{case}, over ping",
            AT_MOST,
            limit,
            ratios(pick(startup, case=case), ping, "seconds"),
        )


def traffic_goals(results: dict[str, Any]) -> Iterator[Goal]:
    samples = pick(results["traffic"], source="outside")
    samples = pick(samples, n=max((one["n"] for one in samples), default=0))

    def against(test: str, way: str) -> list[float]:
        ours, theirs = pick(samples, way="ours", test=test), pick(samples, way=way, test=test)
        return ratios(ours, theirs, "rate")

    for test, name in TESTS.items():
        limit = 0.95 if test == "tcp_stream" else 0.9
        yield f"{name}, over a host process", AT_LEAST, limit, against(test, "process")
    for test, least in (("tcp_connect", 10), ("udp_flood", 50)):
        yield (
            f"{TESTS[test]}, over NAT with a rule per range",
            AT_LEAST,
            least,
            against(test, "dnat"),
        )


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "about": about,
    "targets": targets_table,
    "control": control_table,
    "cpu": cpu_table,
    "second": second_table,
    "forked": forked_table,
    "ports": ports_table,
    "startup": startup_table,
    "rates": rates_table,
    "outside": traffic_table("outside"),
    "host": traffic_table("host"),
    "container": traffic_table("container"),
    "nat": nat_table,
}


# --- plots --------------------------------------------------------------------------------------


def save(figure: Any, file: Path) -> None:
    figure.savefig(file.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(file.with_suffix(".png"), dpi=110)
    plt.close(figure)


def draw_growth(samples: Samples, file: Path) -> None:
    """Time against N for every case; a dotted line grows as N does."""
    figure, axes = plt.subplots(2, 4, figsize=(13, 6), layout="constrained")
    for axis, case in zip(axes.flat, CASES):
        for method, name, colour in (
            ("ours", "this collection", "tab:blue"),
            ("batched", "ip and tc -batch", "tab:orange"),
        ):
            some = pick(samples, case=case, method=method)
            counts = sorted({one["n"] for one in some})
            middles = [median(pick(some, n=count), "seconds") for count in counts]
            axis.plot(counts, middles, "o-", label=name, color=colour)
            axis.plot(
                [one["n"] for one in some],
                [one["seconds"] for one in some],
                ".",
                color=colour,
                alpha=0.4,
            )
            if method == "ours" and "all" in case and middles[-1]:
                last = middles[-1]
                axis.plot(
                    counts,
                    [last * count / counts[-1] for count in counts],
                    ":",
                    color="grey",
                    label="proportional to N",
                )
        axis.set(title=case, xscale="log", yscale="log", xlabel="containers", ylabel="seconds")
        axis.grid(alpha=0.3)
    axes.flat[-1].axis("off")
    axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center")
    save(figure, file)


def draw_traffic(samples: Samples, file: Path) -> None:
    """Rates from outside, as shares of what a process of the host reaches."""
    figure, axes = plt.subplots(1, len(TESTS), figsize=(15, 3.6), layout="constrained")
    samples = pick(samples, source="outside")
    for axis, (test, title) in zip(axes, TESTS.items()):
        for way, name in WAYS.items():
            some = pick(samples, way=way, test=test)
            counts = sorted({one["n"] for one in some})
            shares = []
            for count in counts:
                process = pick(samples, way="process", n=count, test=test)
                shares.append(statistics.median(ratios(pick(some, n=count), process, "rate")))
            axis.plot(counts, shares, "o-", label=name)
        axis.axhline(1, color="grey", linestyle=":")
        axis.set(title=title, xscale="log", ylim=(0, None), xlabel="containers")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("share of a host process")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save(figure, file)


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), Path(sys.argv[3]))
