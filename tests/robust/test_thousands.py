# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""As many containers in one task as somebody has tried, with --thorough: some minutes."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from stage import Stage

COUNT = 2000
POOLS = {
    "ports": ["34000-35999"],
    "ephemeral_ports": "1024-33023",
    "ephemeral_ports_per_container": 16,
    "host_ephemeral_ports": "40000-60999",
}


@pytest.mark.thorough("2,000 containers take two minutes and much memory")
def test_two_thousand_are_placed_by_one_task_and_repaired_by_another(
    bare: Stage, thorough: bool
) -> None:
    if not thorough:
        pytest.skip("with --thorough")
    modules = replace(bare.modules, patience=3600)  # a machine may have other things to do
    modules.call("portmap_host", POOLS)
    listed = [{"name": f"c{n}", "ports": [str(34000 + n)]} for n in range(COUNT)]
    began = time.monotonic()
    placed = modules.call("portmap_container", {"containers": listed})
    print(f"{COUNT} containers were placed in {time.monotonic() - began:.0f} s")
    assert len(placed["containers"]) == COUNT
    modules.machine.shell("tc qdisc del dev eth0 clsact")
    assert modules.call("portmap_host", POOLS)["changed"]
    again = modules.call("portmap_container", {"containers": listed, "purge": True})
    assert not again["changed"]
