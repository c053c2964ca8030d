# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> pictures."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from results import Results

from .figures import Samples, counts, median, pick, ratios
from .names import CASES, ENGINES, TESTS, WAYS

matplotlib.rcParams["svg.hashsalt"] = "portmap"  # the same samples make the same bytes

# Lists have one colour, and dashes where the last of them is asked.
LOOKS = {
    "ours": ("tab:blue", "o-"),
    "linear": ("tab:green", "o-"),
    "linear last": ("tab:green", "o--"),
    "dnat": ("tab:red", "o-"),
    "dnat last": ("tab:red", "o--"),
    "dnat by port last": ("tab:orange", "o--"),
    "nft map": ("tab:purple", "o-"),
    "pasta": ("tab:brown", "D"),
    "docker": ("tab:red", "o-"),
    "docker without proxies": ("tab:orange", "o"),
    "podman": ("tab:purple", "o-"),
}


def save(figure: Any, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def plain(axis: Any) -> None:
    """Numbers as people write them, on an axis whose scale is not linear."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_formatter(NullFormatter())


def by_containers(axis: Any, many: list[int]) -> None:
    axis.set_xscale("log")
    axis.set_xticks(many, [f"{count:,}" for count in many])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(alpha=0.3)


def draw_growth(samples: Samples, file: Path) -> None:
    """Time against N for every case; a dotted line grows as N does."""
    figure, axes = plt.subplots(2, 4, figsize=(13, 6), layout="constrained")
    for axis, case in zip(axes.flat, CASES):
        for method, name, colour in (
            ("ours", "this collection", "tab:blue"),
            ("batched", "ip and tc -batch", "tab:orange"),
        ):
            some = pick(samples, case=case, method=method)
            many = counts(some)
            middles = [median(pick(some, n=count), "seconds") for count in many]
            axis.plot(many, middles, "o-", label=name, color=colour)
            singles = [(one["n"], one["seconds"]) for one in some]
            axis.plot(*zip(*singles), ".", color=colour, alpha=0.4) if singles else None
            if method == "ours" and "all" in case and many:
                last = middles[-1] or 0
                proportional = [last * count / many[-1] for count in many]
                axis.plot(many, proportional, ":", color="grey", label="proportional to N")
        axis.set(title=case, yscale="log", xlabel="containers", ylabel="seconds")
        by_containers(axis, counts(samples))
        plain(axis.yaxis)
    axes.flat[-1].axis("off")
    axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center")
    save(figure, file)


def draw_traffic(samples: Samples, file: Path) -> None:
    """Rates from outside, as shares of what a process of the host reaches."""
    figure, axes = plt.subplots(1, len(TESTS), figsize=(15, 4), layout="constrained")
    samples = pick(samples, source="outside")
    for axis, (test, title) in zip(axes, TESTS.items()):
        for way, name in WAYS.items():
            some = pick(samples, way=way, test=test)
            points = []
            for count in counts(some):
                process = pick(samples, way="process", n=count, test=test)
                shares = ratios(pick(some, n=count), process, "rate")
                points += [(count, statistics.median(shares))] if shares else []
            colour, style = LOOKS[way]
            if points:
                axis.plot(*zip(*points), style, label=name, color=colour)
        axis.axhline(1, color="grey", linestyle=":")
        axis.set(title=title, ylim=(0, None), xlabel="containers")
        by_containers(axis, counts(samples))
    axes[0].set_ylabel("share of a host process")
    # Not every way is asked everything.
    labels = {name: line for axis in axes for line, name in zip(*axis.get_legend_handles_labels())}
    figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=4)
    save(figure, file)


def draw_engines(samples: Samples, file: Path) -> None:
    """One container with many ports: time, processes, and memory; a cross is where it stopped."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    samples = [
        {**one, "memory": (one["pss"] + one["kernel_memory"]) / 2**20}
        for one in samples
        if one.get("case") == "ports"
    ]
    titles = {"seconds": "seconds", "processes": "processes", "memory": "MiB of memory"}
    for axis, (key, title) in zip(axes, titles.items()):
        for engine, name in ENGINES.items():
            some = pick(samples, engine=engine)
            colour, style = LOOKS[engine]
            finished = pick(some, stopped="")
            many = counts(finished)
            middles = [median(pick(finished, n=count), key) for count in many]
            if many:
                axis.plot(many, middles, style, label=name, color=colour)
            for one in some:
                if one["stopped"]:
                    axis.plot(one["n"], one[key], "x", color=colour, markersize=10)
        axis.set(title=title, xlabel="ports of one container")
        by_containers(axis, counts(samples))
        if key == "seconds":
            axis.set_yscale("log")
            plain(axis.yaxis)
        else:  # there may be none
            axis.set_yscale("symlog", linthresh=1)
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
            axis.set_ylim(0, 2 * max(1, *(one[key] for one in samples)))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save(figure, file)


def draw(results: Results, folder: Path) -> None:
    drawers = {"control": draw_growth, "traffic": draw_traffic, "engines": draw_engines}
    for part, drawer in drawers.items():
        if results.samples[part]:
            drawer(results.samples[part], folder / f"performance-{part}.svg")
