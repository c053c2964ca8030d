# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a workload is to run, and where its files and its sandbox are.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

UNITS = "/etc/systemd/system"
ENVIRONMENTS = "/etc/netiso-workloads"
SANDBOXES = "netiso-workloads"  # below /var/lib


class Setting(NamedTuple):
    """`handle` is the path of the container's handle, `version` that of the host's systemd."""

    handle: str
    environment: Mapping[str, str]
    version: int


def environment_path(name: str) -> str:
    return f"{ENVIRONMENTS}/{name}.env"


def sandbox_path(name: str) -> str:
    return f"/var/lib/{SANDBOXES}/{name}"
