# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates for what Ansible's own tools do not look at."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lab import machines
from lab.machines import Lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A host for the tests of one file, on which nothing was done yet."""
    if os.geteuid() != 0:
        pytest.fail("this gate runs the modules in namespaces: it needs root")
    with machines.lab() as built:
        yield built
