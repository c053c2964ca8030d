# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example in the documentation of a module works, as it stands, on a real host."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from documentation import MODULES, ROOT, modules
from lab.pools import DOCUMENTED
from playing import Desk

# What a reader of the examples has done before.
PREPARED = {"name": "Prepare the host", "netiso.portmap.portmap_host": DOCUMENTED}
PLACED = {
    "name": "Place containers",
    "netiso.portmap.portmap_container": {
        "containers": [
            {"name": "web", "ports": ["31000-31007"]},
            {"name": "db", "ports": ["31100-31103"]},
        ]
    },
}
BEFORE: dict[str, list[dict[str, Any]]] = {
    "portmap_host": [],
    "portmap_container": [PREPARED],
    "portmap_ranges": [PREPARED, PLACED],
    "portmap_info": [PREPARED, PLACED],
    "portmap_guard": [PREPARED, PLACED],
}
# It needs systemd at work, which a lab has not: molecule/workloads plays its examples.
ON_WHOLE_MACHINES = {"portmap_workload"}


@pytest.mark.parametrize("name", sorted(BEFORE))
def test_examples_work(name: str, desk: Desk) -> None:
    examples = yaml.safe_load(modules()[name]["examples"])
    assert len(examples) >= 2
    said = desk.do(*BEFORE[name], *examples)
    done = re.search(r"^node1 +: ok=(\d+) .* failed=0 .* skipped=0", said, re.MULTILINE)
    assert done, said
    assert int(done[1]) == len(BEFORE[name]) + len(examples)


def test_the_example_of_a_check_fails_on_a_host_that_is_not_prepared(desk: Desk) -> None:
    """As after a boot; what is wrong is said, and what repairs it."""
    examples = yaml.safe_load(modules()["portmap_info"]["examples"])
    with pytest.raises(AssertionError, match=r"(?s)FAILED!.*kind: not_prepared.*repair: ansible"):
        desk.do(*examples)


def test_the_examples_of_every_module_are_tried() -> None:
    assert sorted(BEFORE.keys() | ON_WHOLE_MACHINES) == MODULES
    follow = (ROOT / "molecule/workloads/follow").read_text()
    assert all(f"netiso.portmap.{name}" in follow for name in ON_WHOLE_MACHINES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_full_names_and_have_names(name: str) -> None:
    for task in yaml.safe_load(modules()[name]["examples"]):
        assert "name" in task
    assert f"netiso.portmap.{name}:" in modules()[name]["examples"]
