# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of podman."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    PODMAN,
    Volume,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import (
    files,
    podman,
    sound,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.setting import (
    Setting,
)

SETTING = Setting("/run/netns/web", {"PORT": "31000"}, 252)
POD = Workload("site", "web", engine=PODMAN, image="localhost/busybox", command=("httpd", "-f"))
VOLUMES = (Volume("/srv/a", "/a", False), Volume("/srv/b", "/b", True))


def pod(**fields):
    return list(podman.words(POD._replace(**fields), SETTING))


def unit(workload):
    return files.files(workload, SETTING)[1].text.splitlines()


def test_podman_joins_the_handle_and_has_the_ports():
    found = pod()
    assert found[0] == "run"
    assert "--network=ns:/run/netns/web" in found
    assert "--env-file=/etc/netiso-workloads/site.env" in found
    assert found[-3:] == ["localhost/busybox", "httpd", "-f"]


def test_who_may_ping_in_the_container_stays_as_it_is():
    """podman sets net.ipv4.ping_group_range in a namespace that it joins, unless it is told to what."""
    setting = SETTING._replace(ping_groups="1 0")
    assert "--sysctl=net.ipv4.ping_group_range=1 0" in list(podman.words(POD, setting))
    assert not any(word.startswith("--sysctl") for word in pod())


def test_mounts_of_the_host_reach_what_podman_runs_later_too():
    found = pod(volumes=VOLUMES)
    assert "--volume=/srv/a:/a:rw,rslave" in found
    assert "--volume=/srv/b:/b:ro,rslave" in found
    assert (
        "--volume=/var/lib/netiso-workloads/site:/var/lib/netiso-workloads/site:rw,rslave" in found
    )


def test_the_sandbox_is_where_it_starts_and_in_a_variable():
    path = "/var/lib/netiso-workloads/site"
    found = " ".join(pod())
    assert f"{path}:{path}" in found
    assert f"SANDBOX={path}" in found
    assert path not in " ".join(pod(sandbox=False))


def test_the_sandbox_stays_that_of_its_user_while_it_is_stopped():
    """systemd would give a StateDirectory= to root with every command."""
    found = unit(POD._replace(user="app"))
    assert "ExecStartPre=install --directory /var/lib/netiso-workloads/site" in found
    assert not any(line.startswith("StateDirectory") for line in found)


def test_empty_directories_are_empty_and_anybodys():
    assert "--tmpfs=/tmp:mode=1777,notmpcopyup" in pod()


def test_it_is_read_only_unless_it_may_write():
    assert "--read-only" in pod()
    assert "--read-only" not in pod(read_only=False)


def test_rights_of_podman():
    found = pod(user="app", groups=("ssl",), capabilities=("CAP_CHOWN",))
    wanted = {"--cap-drop=all", "--cap-add=CAP_CHOWN", "--security-opt=no-new-privileges"}
    assert wanted | {"--user=app", "--group-add=ssl"} <= set(found)
    assert "--security-opt=mask=/proc/key-users" in found
    assert "--security-opt=mask=/a:/b" in pod(masks=("/a", "/b"))
    assert any(word.endswith(":rw,rslave,U") for word in found)  # the sandbox is the user's


def test_words_of_the_user_stand_before_what_is_run():
    assert pod(options=("--shm-size=1m",))[-4:-2] == ["--shm-size=1m", "localhost/busybox"]


def test_a_directory_is_a_root_of_podman():
    assert pod(image="", rootfs="/srv/root")[-4:] == ["--rootfs", "/srv/root", "httpd", "-f"]


def test_podman_itself_is_in_no_container():
    """It joins by itself: within the namespace it could not fetch an image."""
    assert not any(line.startswith("NetworkNamespacePath") for line in unit(POD))


def test_systemd_waits_longer_than_podman_does():
    found = unit(POD._replace(stop_timeout=7))
    assert "ExecStop=/usr/bin/podman stop --ignore --time 7 site" in found
    assert "TimeoutStopSec=17" in found
    assert "SuccessExitStatus=137 143" in found  # what is killed then has not failed


def test_what_a_killed_podman_left_is_taken_away_first():
    assert "ExecStartPre=-/usr/bin/podman rm --force --ignore --time 0 site" in unit(POD)


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (POD._replace(image=""), "cannot run site by podman: it needs a rootfs or an image"),
        (POD._replace(pid="host"), "numbers of processes are its own"),
        (POD._replace(options=("--network=host",)), "its network is that of the container"),
        (POD._replace(image="-x"), "it is no name of an image"),
    ],
)
def test_what_an_engine_cannot_do_is_refused(workload, said):
    with pytest.raises(InvalidRequest, match=said):
        sound.check_all([workload])


def test_what_it_can_do_is_not():
    sound.check_all([POD._replace(command=(), hostname="site", pid="private", groups=("x",))])
    sound.check_version([POD._replace(hostname="site", pid="private")], 252)
