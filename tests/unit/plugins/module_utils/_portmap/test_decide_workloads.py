# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done about a workload, by how it was seen."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    workloads as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.workloads import Home
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight.processes_seen import (
    FileSeen,
    WorkloadSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    ABSENT,
    STOPPED,
    Unit,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import files
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.files import (
    Label,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.setting import (
    Setting,
)

HERE, ELSEWHERE = 4026531840, 4026539999
ENV = "/etc/netiso-workloads/web.env"
UNIT = "/etc/systemd/system/web.service"
DROP_IN = "/etc/systemd/system/run-netns-web.mount.d/50-portmap-web.conf"
WEB = Workload("web", "web", command=("/bin/httpd", "-p", "${PORT}"))
SETTING = Setting("/run/netns/web", {"PORT": "31000", "PORTS": "31000-31007"}, 252)
HOME = Home(SETTING, HERE)
LABEL = Label("web", "web", "systemd", "web.service")
UP = Unit("loaded", "active", 7, False, UNIT, "success", "0", 0)
DOWN = UP._replace(active="inactive", main=0)
UNKNOWN = Unit("not-found", "inactive", 0, False, "", "success", "0", 0)


def on_disk(workload=WEB, setting=SETTING):
    found = files.files(decide.filled_in(workload, setting), setting)
    return {file.path: file.text for file in found}


NOTHING = WorkloadSeen({}, None, UNKNOWN, frozenset())
RUNNING = WorkloadSeen(on_disk(), LABEL, UP, frozenset({HERE}))


def decided(workload=WEB, seen=RUNNING, home=HOME, owed=False):
    return decide.course(workload, seen, home, owed)


def paths(written):
    return [file.path for file in written]


def test_a_new_workload_is_written_and_started():
    found = decided(seen=NOTHING)
    assert (paths(found.write), found.act, found.reload) == ([ENV, UNIT, DROP_IN], "start", True)
    assert decide.changes([found]) == [
        "web: started in container web",
        f"write {ENV}",
        f"write {UNIT}",
        f"write {DROP_IN}",
        "reload systemd",
        "start web.service",
    ]


def test_what_runs_as_it_shall_is_left_alone():
    assert not decided().changes
    assert decide.changes([decided()]) == []
    assert (
        decide.diff([decided()], {"web": RUNNING})[0]
        == decide.diff([decided()], {"web": RUNNING})[1]
    )


def test_what_has_ended_is_started():
    found = decided(seen=RUNNING._replace(unit=DOWN, spaces=frozenset()))
    assert (found.act, found.write, found.reload) == ("start", (), False)


def test_changed_ports_restart_it_once_and_are_named():
    more = Setting("/run/netns/web", {**SETTING.environment, "PORTS": "31000-31015"}, 252)
    found = decided(home=Home(more, HERE))
    assert (paths(found.write), found.act, found.reload) == ([ENV], "restart", False)
    assert found.why == "restarted: its environment changed (PORTS)"


def test_a_changed_command_restarts_it():
    found = decided(WEB._replace(command=("/bin/httpd", "-v")))
    assert (paths(found.write), found.act, found.reload) == ([UNIT], "restart", True)
    assert found.why == "restarted: its unit changed"


def test_restart_false_lets_it_run_on():
    found = decided(WEB._replace(command=("/bin/httpd", "-v"), restart=False))
    assert (paths(found.write), found.act) == ([UNIT], "")
    assert found.why == "not restarted: its unit changed"


@pytest.mark.parametrize("restart", [True, False])
def test_what_sits_in_a_dead_namespace_is_restarted_whatever_is_asked(restart):
    deaf = RUNNING._replace(spaces=frozenset({ELSEWHERE}))
    found = decided(WEB._replace(restart=restart), deaf)
    assert found.act == "restart"
    assert found.why == "restarted: it sat in another network namespace than its container's"


def test_what_has_no_process_is_not_called_deaf():
    assert not decided(seen=RUNNING._replace(spaces=frozenset())).changes


def test_a_restart_that_a_killed_run_owed_is_made_up_for():
    found = decided(owed=True)
    assert (found.act, found.write) == ("restart", ())
    assert found.why == "restarted: an earlier run was cut short"


def test_a_unit_that_systemd_has_not_read_again_is_read_again():
    seen = RUNNING._replace(unit=DOWN._replace(stale=True))
    assert decided(seen=seen).reload


def test_a_stopped_one_loses_what_starts_it_before_it_is_stopped():
    found = decided(WEB._replace(state=STOPPED))
    assert (found.let_go, found.act, found.write) == ((DROP_IN,), "stop", ())
    assert decide.changes([found]) == [
        "web: stopped",
        f"remove {DROP_IN}",
        "reload systemd",
        "stop web.service",
    ]


def test_a_stopped_one_can_be_stopped_without_its_container():
    found = decided(WEB._replace(state=STOPPED), home=None)
    assert (found.let_go, found.act, found.write) == ((DROP_IN,), "stop", ())
    assert not decided(WEB._replace(state=STOPPED), NOTHING, None).changes


def test_what_is_stopped_and_shall_be_is_left_alone():
    have = {path: text for path, text in on_disk().items() if path != DROP_IN}
    seen = WorkloadSeen(have, LABEL, DOWN, frozenset())
    assert not decided(WEB._replace(state=STOPPED), seen).changes


def test_an_absent_one_is_stopped_before_its_unit_goes():
    found = decided(Workload("web", "web", ABSENT), home=None)
    assert (found.let_go, found.act, found.remove) == ((DROP_IN,), "stop", (ENV, UNIT))
    assert decide.changes([found]) == [
        "web: removed",
        f"remove {DROP_IN}",
        "reload systemd",
        "stop web.service",
        f"remove {ENV}",
        f"remove {UNIT}",
        "reload systemd",
    ]


def test_a_stranger_s_unit_of_the_same_name_is_not_stopped():
    seen = WorkloadSeen(
        {}, None, UP._replace(path="/lib/systemd/system/web.service"), frozenset({1})
    )
    assert not decided(Workload("web", "web", ABSENT), seen, None).changes
    assert decided(WEB._replace(state=STOPPED), seen, None).act == ""


def test_what_was_bound_is_unbound_by_the_name_of_the_workload_alone():
    bound = Workload("web", "web", unit="nginx.service")
    label = LABEL._replace(unit="nginx.service")
    seen = WorkloadSeen(on_disk(bound), label, UP, frozenset({HERE}))
    assert decided(Workload("web", "web", ABSENT), seen, None).unit == "nginx.service"


def test_another_container_leaves_no_drop_in_on_the_mount_of_the_first():
    moved = Setting("/run/netns/db", SETTING.environment, 252)
    found = decided(WEB._replace(container="db"), home=Home(moved, ELSEWHERE))
    assert found.let_go == (DROP_IN,)
    assert found.write[-1].path == DROP_IN.replace("netns-web", "netns-db")
    assert found.act == "restart"


def test_purging_asks_for_the_absence_of_all_others():
    found = {UNIT: FileSeen(LABEL, ""), "/x": FileSeen(None, ""), ENV: FileSeen(LABEL, "")}
    other = Workload("db", "db")
    assert decide.purging([other], found) == [other, Workload("web", "web", ABSENT)]
    assert decide.purging([WEB], found) == [WEB]


def test_workloads_that_run_are_counted_by_what_runs_them_and_by_their_roots():
    podman = RUNNING._replace(label=LABEL._replace(engine="podman"), own_root=True)
    bound = RUNNING._replace(
        files=on_disk(Workload("web", "web", unit="web.service")), own_root=True
    )
    assert decide.counted([RUNNING, RUNNING, podman, bound, RUNNING._replace(unit=DOWN)]) == {
        "systemd": 2,
        "nspawn": 0,
        "podman": 1,
        "docker": 0,
        "oci": 0,
        "unit": 1,
        "own_root": 2,
    }
    assert set(decide.counted([]).values()) == {0}


# --- what is in the way ---------------------------------------------------------------------------


def refused(workload, seen, found):
    with pytest.raises(InvalidRequest) as error:
        decide.check_seen(workload, seen, found, decided(workload, seen).wanted)
    return str(error.value)


def test_a_file_of_somebody_else_is_not_written_over():
    said = refused(WEB, NOTHING, {UNIT: FileSeen(None, "")})
    assert said == f"cannot write {UNIT} for web: it is a file of somebody else"


def test_a_unit_of_the_distribution_is_not_hidden_by_ours():
    seen = NOTHING._replace(unit=UP._replace(path="/lib/systemd/system/web.service"))
    assert "there is a unit of this name already, /lib/systemd/system/web.service" in refused(
        WEB, seen, {}
    )


def test_one_unit_is_bound_by_one_workload():
    bound = Workload("web", "web", unit="nginx.service")
    path = "/etc/systemd/system/nginx.service.d/50-portmap.conf"
    seen = NOTHING._replace(unit=UP)
    said = refused(bound, seen, {path: FileSeen(LABEL._replace(workload="other"), "")})
    assert said == f"cannot write {path} for web: it is a file of workload other"


def test_a_unit_that_is_bound_must_be_there():
    bound = Workload("web", "web", unit="nginx.service")
    assert refused(bound, NOTHING, {}) == "cannot bind nginx.service to web: there is no such unit"


def test_a_workload_does_not_change_its_unit():
    bound = Workload("web", "web", unit="nginx.service")
    assert "it is run by web.service; remove it first" in refused(bound, RUNNING, {})


# --- what came of it ------------------------------------------------------------------------------


def test_a_fault_is_told_with_what_the_unit_has_said():
    failed = RUNNING._replace(unit=UP._replace(active="failed", result="exit-code", status="203"))
    assert decide.fault(decided(), failed, HERE, "No such file") == (
        "cannot start web: web.service is failed (exit-code, status 203): No such file;"
        " see journalctl -u web.service"
    )


def test_who_runs_outside_of_the_container_is_told_how_to_join():
    bound = Workload("web", "web", unit="nginx.service")
    seen = RUNNING._replace(spaces=frozenset({ELSEWHERE}))
    said = decide.fault(decided(bound, NOTHING), seen, HERE, "")
    assert said.startswith("cannot start web: nginx.service does not run in the container web")
    assert "join: true" in said
    assert decide.fault(decided(), RUNNING, HERE, "") == ""
