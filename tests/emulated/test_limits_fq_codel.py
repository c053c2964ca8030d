# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits on a kernel that has fq_codel, as Debian's: it is what packets wait in."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import emulated

pytestmark = [
    pytest.mark.thorough("an emulated machine takes minutes"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
GUEST = Path(__file__).with_name("guest_limits.py")
NEEDS = emulated.Guest(
    modules=(
        "veth", "bridge", "sch_htb", "sch_ingress", "cls_u32", "cls_bpf", "act_mirred", "act_gact",
    ),
    directories=("drivers/net", "net/802", "net/bridge", "net/ipv6", "net/llc", "net/sched"),
)  # fmt: skip
RATE = 2e6


@cache
def machine() -> dict[str, Any]:
    return emulated.told("bookworm", GUEST, guest=NEEDS)


@pytest.fixture
def told() -> dict[str, Any]:
    if "missing" in machine():
        pytest.skip(f"no machine with the kernel of bookworm: {machine()['missing']}")
    assert "failed" not in machine(), machine()["failed"]
    return machine()


def test_packets_wait_in_fq_codel_and_the_result_says_so(told: dict[str, Any]) -> None:
    leaves = [line for line in told["changes"] if line.endswith("leaf fq_codel")]
    assert len(leaves) == 2
    assert not any("tbf" in line for line in told["changes"])
    assert told["queues"]["pm-web"]["fq_codel"] > 100
    assert told["queues"]["pm--lim0"]["fq_codel"] > 100
    assert "htb" not in told["left"]


def test_a_second_run_finds_it_again(told: dict[str, Any]) -> None:
    assert told["again"] is False
    assert told["problems"] == []


@pytest.mark.parametrize("way", ["send", "receive"])
def test_the_rate_is_kept(told: dict[str, Any], way: str) -> None:
    assert told["reached"][way] == pytest.approx(RATE, rel=0.1)


def test_an_answer_does_not_wait_behind_the_connections_beside_it(told: dict[str, Any]) -> None:
    """A queue of a thousand packets would take six seconds at this rate."""
    waited = sorted(told["waited"])
    assert waited[len(waited) * 80 // 100] < 0.2
