# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> pictures and pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import many_hosts, plots, tables, targets

HERE = Path(__file__).parent
PARTS = ("startup", "ports", "forked", "control", "traffic", "memory", "fleet", "engines")

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

Texts = Mapping[str, Callable[[dict[str, Any]], str]]


def write(results: dict[str, Any], pictures: Path, pages: Path) -> None:
    """Every figure of a page is made from samples: the texts have none."""
    results = {**{part: [] for part in PARTS}, **results}
    for name, (draw, _) in PICTURES.items():
        if results[name]:
            draw(results[name], pictures / f"performance-{name}")
    here: dict[str, Callable[[dict[str, Any]], str]] = {
        "targets": targets.targets_table,
        "nftables": targets.nftables_text,
        **{f"picture_{name}": picture(name) for name in PICTURES},
    }
    texts = {**tables.PERFORMANCE, **here}
    (pages / "guide_performance.rst").write_text(filled("performance.rst", texts, results))
    fleet = {**many_hosts.TEXTS, "parts": tables.parts_table}
    (pages / "guide_fleet.rst").write_text(filled("fleet.rst", fleet, results))


def picture(name: str) -> Callable[[dict[str, Any]], str]:
    _, words = PICTURES[name]

    def made(results: dict[str, Any]) -> str:
        directive = f".. image:: /pictures/performance-{name}.svg\n   :alt: {words}"
        return directive if results[name] else ""

    return made


def filled(template: str, texts: Texts, results: dict[str, Any]) -> str:
    text = (HERE / template).read_text()
    for name, make in texts.items():
        if f"@{name}@" in text:
            text = text.replace(f"@{name}@", make(results))
    return text
