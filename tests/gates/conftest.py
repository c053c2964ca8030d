# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates for what Ansible's own tools do not look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import machines
from lab.machines import Lab
from playing import Desk


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A host for the tests of one file, on which nothing was done yet."""
    need_root()
    with machines.lab() as built:
        built.host.own_directories()
        yield built


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A place to type commands for a host on which nothing was done yet."""
    need_root()
    with machines.lab() as built:
        built.host.own_directories()
        yield Desk(built, tmp_path)


def need_root() -> None:
    if os.geteuid() != 0:
        pytest.fail("this gate runs the modules in namespaces: it needs root")
