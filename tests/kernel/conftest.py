# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the kernel tests: labs, modules, and a host with three containers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import scene
from lab import machines
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.steering import pytest_generate_tests as pytest_generate_tests
from lab.steering import steering as steering
from refusals import bare_host as bare_host
from refusals import crowded as crowded
from refusals import crowded_host as crowded_host


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "smoke: one look at each promise, in seconds")
    if os.geteuid() != 0 and os.environ.get("CI"):
        pytest.exit("the kernel tests need root: sudo make kernel", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root: sudo make kernel"))


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A host on which nothing was done yet."""
    with machines.lab() as built:
        yield built


@pytest.fixture
def modules(lab: Lab) -> Modules:
    return Modules(lab.host)


@pytest.fixture
def prepared(modules: Modules) -> Modules:
    """The modules of a host that is ready for containers."""
    modules.host(**POOLS)
    return modules


@pytest.fixture(scope="module")
def three(steering: str) -> Iterator[scene.Three]:
    """Three containers with servers, shared by the tests of a file that only look."""
    with scene.three() as made:
        yield made
