# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab on a machine that has handles of namespaces itself: one that is a lab, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.machines import Machine
from lab.modules import ROOT

MADE = """
from lab.machines import Machine
for _ in range(20):
    Machine("inner").close()
print("made")
"""


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine with a handle, below a mount that is shared, as ip(8) makes it."""
    made = Machine("outer")
    try:
        made.run("ip", "netns", "add", "busy")
        yield made
    finally:
        made.close()


def test_a_machine_is_made_while_handles_come_and_go(machine: Machine) -> None:
    """Who deletes a handle unmounts it in every mount namespace that has a copy."""
    churn = [
        machine.start("sh", "-c", f"while ip netns add h{n} && ip netns delete h{n}; do :; done")
        for n in range(2)
    ]
    try:
        python = ("env", f"PYTHONPATH={ROOT}/tests", "python3", "-c", MADE)
        assert machine.run(*python).stdout == "made\n"
        assert [process.poll() for process in churn] == [None] * 2
    finally:
        for process in churn:
            process.kill()
            process.communicate()


def test_the_sandbox_has_none_of_the_handles_of_the_machine(machine: Machine) -> None:
    sandbox = str(ROOT / "tools" / "sandbox")
    told = machine.run(sandbox, "sh", "-ec", "ip netns list; ip netns add mine; ip netns list")
    assert told.stdout == "mine\n"
    assert machine.run("ip", "netns", "list").stdout == "busy\n"


def test_the_sandbox_is_a_host_of_its_own(machine: Machine) -> None:
    script = "ip -o route show; echo processes: /proc/[0-9]*; pwd; exit 7"
    done = machine.run("env", f"--chdir={ROOT}", "tools/sandbox", "sh", "-ec", script, check=False)
    assert done.returncode == 7
    assert "default via 10.0.0.254 dev eth0" in done.stdout
    assert "processes: /proc/1\n" in done.stdout
    assert done.stdout.endswith(f"\n{ROOT}\n")
