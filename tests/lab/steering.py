# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways in which packets find their container. Tests of packets are run with each of them."""

from __future__ import annotations

import pytest

STEERINGS = ("u32",)


@pytest.fixture(scope="module", params=STEERINGS)
def steering(request: pytest.FixtureRequest) -> str:
    """For fixtures that prepare a host; conftest.py of each folder imports it."""
    return str(request.param)
