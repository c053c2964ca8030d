# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bundle and the unit of a workload that runc or crun runs."""

from __future__ import annotations

import json

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    workloads as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight.processes_seen import (
    WorkloadSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    CRUN,
    OCI,
    Unit,
    Volume,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import (
    files,
    sound,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.setting import (
    Setting,
)

SETTING = Setting("/run/netns/web", {"PORT": "31000"}, 252)
BOX = Workload("site", "web", engine=OCI, rootfs="/srv/root", command=("httpd", "-f"))
CONFIG = "/etc/netiso-workloads/site.bundle/config.json"
UNIT = "/etc/systemd/system/site.service"
HERE = 4026531840


def texts(setting=SETTING, **fields):
    return {file.path: file.text for file in files.files(BOX._replace(**fields), setting)}


def config(**fields):
    return json.loads(texts(**fields)[CONFIG])


def unit(**fields):
    return texts(**fields)[UNIT].splitlines()


def mounted(**fields):
    return {one["destination"]: one for one in config(**fields)["mounts"]}


def test_the_bundle_is_a_file_of_ours_that_is_there_before_the_unit():
    assert list(texts())[1:3] == [CONFIG, UNIT]
    assert files.read_label(texts()[CONFIG]) == ("site", "web", "oci", "site.service")


def test_it_joins_the_handle_and_has_all_other_namespaces_of_its_own():
    kinds = {one["type"]: one.get("path") for one in config()["linux"]["namespaces"]}
    assert kinds == {
        "network": "/run/netns/web", "pid": None, "ipc": None, "uts": None, "mount": None,
    }  # fmt: skip


def test_a_nis_domain_name_is_a_sysctl_as_runc_1_1_knows_no_other_way():
    assert config(domainname="lab")["linux"]["sysctl"] == {"kernel.domainname": "lab"}
    assert config()["linux"]["sysctl"] == {}


def test_the_process():
    found = config(env=(("A", "$b"),), user="1000", groups=("77",), capabilities=("CAP_CHOWN",))[
        "process"
    ]
    assert found["args"] == ["httpd", "-f"]
    assert {"PORT=31000", "A=$b", "SANDBOX=/var/lib/netiso-workloads/site"} < set(found["env"])
    assert found["user"] == {"uid": 1000, "gid": 1000, "additionalGids": [77]}
    assert set(map(tuple, found["capabilities"].values())) == {("CAP_CHOWN",)}
    assert found["noNewPrivileges"] is True
    assert set(map(tuple, config()["process"]["capabilities"].values())) == {()}


def test_where_it_starts():
    assert config()["process"]["cwd"] == "/var/lib/netiso-workloads/site"
    assert config(sandbox=False)["process"]["cwd"] == "/"
    assert config(working_dir="/www")["process"]["cwd"] == "/www"


def test_the_root_is_read_only_unless_it_may_write():
    assert config()["root"] == {"path": "/srv/root", "readonly": True}
    assert config(read_only=False)["root"]["readonly"] is False


def test_mounts_of_the_host_reach_it_later_too_under_crun_as_well():
    found = mounted(volumes=(Volume("/srv/a", "/a", False), Volume("/srv/b", "/b", True)))
    assert (found["/a"]["source"], found["/a"]["options"]) == ("/srv/a", ["rbind", "rslave", "rw"])
    assert found["/b"]["options"] == ["rbind", "rslave", "ro"]
    assert config()["linux"]["rootfsPropagation"] == "rslave"


def test_what_is_below_is_mounted_later():
    found = list(mounted(tmpfs=("/x",), volumes=(Volume("/srv/a", "/x/a", False),)))
    assert found[-3:] == ["/x", "/var/lib/netiso-workloads/site", "/x/a"]


def test_what_the_kernel_tells_about_the_machine_is_masked():
    found = config()["linux"]
    assert {"/proc/keys", "/proc/key-users", "/sys/firmware"} < set(found["maskedPaths"])
    assert "/proc/sys" in found["readonlyPaths"]
    assert mounted()["/proc"]["options"] == ["nosuid", "noexec", "nodev"]
    assert config(masks=("/a",))["linux"]["maskedPaths"] == ["/a"]


def test_the_host_name_is_the_workloads():
    assert config()["hostname"] == "site"
    assert config(hostname="other")["hostname"] == "other"


def test_runc_runs_the_bundle_and_the_unit_is_active_when_its_process_runs():
    found = unit(options=("--no-pivot",))
    assert (
        "ExecStart=runc run --bundle=/etc/netiso-workloads/site.bundle"
        " --pid-file=/run/netiso-workloads/site/pid --no-pivot site"
    ) in found
    assert any(line.startswith("ExecStartPost=") and "site/pid" in line for line in found)
    assert not any(line.startswith("NetworkNamespacePath") for line in found)


def test_crun_leaves_the_processes_in_the_group_of_the_unit():
    found = unit(runtime=CRUN)
    assert any(line.startswith("ExecStart=crun --cgroup-manager=disabled run ") for line in found)
    assert not any("runc" in line for line in found)
    # There is nobody else who would keep it from other devices; runc could not make more of it.
    assert "DevicePolicy=closed" in found
    assert "DevicePolicy=closed" not in unit()


def test_what_does_not_hear_the_end_is_killed_and_nothing_is_left():
    (stop,) = [line for line in unit(stop_timeout=7) if line.startswith("ExecStop=")]
    assert "timeout 7 " in stop
    assert "runc kill site KILL" in stop
    assert "TimeoutStopSec=17" in unit(stop_timeout=7)
    assert "ExecStopPost=-runc delete --force site" in unit()
    assert "SuccessExitStatus=137 143" in unit()
    assert "RestartForceExitStatus=137 143" in unit(restart_policy="on-failure")


def test_the_sandbox_belongs_to_the_user():
    made = "ExecStartPre=install --directory --owner={} /var/lib/netiso-workloads/site"
    assert made.format(1000) in unit(user="1000")
    assert made.format(0) in unit()


def test_a_changed_bundle_restarts_it_without_having_systemd_read_its_files():
    before = texts(restart_policy="always")
    label = files.read_label(before[UNIT])
    up = Unit("loaded", "active", 7, False, UNIT, "success", "0", 0)
    seen = WorkloadSeen(before, label, up, frozenset({HERE}))
    home = decide.Home(SETTING, HERE)
    assert decide.course(BOX, seen, home, False).why == "kept running"
    course = decide.course(BOX._replace(command=("httpd", "-v")), seen, home, False)
    assert (course.why, course.reload) == ("restarted: its bundle changed", False)


def test_another_engine_takes_the_bundle_away():
    up = Unit("loaded", "active", 7, False, UNIT, "success", "0", 0)
    seen = WorkloadSeen(texts(), files.read_label(texts()[UNIT]), up, frozenset({HERE}))
    course = decide.course(BOX._replace(engine="systemd"), seen, decide.Home(SETTING, HERE), False)
    assert course.let_go == (CONFIG,)
    assert course.act == decide.RESTART


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image": "/srv/x.img", "rootfs": ""}, "mount the image, and name that as rootfs"),
        ({"rootfs": ""}, "cannot run site by oci: it needs a rootfs$"),
        ({"user": "app"}, "cannot use user 'app' for site: a runtime of OCI has numbers"),
        ({"groups": ("77", "ssl")}, "cannot use groups 'ssl' for site"),
        ({"pid": "host"}, "with oci numbers of processes are its own"),
        ({"command": ()}, "its command is missing"),
    ],
)
def test_what_it_cannot_do_is_refused(fields, said):
    with pytest.raises(InvalidRequest, match=said):
        sound.check_all([BOX._replace(**fields)])


def test_what_it_can_do_is_not():
    sound.check_all([BOX._replace(hostname="x", pid="private", user="1", runtime=CRUN)])
    sound.check_version([BOX._replace(hostname="x", pid="private")], 252)
    assert files.programs(BOX._replace(runtime=CRUN)) == [CRUN]
    assert files.needs(BOX) == ["/srv/root"]
