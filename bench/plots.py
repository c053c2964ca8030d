# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> pictures, as PNG and SVG."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from figures import Samples, counts, median, pick, ratios
from tables import CASES, ENGINES, TESTS, WAYS

# Lists have one colour, and dashes where the last of them is asked.
LOOKS = {
    "ours": ("tab:blue", "o-"),
    "linear": ("tab:green", "o-"),
    "linear last": ("tab:green", "o--"),
    "dnat": ("tab:red", "o-"),
    "dnat last": ("tab:red", "o--"),
    "nft map": ("tab:purple", "o-"),
    "pasta": ("tab:brown", "D"),
    "docker": ("tab:red", "o-"),
    "docker without proxies": ("tab:orange", "o"),
    "podman": ("tab:purple", "o-"),
}


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
            many = counts(some)
            middles = [median(pick(some, n=count), "seconds") for count in many]
            axis.plot(many, middles, "o-", label=name, color=colour)
            singles = [(one["n"], one["seconds"]) for one in some]
            axis.plot(*zip(*singles), ".", color=colour, alpha=0.4) if singles else None
            if method == "ours" and "all" in case and many:
                last = middles[-1] or 0
                proportional = [last * count / many[-1] for count in many]
                axis.plot(many, proportional, ":", color="grey", label="proportional to N")
        axis.set(title=case, xscale="log", yscale="log", xlabel="containers", ylabel="seconds")
        axis.grid(alpha=0.3)
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
        axis.set(title=title, xscale="log", ylim=(0, None), xlabel="containers")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("share of a host process")
    # Not every way is asked everything.
    labels = {name: line for axis in axes for line, name in zip(*axis.get_legend_handles_labels())}
    figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=4)
    save(figure, file)


def draw_engines(samples: Samples, file: Path) -> None:
    """One container with many ports: time, processes, and memory; a cross is where it stopped."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    scales = {"seconds": 1, "processes": 1, "memory": 2**20}
    titles = ("time, seconds", "processes", "memory, kernel and processes, MiB")
    for axis, (key, scale), title in zip(axes, scales.items(), titles):
        for engine, name in ENGINES.items():
            some = pick(samples, engine=engine, case="ports")
            memory = [one | {"memory": one["pss"] + one["kernel_memory"]} for one in some]
            colour, style = LOOKS[engine]
            finished = [one for one in memory if not one["stopped"]]
            many = counts(finished)
            middles = [(median(pick(finished, n=count), key) or 0) / scale for count in many]
            axis.plot(many, middles, style, label=name, color=colour)
            for one in memory:
                if one["stopped"]:
                    axis.plot(one["n"], one[key] / scale, "x", color=colour, markersize=10)
        # Memory of a busy machine may shrink meanwhile.
        axis.set(title=title, xscale="log", xlabel="ports of one container")
        axis.set_yscale("log" if key == "seconds" else "symlog", **(linear_up_to(key)))
        axis.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save(figure, file)


def linear_up_to(key: str) -> dict[str, float]:
    return {} if key == "seconds" else {"linthresh": 1}
