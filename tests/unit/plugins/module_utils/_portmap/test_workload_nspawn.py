# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unit of a workload that systemd-nspawn runs."""

from __future__ import annotations

import shlex

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    workloads as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    NSPAWN,
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

SETTING = Setting("/run/netns/web", {"PORT": "31000", "PORTS": "31000"}, 252)
BOX = Workload("site", "web", engine=NSPAWN, rootfs="/srv/root", command=("/bin/httpd", "-f"))


def unit(setting=SETTING, **fields):
    found = files.files(BOX._replace(**fields), setting)
    return found[1].text.splitlines()


def started(**fields):
    (line,) = [line for line in unit(**fields) if line.startswith("ExecStart=")]
    return shlex.split(line.partition("=")[2])


def test_it_joins_the_handle_and_nspawn_itself_is_in_no_container():
    found = started()
    assert found[0] == "/usr/bin/systemd-nspawn"
    assert "--network-namespace-path=/run/netns/web" in found
    assert not any(line.startswith("NetworkNamespacePath") for line in unit())


def test_the_program_stands_last_and_words_of_the_user_before_it():
    assert started(options=("--rlimit=RLIMIT_NOFILE=9",))[-4:] == [
        "--rlimit=RLIMIT_NOFILE=9",
        "--",
        "/bin/httpd",
        "-f",
    ]


def test_other_ports_are_another_environment_and_the_same_unit():
    assert "--setenv=PORT=${PORT}" in started()
    moved = Setting("/run/netns/web", {"PORT": "31008", "PORTS": "31008"}, 252)
    assert unit(moved) == unit()
    assert "EnvironmentFile=/etc/netiso-workloads/site.env" in unit()


def test_a_dollar_is_neither_systemds_nor_a_shells():
    assert started(command=("/bin/sh", "-c", "echo $HOME"))[-1] == "echo $$HOME"
    assert "--setenv=A=$$x y" in started(env=(("A", "$x y"),))


def test_its_end_is_passed_on_by_a_stub_that_is_process_1():
    assert {"--as-pid2", "--kill-signal=SIGRTMIN+3"} <= set(started())
    assert "SuccessExitStatus=255" in unit()
    assert "RestartForceExitStatus=255" in unit(restart_policy="on-failure")
    assert not any(line.startswith("RestartForce") for line in unit(restart_policy="no"))


def test_nothing_is_registered_or_mounted_on_the_host_that_a_killed_one_would_leave():
    assert "--register=no" in started()
    assert "PrivateMounts=yes" in unit()


def test_files_that_it_sees():
    found = started(
        volumes=(Volume("/srv/a", "/a", False), Volume("/srv/b", "/b", True)),
        tmpfs=("/tmp", "/x"),
        working_dir="/a",
    )
    assert {"--directory=/srv/root", "--read-only", "--bind=/srv/a:/a"} <= set(found)
    assert {"--bind-ro=/srv/b:/b", "--tmpfs=/x:mode=1777", "--chdir=/a"} <= set(found)
    assert "--read-only" not in started(read_only=False)


def test_an_image_is_mounted_by_its_unit_alone():
    assert "--directory=/run/netiso-workloads/site/root" in started(rootfs="", image="/srv/a.img")
    assert "MountImages=/srv/a.img:/run/netiso-workloads/site/root" in unit(
        rootfs="", image="/srv/a.img"
    )
    assert not any(line.startswith("MountImages") for line in unit())
    volumes = (Volume("/a", "/b", True),)
    image = BOX._replace(rootfs="", image="/srv/a.img", volumes=volumes)
    assert files.needs(image) == ["/srv/a.img", "/a"]  # what is in it, only its unit sees
    sound.check_all([image])


