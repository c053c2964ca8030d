# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules inside containers, by the become plugin, run by Ansible itself."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from lab.machines import HOST, Lab
from lab.pools import DOCUMENTED
from playing import Desk

INSIDE = {
    "name": "Have a host for each container",
    "hosts": "all",
    "gather_facts": False,
    "tasks": [
        {
            "name": "Add them",
            "ansible.builtin.include_role": {
                "name": "netiso.portmap.containers",
                "tasks_from": "inside",
            },
        }
    ],
}
WHERE = {
    "name": "Say where this is",
    "ansible.builtin.command": "stat -L -c 'inside %i' /proc/self/ns/net",
}


@pytest.fixture(scope="module")
def placed(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A host with two containers, and a user's directory."""
    desk = Desk(lab, tmp_path_factory.mktemp("desk"))
    desk.do(
        {"netiso.portmap.portmap_host": DOCUMENTED},
        {
            "netiso.portmap.portmap_container": {
                "containers": [
                    {"name": "web", "ports": ["31000"]},
                    {"name": "db", "ports": ["31001"]},
                ]
            }
        },
    )
    return desk


def inode(desk: Desk, name: str) -> int:
    return os.stat(desk.lab.host.path(f"/run/netns/{name}")).st_ino


def inside(desk: Desk, *tasks: dict[str, Any], check: bool = True, **play: Any) -> str:
    """What the tasks say in both containers."""
    return plays(desk, {"tasks": list(tasks), **play}, check=check)


def plays(desk: Desk, *wanted: dict[str, Any], check: bool = True) -> str:
    made = [{"hosts": "portmap_inside", "gather_facts": False, **one} for one in wanted]
    (desk.directory / "play.yml").write_text(json.dumps([INSIDE, *made]))
    command = [*desk.environment(), "ansible-playbook", "-v", "play.yml"]
    done = desk.lab.host.run(*command, check=False, timeout=300)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_no_keyword_takes_a_task_out_of_its_container(placed: Desk) -> None:
    wanted: list[dict[str, Any]] = [
        {"tasks": [WHERE]},
        {"tasks": [WHERE], "become": False},
        {"tasks": [WHERE], "become": True, "become_method": "ansible.builtin.su"},
        {"tasks": [{**WHERE, "become": False}]},
        {"tasks": [{**WHERE, "become": True, "become_user": "root"}]},
        {"tasks": [{"block": [WHERE], "become": False}]},
        {"tasks": [{"block": [{**WHERE, "become": False}], "become": False}], "become": False},
        {"tasks": [{**WHERE, "vars": {"ansible_become_user": "root"}}]},
        {"tasks": [], "handlers": [], "pre_tasks": [{**WHERE, "become": False}]},
    ]
    found = re.findall(r"\[(\w+)@node1\] => .*inside (\d+)", plays(placed, *wanted))
    assert len(found) == 2 * len(wanted)
    assert set(found) == {(name, str(inode(placed, name))) for name in ("web", "db")}


def test_a_host_inside_is_reached_as_its_own_host_is(placed: Desk) -> None:
    """By all that the inventory says of that; what it does not say is left out."""
    said = {
        "ansible_port": 22022,
        "ansible_user": "carol",
        "ansible_password": "secret",
        "ansible_ssh_private_key_file": "/keys/carol",
        "ansible_ssh_common_args": "-o Common=yes",
        "ansible_ssh_extra_args": "-o Extra=yes",
    }
    names = [*said, "ansible_host", "ansible_connection", "ansible_python_interpreter"]
    asked = [
        {
            "ansible.builtin.copy": {
                "content": "{{ hostvars[inventory_hostname] | dict2items | selectattr('key', 'in', names)"
                " | items2dict | to_json }}",
                "dest": f"{placed.directory}/{{{{ portmap_container }}}}.json",
            },
            "delegate_to": "localhost",
            "vars": {"names": names},
        }
    ]
    told = json.dumps(
        [
            {**INSIDE, "pre_tasks": [{"ansible.builtin.set_fact": said}]},
            {"hosts": "portmap_inside", "gather_facts": False, "tasks": asked},
        ]
    )
    (placed.directory / "play.yml").write_text(told)
    placed.type("ansible-playbook play.yml")
    for name in ("web", "db"):
        found = json.loads((placed.directory / f"{name}.json").read_text())
        assert {key: found.get(key) for key in said} == said


def test_modules_of_all_kinds_see_the_network_of_the_container(placed: Desk) -> None:
    said = inside(
        placed,
        {"ansible.builtin.setup": {"gather_subset": ["!all", "network"]}, "register": "facts"},
        {
            "ansible.builtin.assert": {
                "that": [
                    "facts.ansible_facts.ansible_interfaces | sort == ['eth0', 'lo']",
                    f"facts.ansible_facts.ansible_eth0.ipv4.address == '{HOST}'",
                ]
            }
        },
        {
            "ansible.builtin.shell": "timeout 60 python3 -m http.server --bind 127.0.0.1 31000 >/dev/null 2>&1 &",
            "when": "portmap_container == 'web'",
        },
        {
            "ansible.builtin.wait_for": {"port": 31000, "timeout": 20},
            "when": "portmap_container == 'web'",
        },
        {
            "ansible.builtin.uri": {"url": "http://127.0.0.1:31000/"},
            "when": "portmap_container == 'web'",
        },
        {"ansible.builtin.raw": "ip -brief address show dev eth0"},
        {
            "ansible.builtin.copy": {
                "content": "x",
                "dest": "/run/{{ portmap_container }}",
                "mode": "0600",
            }
        },
    )
    assert said.count("failed=0") == 3
    assert os.path.exists(placed.lab.host.path("/run/web"))


def test_a_user_inside_is_that_user_there(placed: Desk) -> None:
    who = {"ansible.builtin.raw": "echo user $(id -un); stat -L -c 'inside %i' /proc/self/ns/net"}
    said = inside(placed, who, become_user="nobody")
    assert said.count("user nobody") >= 2
    found = set(map(int, re.findall(r"inside (\d+)", said)))
    assert found == {inode(placed, "web"), inode(placed, "db")}


def test_a_container_that_is_gone_is_an_error_and_nothing_runs_on_the_host(placed: Desk) -> None:
    trace = "/run/it-ran"
    touch = {"ansible.builtin.raw": f"touch {trace}", "ignore_errors": True}
    names = ("gone", "../web", f"web; touch {trace};")
    said = inside(placed, *({**touch, "vars": {"portmap_container": name}} for name in names))
    assert said.count("ignored=3") == 2
    assert 'Cannot open network namespace \\"gone\\"' in said
    assert "cannot use portmap_container '../web'" in said
    assert not os.path.exists(placed.lab.host.path(trace))


@pytest.fixture
def main_process(placed: Desk) -> Iterator[subprocess.Popen[str]]:
    """A process in web that has a mount and a pid namespace of its own."""
    script = "mount -t tmpfs tmpfs /mnt; echo here >/mnt/here; echo ready; exec sleep 600"
    host = placed.lab.host
    shell = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", script)
    process = host.start(*shell, container="web")
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
    finally:
        os.kill(child_of(process), signal.SIGKILL)
        process.communicate()


def child_of(process: subprocess.Popen[str]) -> int:
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


LOOK = {
    "ansible.builtin.raw": "cat /mnt/here; echo first $(cat /proc/1/comm);"
    " stat -L -c 'inside %i' /proc/self/ns/net"
}


def test_all_namespaces_of_the_main_process(
    placed: Desk, main_process: subprocess.Popen[str]
) -> None:
    child = child_of(main_process)
    variables = {"portmap_namespaces": "all", "portmap_pid_command": f"echo {child}"}
    limited = {**LOOK, "when": "portmap_container == 'web'", "vars": variables}
    said = inside(placed, limited)
    assert "here" in said
    assert "first sleep" in said
    assert f"inside {inode(placed, 'web')}" in said


def test_a_process_that_is_not_in_the_container_is_not_entered(placed: Desk) -> None:
    told = {
        "echo 0": "cannot enter web: it has no main process",
        "true": "cannot enter web: it has no main process",
        "echo 7x": "cannot enter web: it has no main process",
        "echo 1": "cannot enter web: its main process 1 is not in /run/netns/web",
    }
    limited = {**LOOK, "when": "portmap_container == 'web'", "ignore_errors": True}
    said = inside(
        placed,
        *(
            {**limited, "vars": {"portmap_namespaces": "all", "portmap_pid_command": command}}
            for command in told
        ),
    )
    assert [sentence for sentence in told.values() if sentence not in said] == []
    assert said.count("cannot enter web: it has no main process") >= 3
    assert "first " not in said


def test_by_the_number_of_a_process(placed: Desk, main_process: subprocess.Popen[str]) -> None:
    """Its network, with a /sys that tells of it, but the files of the host."""
    look = (
        "ls /sys/class/net | xargs echo links; ls /mnt; stat -L -c 'inside %i' /proc/self/ns/net"
    )
    variables = {
        "ansible_become": True,
        "ansible_become_method": "netiso.portmap.container",
        "portmap_pid": main_process.pid,
    }
    task = {"ansible.builtin.raw": look, "register": "found", "vars": variables}
    said = placed.do(task, {"ansible.builtin.debug": {"var": "found.stdout_lines"}})
    assert "links eth0 lo" in said
    assert f"inside {inode(placed, 'web')}" in said
    assert '"here"' not in said
