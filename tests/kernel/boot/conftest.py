# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of what a host does without a run of Ansible: at boot, when it changes, when asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import changing
from asking import server as server
from asking import wired as wired
from installed import host as host
from installed import installed as installed
from lab.follower import Follower, following
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import POOLS
from reboots import keeping as keeping
from reboots import placed as placed
from reboots import reboot as reboot
from reboots import shipped as shipped


@pytest.fixture
def two(modules: Modules) -> Modules:
    """The modules of a host with the containers `web` and `db`."""
    modules.host(**POOLS)
    modules.container(containers=changing.CONTAINERS)
    return modules


@pytest.fixture
def follower(lab: Lab, two: Modules) -> Iterator[Follower]:
    """What follows the host of `two`."""
    with following(lab.host) as made:
        made.rests()
        yield made
