# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of the files of a workload."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    STOPPED,
    Volume,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import files
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.files import (
    Label,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.setting import (
    Setting,
)

WEB = Workload("site", "web", command=("/bin/httpd", "-f"))
ENV = "/etc/netiso-workloads/site.env"
UNIT = "/etc/systemd/system/site.service"
DROP_IN = "/etc/systemd/system/run-netns-web.mount.d/50-portmap-site.conf"


def setting(version=252, **variables):
    return Setting("/run/netns/web", variables, version)


def texts(workload=WEB, version=252, **variables):
    return {file.path: file.text for file in files.files(workload, setting(version, **variables))}


def lines(workload=WEB, version=252):
    return texts(workload, version)[UNIT].splitlines()


def changed(**fields):
    return lines(WEB._replace(**fields))


def test_a_workload_is_three_files():
    assert list(texts()) == [ENV, UNIT, DROP_IN]


def test_every_file_says_first_whose_it_is():
    for text in texts().values():
        assert files.read_label(text) == Label("site", "web", "systemd", "site.service")
    assert files.read_label("[Unit]\nDescription=x\n") is None


def test_the_unit_runs_in_the_container_and_nowhere_else():
    found = lines()
    assert "ConditionPathIsMountPoint=/run/netns/web" in found
    assert "After=portmap-restore.service" in found
    assert "NetworkNamespacePath=/run/netns/web" in found
    assert "StartLimitIntervalSec=0" in found


def test_the_unit_does_not_name_the_mount():
    """It would keep a stub of it, which does not look for drop-ins when the mount is there."""
    assert ".mount" not in texts()[UNIT]
    assert ".mount" not in "".join(texts(Workload("site", "web", unit="nginx.service")).values())


def test_the_mount_starts_the_unit_and_stops_it():
    assert texts()[DROP_IN].splitlines()[1:] == [
        "[Unit]",
        "Before=site.service",
        "Upholds=site.service",
        "PropagatesStopTo=site.service",
    ]


@pytest.mark.parametrize("policy", ["on-failure", "no"])
def test_what_may_end_is_only_started_by_the_mount(policy):
    found = texts(WEB._replace(restart_policy=policy))
    assert "Wants=site.service" in found[DROP_IN].splitlines()
    assert "Upholds=" not in found[DROP_IN]
    assert f"Restart={policy}" in found[UNIT].splitlines()


def test_what_is_stopped_is_started_by_nothing():
    assert list(texts(WEB._replace(state=STOPPED))) == [ENV, UNIT]


def test_the_description_says_how_to_stop_it():
    assert any(line.startswith("Description=") and "state=stopped" in line for line in lines())


def test_the_environment_file_has_the_ports():
    assert texts(PORT="31000", PORTS="31000-31007")[ENV].splitlines()[1:] == [
        "PORT=31000",
        "PORTS=31000-31007",
    ]


def test_a_unit_of_others_gets_a_drop_in_and_nothing_else():
    bound = Workload("site", "web", unit="nginx.service")
    found = texts(bound)
    path = "/etc/systemd/system/nginx.service.d/50-portmap.conf"
    assert path in found
    assert UNIT not in found
    assert found[path].splitlines()[1:] == [
        "[Unit]",
        "After=portmap-restore.service",
        "ConditionPathIsMountPoint=/run/netns/web",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        f"EnvironmentFile={ENV}",
    ]
    joined = texts(bound._replace(join=True))
    assert joined[path].splitlines()[-1] == "NetworkNamespacePath=/run/netns/web"
    assert "Upholds=nginx.service" in found[DROP_IN].splitlines()


# --- what runs and what it sees -------------------------------------------------------------------


def test_the_host_s_root_is_read_only_and_the_machine_is_hidden():
    found = lines()
    for line in (
        "ProtectSystem=strict", "PrivateTmp=yes", "PrivateDevices=yes", "PrivateIPC=yes",
        "ProtectKernelTunables=yes", "ProtectControlGroups=yes", "NoNewPrivileges=yes",
        "CapabilityBoundingSet=", "TemporaryFileSystem=/dev/shm:mode=1777,size=64m", "ProtectProc=invisible",
    ):  # fmt: skip
        assert line in found
    assert not any(
        line.startswith(("RootDirectory", "RootImage", "User", "MountAPIVFS")) for line in found
    )


def test_masks_are_looked_for_below_the_root_of_the_workload():
    """Without the + they would be looked for on the host, and nothing would be masked."""
    for found in (changed(rootfs="/srv/root"), changed(masks=("/proc/keys",))):
        (masks,) = [line for line in found if line.startswith("InaccessiblePaths=")]
        words = masks.removeprefix("InaccessiblePaths=").split()
        assert "-+/proc/keys" in words
        assert all(word.startswith("-+/") for word in words)


def test_the_host_s_links_are_hidden_where_sys_is_the_host_s():
    def hidden(version):
        return any("-+/sys/class/net" in line for line in lines(version=version))

    assert hidden(252)
    assert hidden(253)
    assert not hidden(254)
    assert not hidden(257)


def test_no_masks_are_none():
    found = lines(WEB._replace(masks=()), 257)
    assert not any(line.startswith("InaccessiblePaths") for line in found)


def test_a_root_of_its_own_has_its_own_proc_and_sys():
    assert {"RootDirectory=/srv/root", "MountAPIVFS=yes"} <= set(changed(rootfs="/srv/root"))
    assert {"RootImage=/srv/root.img", "MountAPIVFS=yes"} <= set(changed(image="/srv/root.img"))


def test_volumes_are_bound_as_they_are_asked_for():
    found = changed(volumes=(Volume("/srv/a", "/a", False), Volume("/srv/b", "/b", True)))
    assert "BindPaths=/srv/a:/a" in found
    assert "BindReadOnlyPaths=/srv/b:/b" in found


def test_a_sandbox_is_where_it_starts_and_in_a_variable():
    found = lines()
    assert "StateDirectory=netiso-workloads/site" in found
    assert "WorkingDirectory=/var/lib/netiso-workloads/site" in found
    assert "Environment=SANDBOX=/var/lib/netiso-workloads/site" in found
    without = changed(sandbox=False)
    assert not any(
        "netiso-workloads/site" in line for line in without if "EnvironmentFile" not in line
    )
    assert "WorkingDirectory=/srv" in changed(working_dir="/srv")


def test_rights_are_those_asked_for():
    found = changed(
        user="www-data", groups=("adm", "ssl"), capabilities=("CAP_CHOWN", "CAP_SETUID")
    )
    assert "User=www-data" in found
    assert "SupplementaryGroups=adm ssl" in found
    assert "CapabilityBoundingSet=CAP_CHOWN CAP_SETUID" in found
    assert (
        "AmbientCapabilities=CAP_CHOWN CAP_SETUID" in found
    )  # or who is not root would have none


def test_words_of_the_command_reach_the_program_as_they_are():
    found = changed(command=("/bin/sh", "-c", 'echo "$HOME" 100%'))
    assert r'ExecStart=/bin/sh -c "echo \"$$HOME\" 100%%"' in found


def test_variables_are_quoted():
    assert 'Environment="GREETING=two words 5%%"' in changed(env=(("GREETING", "two words 5%"),))


def test_tmpfs_other_than_tmp():
    found = changed(tmpfs=("/run/app",))
    assert "TemporaryFileSystem=/run/app:mode=1777,nosuid,nodev" in found
    assert "PrivateTmp=yes" not in found


def test_a_crash_loop_is_slowed_down_as_the_version_can():
    old, new = lines(version=252), lines(version=254)
    assert "RestartSec=5" in old
    assert not any(line.startswith("RestartSteps") for line in old)
    assert {"RestartSec=1", "RestartSteps=6", "RestartMaxDelaySec=60"} <= set(new)


def test_the_lines_of_the_user_come_last():
    assert changed(options=("MemoryMax=1G", "Nice=5"))[-2:] == ["MemoryMax=1G", "Nice=5"]
