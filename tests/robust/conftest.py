# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of trouble: a prepared host, two containers, traffic that never stops."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import stage
from lab.steering import pytest_generate_tests as pytest_generate_tests
from lab.steering import steering as steering
from stage import Stage


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="do all that tests marked so can do, for hours"
    )


def pytest_configure(config: pytest.Config) -> None:
    if os.geteuid() != 0 and os.environ.get("CI"):
        pytest.exit("these tests need root", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() != 0:
        for item in items:
            if "test_fuzz" not in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> bool:
    mark = request.node.get_closest_marker("thorough")
    assert mark, "make test-all leaves out what is not marked as thorough"
    assert mark.args, "say why make test does not do it"
    return bool(request.config.getoption("--thorough"))


@pytest.fixture
def bare() -> Iterator[Stage]:
    """A host on which nothing was done yet."""
    with stage.bare() as made:
        yield made


@pytest.fixture
def placed(steering: str) -> Iterator[Stage]:
    """A host with the containers `web` and `db`."""
    with stage.bare() as made:
        stage.prepare(made)
        yield made
