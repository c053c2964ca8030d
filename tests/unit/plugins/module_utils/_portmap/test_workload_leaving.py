# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of workloads that leave."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    workload_leaving as leaving,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    workloads as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight.processes_seen import (
    WorkloadSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    ABSENT,
    STOPPED,
    Unit,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import files
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.setting import (
    Setting,
)

SETTING = Setting("/run/netns/web", {"PORT": "31000"}, 252)
BOUND = Workload("site", "web", unit="nginx.service", join=True)
UP = Unit("loaded", "active", 7, False, "/lib/nginx.service", "success", "0", 0, enabled=True)


def seen(workload=BOUND, unit=UP, process="nginx (pid 7)"):
    texts = {file.path: file.text for file in files.files(workload, SETTING)}
    label = files.read_label(next(iter(texts.values())))
    return WorkloadSeen(texts, label, unit, frozenset({1}), process=process)


def course(workload, found):
    return decide.course(workload, found, decide.Home(SETTING, 1), False)


def warned(found, state=ABSENT):
    gone = Workload("site", "web", state, unit="nginx.service" if state != ABSENT else "")
    return leaving.warnings([course(gone, found)], {"site": found})


def test_a_service_that_the_host_starts_without_its_workload_is_told():
    (said,) = warned(seen())
    assert said.startswith(
        "nginx.service is enabled: without the workload site the host starts it"
    )
    assert said.endswith("systemctl disable nginx.service")


@pytest.mark.parametrize(
    "found",
    [
        seen(unit=UP._replace(enabled=False)),
        seen(Workload("site", "web", command=("/bin/a",))),
        WorkloadSeen({}, None, UP, frozenset()),
    ],
    ids=["not enabled", "a unit of ours", "gone already"],
)
def test_others_are_not(found):
    assert warned(found) == []


def test_one_that_is_stopped_stays_bound():
    assert warned(seen(), STOPPED) == []


def test_a_removal_says_first_which_process_ends_by_it():
    gone = Workload("site", "web", ABSENT)
    assert course(gone, seen()).why == "removed, with nginx (pid 7)"
    assert course(gone, seen(unit=UP._replace(active="failed"), process="")).why == "removed"


def test_only_what_is_removed_is_looked_at_again():
    gone = course(Workload("site", "web", ABSENT), seen())
    assert leaving.stopped([gone, course(BOUND._replace(state=STOPPED), seen())]) == [gone]


def test_what_runs_on_is_told_before_its_files_go():
    gone = course(Workload("site", "web", ABSENT), seen())
    assert leaving.left(gone, UP, "nginx (pid 7)", "Operation refused") == (
        "cannot remove site: nginx.service is still active, with nginx (pid 7): Operation refused;"
        " stop it, and run the task again"
    )
    assert leaving.left(gone, UP._replace(active="failed"), "", "") == ""
    stuck = leaving.left(gone, UP._replace(active="deactivating"), "", "")
    assert "is still deactivating; stop it" in stuck
