# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of host shapes: what operators' machines look like, and do while they run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import machines
from lab.machines import Lab
from lab.modules import Modules
from lab.steering import pytest_generate_tests as pytest_generate_tests
from lab.steering import steering as steering


def pytest_configure(config: pytest.Config) -> None:
    if os.geteuid() != 0 and os.environ.get("CI"):
        pytest.exit("the tests of host shapes need root: sudo make hosts", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root: sudo make hosts"))


@pytest.fixture
def lab(steering: str) -> Iterator[Lab]:
    """A host on which nothing was done yet."""
    with machines.lab() as built:
        # Its address of IPv6 would come later, and make states differ.
        built.host.shell("ip link set eth0 addrgenmode none; ip -6 address flush dev eth0")
        yield built


@pytest.fixture
def modules(lab: Lab) -> Modules:
    return Modules(lab.host)
