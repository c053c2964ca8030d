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
