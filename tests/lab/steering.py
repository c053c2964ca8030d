# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways in which packets find their container, and which tests are run with each of them.

`PORTMAP_STEERING=bpf` (or u32) in the environment runs any test with that one alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TypeVar

import pytest

U32, BPF = "u32", "bpf"
ALONE = os.environ.get("PORTMAP_STEERING", "")

# Files of tests that `make test` runs with both; `make thorough` runs the others with the second one.
BOTH = {
    "test_matrix", "test_ping_arp", "test_arriving", "test_leaving", "test_forty", "test_lost",
    "test_cost", "test_fair_shares",
    # of tests/robust, those that say most for their time
    "test_hostile", "test_frames", "test_frames_unfinished", "test_drift",
}  # fmt: skip

# what u32 cannot do
OF_BPF = {
    "test_datagrams", "test_whole_host", "test_access", "test_allow_from", "test_ipv6",
    "test_ipv6_frames", "test_ipv6_life", "test_ipv6_mutations", "test_own_flows",
    "test_own_flows_ipv6",
}  # fmt: skip

used = ALONE or U32  # of the test that runs


def ways(file: str) -> tuple[str, ...]:
    if file in OF_BPF:
        return (BPF,)
    if ALONE:
        return (ALONE,)
    return (U32, BPF) if file in BOTH else (U32,)


Fact = TypeVar("Fact")


def by_way(u32: Fact, bpf: Fact) -> Fact:
    """What is true of the one and of the other: wherever they differ, this says so."""
    return bpf if used == BPF else u32


def only(way: str, why: str) -> None:
    """Skip what is about this one alone."""
    if used != way:
        pytest.skip(f"with {way} only: {why}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test has the fixture `steering`; those with one way alone keep their names."""
    file = metafunc.module.__name__.rpartition(".")[2]
    if ways(file) != (ALONE or U32,) and "steering" in metafunc.fixturenames:
        metafunc.parametrize("steering", ways(file), indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def steering(request: pytest.FixtureRequest) -> Iterator[str]:
    """Hosts that are prepared while it lasts have this steering; conftest.py of each folder imports it."""
    global used
    before, used = used, getattr(request, "param", ALONE or U32)
    yield used
    used = before
