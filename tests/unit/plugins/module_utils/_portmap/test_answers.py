# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmapctl says, from values: reach, rates, and lines for people."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import portmapctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import answers, rates
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.reach import reach
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.sockets import (
    HostSocket,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import command

ROOT = Path(__file__).resolve().parents[5]


def heard(*addresses: str) -> list[HostSocket]:
    return [HostSocket("TCP", 31000, "", 7, address) for address in addresses]


NOBODY = ["nobody listens there in web"]
LOCAL = ["it is bound to 127.0.0.1 only, where no packet from outside arrives"]


@pytest.mark.parametrize(
    ("sockets", "broken", "doubts", "expected"),
    [
        (heard("0.0.0.0"), [], [], (True, True, [])),
        (heard("*"), [], [], (True, True, [])),
        (heard("10.0.0.1"), [], [], (True, True, [])),
        (heard("127.0.0.1"), [], [], (False, True, LOCAL)),
        (heard("127.0.0.1", "0.0.0.0"), [], [], (True, True, [])),
        ([], [], [], (False, False, NOBODY)),
        (heard("0.0.0.0"), ["it is down"], [], (False, False, ["it is down"])),
        ([], ["it is down"], ["drift"], (False, False, ["it is down", "drift", *NOBODY])),
        (heard("0.0.0.0"), [], ["drift"], (None, None, ["drift"])),
        (heard("127.0.0.1"), [], ["drift"], (False, None, [*LOCAL, "drift"])),
        (None, [], [], (None, None, ["what listens in web cannot be seen"])),
        (None, ["it is down"], [], (False, False, ["it is down", "what listens in web cannot be seen"])),
    ],
)  # fmt: skip
def test_a_port_is_reached_unless_there_is_a_reason(sockets, broken, doubts, expected):
    assert reach("web", "10.0.0.1", sockets, broken, doubts) == expected


def counters(packets: int, size: int = 100) -> dict[str, int]:
    return {
        "rx_packets": packets,
        "rx_bytes": packets * size,
        "tx_packets": 2 * packets,
        "tx_bytes": 2 * packets * size,
    }


def test_rates_are_a_second_and_the_busiest_comes_first():
    before = {"web": counters(100), "db": counters(0), "gone": counters(5)}
    after = {"web": counters(110), "db": counters(50), "new": counters(5)}
    assert rates.rates(before, after, 2.0) == [
        ("db", 25.0, 2500.0, 50.0, 5000.0),
        ("web", 5.0, 500.0, 10.0, 1000.0),
    ]


def test_a_link_that_was_made_anew_counts_from_zero():
    assert rates.rates({"web": counters(100)}, {"web": counters(4)}, 2.0) == [
        ("web", 2.0, 200.0, 4.0, 400.0)
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (999, "999"), (999.6, "1.00k"), (1234, "1.23k"), (12345, "12.3k"), (123456, "123k"),
     (999600, "1.00M"), (1.25e9, "1.25G"), (5e15, "5000T")],
)  # fmt: skip
def test_numbers_have_three_digits(value, said):
    assert answers.scaled(value) == said


REPAIR = "ansible HOST -b -m netiso.portmap.portmap_container -a name=web"
PROBLEM = {
    "kind": "drift",
    "description": "link pm-web is down",
    "containers": ["web", "db"],
    "repair": REPAIR,
}


def test_a_problem_is_one_line_with_its_repair():
    assert answers.check(
        {"problems": [PROBLEM, {**PROBLEM, "containers": [], "repair": None}]}
    ) == [
        f"drift: web, db: link pm-web is down; repair: {REPAIR}",
        "drift: link pm-web is down",
    ]


SOCKET = {"protocol": "TCP", "address": "0.0.0.0", "peer": None, "process": "nginx", "pid": 812}
OWNED = {
    "port": 31000, "owner": "web", "kind": "service", "range": "31000-31007",
    "sockets": [SOCKET, {**SOCKET, "peer": "10.0.0.2:9", "address": "10.0.0.1", "pid": None}],
    "on_host": [{**SOCKET, "protocol": "UDP"}],
    "reachable": {"outside": None, "host": True}, "reasons": ["drift"], "unseen": ["not root: all"],
}  # fmt: skip


def test_who_names_processes_and_reasons():
    assert answers.who(OWNED) == [
        "port 31000: web, service ports 31000-31007",
        "in web: nginx (pid 812) listens on 0.0.0.0 (TCP)",
        "in web: a process unseen is connected from 10.0.0.1 to 10.0.0.2:9 (TCP)",
        "on the host: nginx (pid 812) is bound to 0.0.0.0: in vain, for web owns the port (UDP)",
        "reached from outside: cannot be told, from this host: yes",
        "  drift",
    ]
    assert answers.unseen(OWNED) == ["cannot see everything: not root: all"]


def test_what_is_free_is_a_table():
    found = {"size": 8, "pool": ["31000-31099"], "containers_left": 1}
    stretch = {"ports": "31008-31049", "runs": 5, "first": "31008-31015"}
    assert answers.free({**found, "stretches": [stretch]}) == [
        "FREE         RUNS OF 8  FIRST",
        "31008-31049          5  31008-31015",
        "ephemeral ports are left for 1 container more",
    ]


def test_a_dead_container_is_told_in_the_list():
    one = {"name": "web", "ports": [], "ephemeral_ports": None, "interface": "pm-web"}
    found = [{**one, "up": True, "alive": False}, {**one, "up": False, "alive": None}]
    assert answers.listed({"containers": found}) == [
        "NAME  PORTS  EPHEMERAL  LINK    STATE",
        "web   -      unclear    pm-web  dead: its namespace is gone",
        "web   -      unclear    pm-web  down",
    ]


# --- one command, told four times ---------------------------------------------------------------

FILES = command.files("/usr/bin/python3", "/engine")


def commands() -> dict[str, set[str]]:
    """The long options of each command, as argparse has them."""
    (choices,) = [one.choices for one in portmapctl.parser()._actions if one.choices]
    return {
        name: {word for one in made._actions for word in one.option_strings if word[:2] == "--"}
        for name, made in choices.items()
    }


def test_manual_and_guide_have_every_command_and_option():
    page = FILES[command.PAGE].text.replace("Fl -", "Fl --").replace("Fl ", "")
    guide = (ROOT / "docs/docsite/rst/guide_portmapctl.rst").read_text()
    for name, options in commands().items():
        assert re.search(rf"^\.It Cm {name}\b", page, re.MULTILINE)
        assert f"``portmapctl {name}" in guide
        for option in options:
            assert option in page
            assert option in guide


def test_groff_finds_no_fault_in_the_manual_page():
    done = subprocess.run(
        ["groff", "-mandoc", "-ww", "-z"],
        input=FILES[command.PAGE].text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    assert max(map(len, FILES[command.PAGE].text.splitlines())) <= 80


def test_the_program_believes_no_environment_and_no_directory():
    first, *rest = FILES[command.PROGRAM].text.splitlines()
    assert first == "#!/usr/bin/python3 -I"
    assert 'sys.path.insert(0, "/engine")' in rest
