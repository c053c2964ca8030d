# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command portmapctl for who is not root, in error, in bash and as a page of man."""

from __future__ import annotations

import fcntl
import os
from typing import Any

import pytest

from asking import ask, facts
from lab import state
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.pools import POOLS
from scene import PORTS


@pytest.fixture
def host(wired: Lab) -> Machine:
    return wired.host


# --- everybody, and nobody ----------------------------------------------------------------------


def test_who_is_not_root_is_told_what_is_not_seen(host: Machine, server: Any) -> None:
    server("SOCK_STREAM", "0.0.0.0", 31001, "web")
    theirs = facts(host, "list", nobody=True)
    assert {one["name"]: one["ports"] for one in theirs["containers"]} == {
        "web": ["30016-30031", *PORTS["web"]],
        "db": ["30032-30047", *PORTS["db"]],
        "cache": ["30048-30063", *PORTS["cache"]],
    }
    assert {one["alive"] for one in theirs["containers"]} == {None}
    assert theirs["unseen"] == [
        "not root: whether namespaces are there, and which ports are ephemeral"
    ]
    said = ask(host, "who", "31001", nobody=True)
    assert said.stdout.splitlines()[0] == "port 31001: web, ports 31000-31007"
    assert "reached from outside: cannot be told" in said.stdout
    assert said.stderr == (
        "portmapctl: cannot see everything: not root: what is inside web, and what is wrong with it\n"
    )
    said = ask(host, "who", "31099", nobody=True, code=1)
    assert said.stdout == "port 31099: no container owns it\n"
    refused = ask(host, "free", nobody=True, code=3)
    assert "only root can read /run/portmap/host.json" in refused.stderr
    assert len(facts(host, "top", "-i", "0.1", nobody=True)["containers"]) == 3
    refused = ask(host, "check", nobody=True, code=3)
    assert refused.stderr.startswith("portmapctl: cannot check the host: not root")


WRONG = {
    "no command": ((), 2, "usage: portmapctl"),
    "no number": (("who", "ssh"), 2, "invalid int value: 'ssh'"),
    "no port": (("who", "0"), 3, "cannot look for port 0: ports go from 1 to 65535"),
    "no size": (("free", "0"), 3, "cannot look for 0 free ports"),
    "no time": (("top", "-i", "0"), 3, "cannot measure for 0 seconds"),
    "not a number": (("top", "-i", "nan"), 3, "cannot measure for nan seconds"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_refused(host: Machine, case: str) -> None:
    words, code, why = WRONG[case]
    done = ask(host, *words, code=code)
    assert done.stdout == ""
    assert why in done.stderr


def test_it_changes_nothing_and_waits_for_no_run(host: Machine) -> None:
    before = state.of(host)
    with open(host.path("/run/portmap/lock"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in (
            ["list"],
            ["who", "31001"],
            ["free"],
            ["check"],
            ["metrics"],
            ["top", "-i", "0.1"],
        ):
            ask(host, *words)
    assert state.difference(before, state.of(host)) == ""


def test_a_host_that_is_not_prepared_is_told(lab: Lab, modules: Modules) -> None:
    lab.host.own_directories()
    modules.host(**POOLS, command=True)
    os.unlink(lab.host.path("/run/portmap/host.json"))
    for words in (["list"], ["who", "31001"], ["free"]):
        done = ask(lab.host, *words, code=3)
        assert "run netiso.portmap.portmap_host" in done.stderr
    assert "not_prepared" in ask(lab.host, "check", code=1).stdout


def test_a_reader_that_has_read_enough_is_no_error(host: Machine) -> None:
    done = host.run("bash", "-c", "portmapctl list | true; echo ${PIPESTATUS[0]}")
    assert (done.stdout, done.stderr) == ("0\n", "")


# --- bash and man -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("portmapctl ", ["--help", "check", "free", "list", "metrics", "top", "who"]),
        ("portmapctl li", ["list"]),
        ("portmapctl list ", ["cache", "db", "web"]),
        ("portmapctl who --j", ["--json"]),
        ("portmapctl metrics ", ["counters", "problems", "snmp", "sockets"]),
        ("portmapctl metrics --", ["--help", "--http", "--openmetrics", "--output"]),
        ("portmapctl top --", ["--help", "--interval", "--json", "--lines"]),
    ],
)
def test_bash_completes_commands_options_and_names(
    host: Machine, line: str, offered: list[str]
) -> None:
    empty = '""' if line.endswith(" ") else ""
    script = (
        "source /usr/local/share/bash-completion/completions/portmapctl\n"
        f"COMP_WORDS=({line}{empty})\n"
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
        "_portmapctl\n"
        "printf '%s\\n' \"${COMPREPLY[@]}\" | sort\n"
    )
    assert host.run("bash", "-ec", script).stdout.split() == offered


def test_man_shows_the_page(host: Machine) -> None:
    done = host.run("sh", "-c", "MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings 8 portmapctl")
    assert done.stderr == ""
    assert "portmapctl who 31025" in done.stdout
