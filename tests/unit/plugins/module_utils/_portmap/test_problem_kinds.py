# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs look at kinds of problems: those that there are, and those that are documented, are the same."""

from __future__ import annotations

import re
from pathlib import Path

PLUGINS = Path(__file__).resolve().parents[5] / "plugins"
FILES = PLUGINS / "module_utils" / "_portmap" / "decide" / "problems"

KINDS = {
    "addresses",
    "bridge_mac",
    "dead_process",
    "drift",
    "earlier_filter",
    "foreign_port",
    "guard_detached",
    "host_listener",
    "host_range",
    "nat",
    "neighbours",
    "not_following",
    "not_prepared",
    "offloads",
    "plain_ingress",
    "replaced_namespace",
    "route",
    "taken_port",
    "unmanaged",
    "workload",
}


def test_no_kind_is_renamed():
    found = {re.search(r'^KIND = "(\w+)"$', path.read_text(), re.M) for path in FILES.iterdir()}
    assert {one[1] for one in found if one} == KINDS


def test_a_kind_is_documented():
    text = (PLUGINS / "modules" / "portmap_info.py").read_text()
    described = (
        text.split("\nproblems:\n")[1].split("    kind:\n")[1].split("      type: str\n")[0]
    )
    assert set(re.findall(r"V\((\w+)\)", described)) == KINDS
