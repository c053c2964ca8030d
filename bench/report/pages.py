# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from results import Results

from . import costs, guards, limits, many_hosts, origin, packets, placing, targets

HERE = Path(__file__).parent

PICTURES = {
    "control": "Time against the number of containers, for each case",
    "traffic": "Rates from outside as shares of what a process of the host reaches, against N",
    "engines": "Time, processes and memory against the number of ports that one container publishes",
}


def picture(name: str) -> Callable[[Results], str]:
    def made(results: Results) -> str:
        directive = f".. image:: /pictures/performance-{name}.svg\n   :alt: {PICTURES[name]}"
        return directive if results.samples[name] else ""

    return made


# What stands between two @ in a page.
TEXTS: dict[str, Callable[[Results], str]] = {
    "about": origin.about,
    "parts": origin.parts_table,
    "targets": targets.targets_table,
    "nftables": targets.nftables_text,
    "control": placing.control_table,
    "cpu": placing.cpu_table,
    "second": placing.second_table,
    "info": placing.info_table,
    "forked": placing.forked_text,
    "objects": placing.objects_text,
    "ports": placing.ports_table,
    "startup": costs.startup_table,
    "engines": costs.engines_table,
    "left_out": costs.left_out_text,
    "memory": costs.memory_table,
    "guard": guards.cost_table,
    "short": guards.short_table,
    "limits": limits.rates_table,
    "waiting": limits.waiting_table,
    "shares": limits.shares_table,
    "unlimited": limits.unlimited_text,
    "metrics": limits.metrics_table,
    "rates": packets.rates_table,
    "outside": packets.shares_table("outside", "process"),
    "host": packets.shares_table("host", "process"),
    "container": packets.shares_table("container", "ours"),
    "times": packets.times_table,
    **{f"picture_{name}": picture(name) for name in PICTURES},
    **many_hosts.TEXTS,
}


def written(results: Results) -> dict[str, str]:
    """Each page's text by its name.  Every figure is made from samples: the templates have none."""
    return {
        page.name: re.sub(
            "@([a-z0-9_]+)@", lambda found: TEXTS[found[1]](results), page.read_text()
        )
        for page in HERE.glob("*.rst")
    }
