# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steering by eBPF under kernels of other releases: who answers, over IPv4 and IPv6, and how long datagrams fare."""

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
GUEST = Path(__file__).with_name("guest_steering.py")
RELEASES = {"bullseye": "5.10.", "bookworm": "6.1."}
NEEDS = emulated.Guest(
    modules=("veth", "bridge", "sch_ingress", "cls_bpf"),
    directories=("drivers/net", "net/802", "net/bridge", "net/ipv6", "net/llc", "net/sched"),
)


@cache
def machine(release: str) -> dict[str, Any]:
    return emulated.told(release, GUEST, guest=NEEDS)


@pytest.fixture(params=RELEASES)
def told(request: pytest.FixtureRequest) -> dict[str, Any]:
    found = machine(request.param)
    if "missing" in found:
        pytest.skip(f"no machine with the kernel of {request.param}: {found['missing']}")
    assert "failed" not in found, found["failed"]
    assert found["kernel"].startswith(RELEASES[request.param])
    return found


def test_a_new_host_takes_the_program(told: dict[str, Any]) -> None:
    assert told["steering"] == "bpf"


def test_everybody_is_answered_by_whom_he_asks(told: dict[str, Any]) -> None:
    assert told["wrong"] == {}


def test_long_datagrams_come_back_whole(told: dict[str, Any]) -> None:
    assert {path: size for path, size in told["datagrams"].items() if size != 5000} == {}


def test_a_ping_is_answered_once(told: dict[str, Any]) -> None:
    assert set(told["pings"].values()) == {"answered"}


def test_a_second_run_changes_nothing(told: dict[str, Any]) -> None:
    assert told["again"] == []
    # Before Linux 5.12 nobody tells whether what a card shall cut fits the MTU.
    known = ["offloads"] if told["kernel"].startswith(RELEASES["bullseye"]) else []
    assert [one["kind"] for one in told["problems"]] == known
