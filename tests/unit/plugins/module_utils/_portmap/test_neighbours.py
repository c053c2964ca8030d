# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of neighbours that a whole machine shares: when it is told, and who is named."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.problems import (
    neighbours,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.neighbours import Table


@pytest.mark.parametrize(
    ("table", "asked"),
    [(Table(511, 512, 1024), False), (Table(512, 512, 1024), True), (Table(0, 0, 0), False)],
)
def test_namespaces_are_asked_only_when_the_kernel_is_under_pressure(table, asked):
    assert neighbours.is_pressed(table) is asked


def test_the_containers_that_have_most_of_it_are_named_with_the_bound():
    held = {"db": 12, "web": 900, "api": 103}
    (found,) = neighbours.problems(Table(1024, 512, 1024), 7, held)
    assert found.containers == ("api", "web")
    assert "has 1024 entries, and there is room for 1024: the host has 7," in found.description
    assert "container web has 900 entries, container api has 103 entries;" in found.description
    there = "net.ipv4.neigh.default.gc_thresh"
    assert found.repair == f"sysctl -w {there}3=4096 {there}2=2048"


def test_many_small_ones_are_nobody_s_fault():
    held = {f"c{number}": 5 for number in range(100)}
    (found,) = neighbours.problems(Table(600, 512, 1024), 100, held)
    assert found.containers == ()
    assert "the host has 100, no container has many" in found.description


def test_entries_that_never_go_are_not_counted():
    """A host that has thousands of its own making, or another namespace of the machine."""
    assert neighbours.problems(Table(5000, 512, 1024), 7, {"web": 3}) == []
