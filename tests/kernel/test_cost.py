# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The price of one container does not depend on how many others there are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lab import machines, trace
from lab.modules import Modules

COUNTS = (1, 100, 1000)
POOLS = {
    "ports": ["31000-36000"],
    "ephemeral_ports": "2048-29999",
    "ephemeral_ports_per_container": 16,
    "host_ephemeral_ports": "40000-60999",
}


class Price(NamedTuple):
    """What a step asks of the kernel."""

    writes: dict[int, int]
    reads: int


def others(count: int) -> list[dict[str, Any]]:
    """Containers with two ports each, in the upper part of the pool."""
    return [{"name": f"o{n}", "ports": [f"{31500 + 4 * n}-{31501 + 4 * n}"]} for n in range(count)]


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "place": ("portmap_container", {"name": "one", "ports": ["31000-31099"]}),
    "place again": ("portmap_container", {"name": "one", "ports": ["31000-31099"]}),
    "add ports": ("portmap_ranges", {"container": "one", "ports": ["31100-31131"]}),
    "take ports away": (
        "portmap_ranges",
        {"container": "one", "ports": ["31000"], "state": "absent"},
    ),
    "remove": ("portmap_container", {"name": "one", "state": "absent"}),
}


def prices(count: int, folder: Path) -> dict[str, Price]:
    """The price of each step on a host with `count` other containers."""
    found = {}
    with machines.lab() as lab:
        modules = Modules(lab.host)
        modules.host(**POOLS)
        modules.container(containers=others(count))
        for step, (module, parameters) in STEPS.items():
            log = folder / f"{count}-{step.replace(' ', '-')}"
            traced = trace.run(modules, module, log, **parameters)
            found[step] = Price(dict(Counter(traced.writes)), len(traced.reads))
    return found


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Price]]:
    folder = tmp_path_factory.mktemp("prices")
    return {count: prices(count, folder) for count in COUNTS}


@pytest.mark.parametrize("count", COUNTS[1:])
@pytest.mark.parametrize("step", STEPS)
def test_the_requests_for_one_do_not_grow_with_the_others(
    measured: dict[int, dict[str, Price]], step: str, count: int
) -> None:
    assert measured[count][step] == measured[1][step]
