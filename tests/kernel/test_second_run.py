# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The second run of everything changes nothing and asks the kernel to change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import state, trace
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import POOLS
from scene import inventory

STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "host": ("portmap_host", POOLS),
    "host with everything": (
        "portmap_host",
        {
            **POOLS,
            "public_interface": "eth0",
            "loopback_interface": "lo",
            "host_ephemeral_ports": "40000-49999",
            "rp_filter": "relax",
        },
    ),
    "container": ("portmap_container", {"name": "one", "ports": ["31200-31299", "31400"]}),
    "container without ports": ("portmap_container", {"name": "one"}),
    "container in a namespace that was there": (
        "portmap_container",
        {"name": "two", "netns": "theirs", "ports": ["31300"]},
    ),
    "containers": ("portmap_container", {"containers": inventory()}),
    "purge": ("portmap_container", {"containers": inventory(), "purge": True}),
    "ranges present": ("portmap_ranges", {"container": "web", "ports": ["31050-31060"]}),
    "ranges absent": (
        "portmap_ranges",
        {"container": "web", "ports": ["31001"], "state": "absent"},
    ),
    "ranges exact": (
        "portmap_ranges",
        {"container": "web", "ports": ["31001-31005"], "state": "exact"},
    ),
    "container absent": ("portmap_container", {"name": "web", "state": "absent"}),
    "purge of all": ("portmap_container", {"containers": [], "purge": True}),
    "host absent": ("portmap_host", {"state": "absent"}),
}


@pytest.fixture
def crowded(lab: Lab, prepared: Modules) -> Modules:
    """A host with containers, ready for any of the steps."""
    lab.host.run("ip", "netns", "add", "theirs")
    prepared.container(containers=inventory())
    return prepared


@pytest.mark.parametrize("step", STEPS)
def test_a_second_run_writes_nothing(
    lab: Lab, crowded: Modules, tmp_path: Path, step: str
) -> None:
    module, parameters = STEPS[step]
    if step == "host absent":
        crowded.container(containers=[], purge=True)
    crowded.call(module, parameters)
    before = state.of(lab.host)
    traced = trace.run(crowded, module, tmp_path / "trace", **parameters)
    assert not traced.result["changed"]
    assert traced.result.get("changes", []) == []
    assert traced.reads, "the trace saw no request at all: it cannot tell that there was no write"
    assert traced.writes == []
    assert traced.files == []
    assert state.difference(before, state.of(lab.host)) == ""


def test_the_diff_of_a_second_run_shows_nothing_of_what_others_set(
    lab: Lab, prepared: Modules
) -> None:
    """A process may have given its namespace parameters that the host has otherwise."""
    with lab.host.tenant() as process:
        given = {"name": "loner", "pid": process.pid, "ports": ["31300"]}
        prepared.container(**given)
        again = prepared.differing().container(**given)
    assert again["changes"] == []
    assert again["diff"]["before"] == again["diff"]["after"]


@pytest.mark.smoke
def test_a_first_run_is_seen_to_write(prepared: Modules, tmp_path: Path) -> None:
    """So that the silence of the second run means something."""
    module, parameters = STEPS["containers"]
    traced = trace.run(prepared, module, tmp_path / "trace", **parameters)
    assert traced.result["changed"]
    assert len(traced.writes) > 100
    assert traced.files != []


def test_info_writes_nothing(crowded: Modules, tmp_path: Path) -> None:
    traced = trace.run(crowded, "portmap_info", tmp_path / "trace")
    assert (traced.writes, traced.files) == ([], [])
