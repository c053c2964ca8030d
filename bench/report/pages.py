# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> pictures and pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from results import Results

from . import many_hosts, plots, tables, targets

HERE = Path(__file__).parent

PICTURES = {
    "control": (plots.draw_growth, "Time against the number of containers, for each case"),
    "traffic": (
        plots.draw_traffic,
        "Rates from outside as shares of what a process of the host reaches, against N",
    ),
    "engines": (
        plots.draw_engines,
        "Time, processes and memory against the number of ports that one container publishes",
    ),
}

Texts = Mapping[str, Callable[[Results], str]]


def write(results: Results, pictures: Path, pages: Path) -> None:
    """Every figure of a page is made from samples: the texts have none."""
    for name, (draw, _) in PICTURES.items():
        if results.samples[name]:
            draw(results.samples[name], pictures / f"performance-{name}")
    here: dict[str, Callable[[Results], str]] = {
        "targets": targets.targets_table,
        "nftables": targets.nftables_text,
        **{f"picture_{name}": picture(name) for name in PICTURES},
    }
    texts = {**tables.PERFORMANCE, **here}
    (pages / "guide_performance.rst").write_text(filled("performance.rst", texts, results))
    fleet = {**many_hosts.TEXTS, "parts": tables.parts_table}
    (pages / "guide_fleet.rst").write_text(filled("fleet.rst", fleet, results))


def picture(name: str) -> Callable[[Results], str]:
    _, words = PICTURES[name]

    def made(results: Results) -> str:
        directive = f".. image:: /pictures/performance-{name}.svg\n   :alt: {words}"
        return directive if results.samples[name] else ""

    return made


def filled(template: str, texts: Texts, results: Results) -> str:
    text = (HERE / template).read_text()
    for name, make in texts.items():
        if f"@{name}@" in text:
            text = text.replace(f"@{name}@", make(results))
    return text