def test_the_sandbox_is_where_every_root_has_a_directory_that_can_be_written():
    found = started()
    assert "--bind=/var/lib/netiso-workloads/site:/run/sandbox" in found
    assert {"--setenv=SANDBOX=/run/sandbox", "--chdir=/run/sandbox"} <= set(found)
    assert decide.known(BOX, SETTING)["SANDBOX"] == "/run/sandbox"
    assert "sandbox" not in " ".join(unit(sandbox=False))


def test_the_sandbox_belongs_to_the_user():
    made = "ExecStartPre=install --directory --owner={} /var/lib/netiso-workloads/site"
    assert made.format(1000) in unit(user="1000")
    assert made.format(0) in unit()
    assert not any("install" in line for line in unit(user="app", sandbox=False))


def test_rights_are_taken_away_by_name():
    (dropped,) = [word for word in started() if word.startswith("--drop-capability=")]
    assert len(dropped.split(",")) == 41
    kept = started(user="1000", capabilities=("CAP_CHOWN",))
    assert {"--capability=CAP_CHOWN", "--ambient-capability=CAP_CHOWN", "--user=1000"} <= set(kept)
    assert not any("CAP_CHOWN" in word for word in kept if word.startswith("--drop"))
    assert "--no-new-privileges=yes" in kept
    assert "DevicePolicy=closed" in unit()


def test_what_the_kernel_has_is_masked_and_what_it_has_not_is_no_error():
    (line,) = [line for line in unit() if line.startswith("ExecStartPre=/bin/sh")]
    assert line.endswith(" /sys/firmware /sys/class/net /sys/devices/virtual/net")
    assert " /proc/key-users " in line
    assert "EnvironmentFile=-/run/netiso-workloads/site/masks" in unit()
    assert "$MASKS" in started()
    own = unit(masks=("/etc/shadow",))
    assert any("--inaccessible=/etc/shadow" in line for line in own)
    assert not any("/proc/keys" in line for line in own)


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        ({}, ["/srv/root", "/srv/root/usr"]),
        ({"tmpfs": ("/tmp", "/run/x", "/x")}, ["/srv/root", "/srv/root/usr", "/srv/root/x"]),
        (
            {"volumes": (Volume("/a", "/b", True), Volume("/a", "/b/c", True))},
            ["/srv/root", "/a", "/a", "/srv/root/usr", "/srv/root/b"],
        ),
        (
            {"read_only": False, "volumes": (Volume("/a", "/b", True),)},
            ["/srv/root", "/a", "/srv/root/usr"],
        ),
    ],
)
def test_what_must_be_there_before_it_starts(fields, needed):
    assert files.needs(BOX._replace(**fields)) == needed
    assert files.programs(BOX) == ["/usr/bin/systemd-nspawn"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rootfs": ""}, "cannot run site by nspawn: it needs a rootfs or an image$"),
        ({"groups": ("ssl",)}, "cannot use groups for site: systemd-nspawn gives a user"),
        (
            {"user": "app"},
            "cannot use user 'app' for site: whose the sandbox is has to be a number",
        ),
        (
            {"name": "a_b"},
            "cannot use the name 'a_b' for a_b: systemd-nspawn has names of machines",
        ),
        ({"name": "a..b"}, "cannot use the name 'a..b'"),
        ({"pid": "host"}, "numbers of processes are its own"),
        ({"sockets": (("http", "31000"),)}, "nspawn does not hand them over"),
        ({"runtime": "crun"}, "cannot use runtime crun for site: it is for engine oci"),
        ({"options": ("--network-veth",)}, "its network is that of the container"),
        ({"command": ()}, "its command is missing"),
    ],
)
def test_what_it_cannot_do_is_refused(fields, said):
    with pytest.raises(InvalidRequest, match=said):
        sound.check_all([BOX._replace(**fields)])


def test_what_it_can_do_is_not():
    sound.check_all([BOX._replace(hostname="site", pid="private", user="1000", name="a.b-c")])
    sound.check_all([BOX._replace(user="app", sandbox=False)])
    sound.check_version([BOX._replace(hostname="site", pid="private")], 252)
