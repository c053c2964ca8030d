# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unit of a workload that docker runs, and which of its processes is looked at."""

from __future__ import annotations

import csv
import shlex

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    workloads as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import docker as asked
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight.processes_seen import (
    WorkloadSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    DOCKER,
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
BOX = Workload("site", "web", engine=DOCKER, image="localhost/busybox", command=("httpd", "-f"))
SANDBOX = "/var/lib/netiso-workloads/site"


def unit(**fields):
    return files.files(BOX._replace(**fields), SETTING)[1].text.splitlines()


def commands(verb, **fields):
    """The command lines of a directive, as systemd and then docker or a shell gets them."""
    return [
        shlex.split(line.partition("=")[2].lstrip("-").replace("$$", "$"))
        for line in unit(**fields)
        if line.startswith(f"{verb}=")
    ]


def made(**fields):
    (found,) = [line for line in commands("ExecStartPre", **fields) if line[1] == "create"]
    return found


def mounts(**fields):
    prefix = "--mount="
    fields_of = [one.removeprefix(prefix) for one in made(**fields) if one.startswith(prefix)]
    return list(csv.reader(fields_of))


def test_one_container_of_docker_enters_the_handle_and_the_other_joins_it_there():
    (holding,) = [line for line in commands("ExecStartPre") if line[1] == "run"]
    assert "--name=site.network" in holding
    assert "--mount=type=bind,source=/run/netns/web,target=/network,readonly" in holding
    assert "--net=/network" in holding[holding.index("--entrypoint=/usr/bin/nsenter") :]
    assert "--network=container:site.network" in made()
    assert not any(line.startswith("NetworkNamespacePath") for line in unit())


def test_a_nis_domain_name_is_that_of_what_holds_the_network():
    assert "--domainname=lab" in " ".join(unit(domainname="lab"))
    assert "--domainname" not in " ".join(unit())


def test_the_workload_is_started_when_its_network_was_entered():
    order = [line[1] if line[0] == "docker" else line[2] for line in commands("ExecStartPre")]
    entered = next(at for at, one in enumerate(order) if "/ns/net" in one)
    assert "-ef /run/netns/web" in order[entered]
    assert order.index("run") < entered < order.index("create")
    assert commands("ExecStart") == [["docker", "start", "--attach", "site"]]


def test_what_holds_the_network_has_nothing_of_the_image_and_no_capability_in_the_end():
    """With the files of an image it could be led to do something else than to enter."""
    (holding,) = [line for line in commands("ExecStartPre") if line[1] == "run"]
    assert "localhost/busybox" not in holding
    assert "--pull=never" in holding
    assert {"--cap-drop=all", "--read-only", "--security-opt=no-new-privileges"} < set(holding)
    assert {"--setuid=65534", "--setgid=65534"} < set(holding)


def test_only_what_is_ours_is_removed():
    remove = "docker ps --all --quiet --filter=label=netiso.portmap.workload=site | xargs"
    assert commands("ExecStartPre", sandbox=False)[0][2].startswith(remove)
    assert commands("ExecStopPost")[0][2].startswith(remove)
    for line in commands("ExecStartPre"):
        if line[1] in ("run", "create"):
            assert "--label=netiso.portmap.workload=site" in line


def test_the_command_line_of_the_workload():
    found = made(env=(("A", "$b"),), options=("--init",), stop_timeout=7)
    assert found[-4:] == ["--init", "localhost/busybox", "httpd", "-f"]
    assert {"--env-file=/etc/netiso-workloads/site.env", "--env=A=$b"} < set(found)
    assert "--stop-timeout=7" in found
    assert made(command=())[-1] == "localhost/busybox"


def test_mounts_of_the_host_reach_it_later_too_and_none_is_made_up():
    found = mounts(volumes=(Volume("/srv/a,b", "/a", False), Volume("/srv/b", "/b", True)))
    assert found == [
        ["type=bind", "source=/srv/a,b", "target=/a", "bind-propagation=rslave"],
        ["type=bind", "source=/srv/b", "target=/b", "readonly", "bind-propagation=rslave"],
        ["type=bind", f"source={SANDBOX}", f"target={SANDBOX}", "bind-propagation=rslave"],
    ]
    assert not any(one.startswith(("-v", "--volume")) for one in made())


def test_the_sandbox_is_the_users_and_where_it_starts():
    assert f"ExecStartPre=install --directory --owner=33 {SANDBOX}" in unit(user="33")
    assert {f"--env=SANDBOX={SANDBOX}", f"--workdir={SANDBOX}"} < set(made())
    assert "--workdir=/www" in made(working_dir="/www")
    assert SANDBOX not in " ".join(made(sandbox=False))


def test_rights():
    found = made(user="33", groups=("77",), capabilities=("CAP_CHOWN",))
    assert {"--cap-drop=all", "--cap-add=CAP_CHOWN", "--user=33", "--group-add=77"} < set(found)
    assert {"--read-only", "--security-opt=no-new-privileges", "--tmpfs=/tmp:mode=1777"} < set(
        found
    )
    assert "--read-only" not in made(read_only=False)


def test_docker_takes_the_host_name_from_what_holds_the_network():
    for fields, name in (({}, "site"), ({"hostname": "other"}, "other")):
        (holding,) = [line for line in commands("ExecStartPre", **fields) if line[1] == "run"]
        assert f"--hostname={name}" in holding
        assert not any(word.startswith("--hostname") for word in made(**fields))


def test_it_ends_before_docker_and_systemd_waits_longer():
    assert "After=portmap-restore.service docker.service" in unit()
    assert commands("ExecStop", stop_timeout=7) == [["docker", "stop", "-t", "7", "site"]]
    assert "TimeoutStopSec=17" in unit(stop_timeout=7)
    assert "SuccessExitStatus=137 143" in unit()
    assert not any("docker" in line for line in unit(engine="podman"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image": ""}, "cannot run site by docker: it needs an image$"),
        ({"image": "", "rootfs": "/srv/root"}, "tar -C /srv/root -c . | docker import - NAME"),
        ({"masks": ()}, "cannot use masks for site: docker masks what it masks"),
        (
            {"user": "app"},
            "cannot use user 'app' for site: whose the sandbox is has to be a number",
        ),
        ({"name": "s"}, "cannot use the name 's' for s: docker has no names of one character"),
        ({"pid": "host"}, "with docker numbers of processes are its own"),
        ({"options": ("--network=host",)}, "its network is that of the container"),
        ({"image": "-x"}, "it is no name of an image"),
        ({"sockets": (("http", "31000"),)}, "docker does not hand them over"),
    ],
)
def test_what_it_cannot_do_is_refused(fields, said):
    with pytest.raises(InvalidRequest) as refused:
        sound.check_all([BOX._replace(**fields)])
    assert said.rstrip("$") in str(refused.value)
    assert not said.endswith("$") or str(refused.value).endswith(said.rstrip("$"))


def test_what_it_can_do_is_not():
    sound.check_all([BOX._replace(command=(), hostname="x", pid="private", user="1")])
    sound.check_all([BOX._replace(user="app", sandbox=False)])
    sound.check_version([BOX._replace(hostname="x", pid="private")], 252)
    assert files.programs(BOX) == ["docker"]
    assert files.needs(BOX) == []


def test_another_engine_would_leave_it_running():
    up = Unit("loaded", "active", 7, False, "", "success", "0", 0)
    texts = {file.path: file.text for file in files.files(BOX, SETTING)}
    label = files.read_label(next(iter(texts.values())))
    seen = WorkloadSeen(texts, label, up, frozenset())
    decide.check_seen(BOX, seen, {}, ())
    with pytest.raises(
        InvalidRequest, match="cannot run site by podman: docker runs it; remove it"
    ):
        decide.check_seen(BOX._replace(engine="podman"), seen, {}, ())


def test_docker_says_which_process_it_runs(tmp_path, monkeypatch):
    """What it has stopped runs none, and what it does not know is told elsewhere."""
    program = tmp_path / "docker"
    program.write_text('#!/bin/sh\nprintf "/a 7\\n/b 0\\n"\necho "$@" >"$0.words"\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setattr(asked.programs, "_SEARCHED", str(tmp_path))
    assert asked.mains(["a", "b", "c"]) == {"a": 7}
    assert (tmp_path / "docker.words").read_text().endswith(" -- a b c\n")
    program.unlink()
    assert asked.mains(["a"]) == {}
    assert asked.mains([]) == {}
