# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmap_info says of a workload."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.problems import (
    workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight.processes_seen import (
    WorkloadSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import Unit
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.files import (
    Label,
)

HERE, ELSEWHERE = 4026531840, 4026539999
DROP_IN = "/etc/systemd/system/run-netns-web.mount.d/50-portmap-site.conf"
UP = Unit("loaded", "active", 7, False, "/etc/systemd/system/site.service", "success", "0", 0)
SEEN = WorkloadSeen(
    {DROP_IN: ""}, Label("site", "web", "systemd", "site.service"), UP, frozenset({HERE})
)


def told(seen, inodes):
    return list(workload.problems([("site", seen)], inodes))


def test_a_workload_that_serves_is_no_problem():
    assert told(SEEN, {"web": HERE}) == []


def test_one_in_another_namespace_is_deaf():
    (found,) = told(SEEN._replace(spaces=frozenset({ELSEWHERE})), {"web": HERE})
    assert (found.kind, found.containers) == ("workload", ("web",))
    assert found.description.startswith("workload site sits in another network namespace")
    assert found.repair == "systemctl restart site.service"


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (
            UP._replace(active="failed", result="signal"),
            "does not run: site.service is failed (signal)",
        ),
        (UP._replace(active="inactive"), "does not run: site.service is inactive (success)"),
        (
            UP._replace(active="activating", restarts=3, result="exit-code", status="1"),
            "ends and is started again by systemd, 3 times, the last time with exit-code 1",
        ),
        (
            UP._replace(active="activating", restarts=2),
            "does not run: site.service is activating (success)",
        ),
    ],
)
def test_one_that_does_not_run_is_told_with_how_it_ended(unit, said):
    (found,) = told(SEEN._replace(unit=unit, spaces=frozenset()), {"web": HERE})
    assert said in found.description


@pytest.mark.parametrize("active", ["active", "activating"])
def test_three_restarts_in_a_minute_are_told_though_it_runs_at_the_moment(active):
    often = SEEN._replace(unit=UP._replace(active=active), restarts=3)
    (found,) = told(often, {"web": HERE})
    assert "workload site ends again and again: systemd started it 3 times" in found.description
    assert told(SEEN._replace(restarts=2), {"web": HERE}) == []


def test_one_that_is_stopped_or_has_no_container_is_no_problem():
    down = SEEN._replace(unit=UP._replace(active="inactive"), spaces=frozenset())
    assert told(down._replace(files={}), {"web": HERE}) == []
    assert told(down, {}) == []


@pytest.mark.parametrize(
    ("unit", "problems"),
    [
        (UP._replace(active="inactive"), 0),
        (UP._replace(active="inactive", result="exit-code"), 1),
        (UP._replace(active="failed", result="exit-code"), 1),
    ],
)
def test_one_that_may_end_is_a_problem_only_when_it_failed(unit, problems):
    """Its mount wants it once, and does not uphold it: restart_policy says so."""
    ended = SEEN._replace(
        files={DROP_IN: "[Unit]\nWants=site.service\n"}, unit=unit, spaces=frozenset()
    )
    assert len(told(ended, {"web": HERE})) == problems
    upheld = ended._replace(files={DROP_IN: "[Unit]\nUpholds=site.service\n"})
    assert len(told(upheld, {"web": HERE})) == 1
