# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused before anything is written."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
    Unsupported,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    ABSENT,
    Volume,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import sound

WEB = Workload("web", "web", command=("/bin/httpd",))
BOUND = Workload("web", "web", unit="nginx.service")


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (WEB._replace(name="../etc"), r"cannot use name '../etc'"),
        (WEB._replace(container="a b"), "cannot use container 'a b'"),
        (WEB._replace(command=()), "cannot run web: its command is missing"),
        (WEB._replace(command=("-/bin/false",)), "the first word is no program"),
        (WEB._replace(command=("/bin/a b",)), "the first word is no program"),
        (WEB._replace(command=("/bin/$x",)), "the first word is no program"),
        (WEB._replace(command=("/bin/a", "x\0y")), "NUL"),
        (WEB._replace(join=True), "cannot use join for web: it is for a unit of others"),
        (WEB._replace(rootfs="/a", image="/b"), "rootfs and image exclude each other"),
        (WEB._replace(rootfs="srv"), "cannot use rootfs 'srv' for web: it is no absolute path"),
        (
            WEB._replace(domainname="lab"),
            "cannot use domainname lab for web: systemd gives nobody one",
        ),
        (WEB._replace(image="/a b"), "cannot use image '/a b' for web"),
        (WEB._replace(volumes=(Volume("/a", "/b:c", False),)), "cannot use volumes '/b:c'"),
        (WEB._replace(volumes=(Volume("/../a", "/b", False),)), "cannot use volumes '/../a'"),
        (WEB._replace(tmpfs=("/a\nUser=root",)), "cannot use tmpfs"),
        (WEB._replace(masks=("proc",)), "cannot use masks 'proc'"),
        (WEB._replace(working_dir="~"), "cannot use working_dir '~'"),
        (WEB._replace(env=(("A B", "x"),)), "cannot use env 'A B' for web: it is no variable"),
        (WEB._replace(env=(("A", "x\0"),)), "cannot use env 'A'"),
        (WEB._replace(user="a b"), "cannot use user 'a b'"),
        (WEB._replace(groups=("x", "-y")), "cannot use groups '-y'"),
        (WEB._replace(capabilities=("chown",)), "cannot use capabilities 'chown'"),
        (WEB._replace(hostname="-x"), "cannot use hostname '-x'"),
        (WEB._replace(options=("Nice=1\n[Install]",)), "cannot use options"),
        (WEB._replace(options=("[Install]",)), "cannot use options"),
        (
            WEB._replace(options=("NetworkNamespacePath=/x",)),
            "its network is that of the container",
        ),
        (WEB._replace(options=("PrivateNetwork=yes",)), "its network is that of the container"),
        (WEB._replace(stop_timeout=0), "cannot use stop_timeout 0"),
        (BOUND._replace(unit="nginx.socket"), "it is no name of a service"),
        (BOUND._replace(unit="../x.service"), "it is no name of a service"),
        (
            BOUND._replace(command=("x",)),
            "cannot use command for web: nginx.service is a unit of others",
        ),
        (
            BOUND._replace(pid="private"),
            "cannot use pid for web: nginx.service is a unit of others",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_value(workload, said):
    with pytest.raises(InvalidRequest, match=said):
        sound.check_all([workload])


@pytest.mark.parametrize(
    "workload",
    [
        WEB,
        BOUND,
        BOUND._replace(join=True, restart=False, container="db"),
        WEB._replace(volumes=(Volume("/srv/a-b.c", "/d", True),), options=("MemoryMax=1G",)),
        WEB._replace(user="1000", groups=("www-data",), capabilities=("CAP_SYS_ADMIN",)),
        Workload("web", "web", ABSENT),
    ],
)
def test_what_can_be_is_not(workload):
    sound.check_all([workload])
    sound.check_version([workload], 252)


def test_a_list_has_each_name_and_each_unit_once():
    with pytest.raises(InvalidRequest, match="cannot have a workload web twice"):
        sound.check_all([WEB, WEB])
    with pytest.raises(InvalidRequest, match=r"cannot have the unit nginx.service twice"):
        sound.check_all([BOUND, BOUND._replace(name="other")])


@pytest.mark.parametrize(
    ("workload", "version", "said"),
    [
        (
            WEB,
            247,
            "cannot run web with its container: it needs systemd 249, and this host has 247",
        ),
        (
            WEB._replace(pid="private"),
            252,
            "pid: private: it needs systemd 257, and this host has 252",
        ),
        (
            WEB._replace(hostname="w"),
            257,
            "a hostname: it needs systemd 258, and this host has 257",
        ),
    ],
)
def test_what_the_host_s_systemd_would_ignore_is_refused_with_its_version(workload, version, said):
    with pytest.raises(Unsupported, match=said):
        sound.check_version([workload], version)
    sound.check_version([workload], 258)
