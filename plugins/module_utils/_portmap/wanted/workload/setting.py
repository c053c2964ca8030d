# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a workload is to run, and where its files and its sandbox are.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

UNITS = "/etc/systemd/system"
ENVIRONMENTS = "/etc/netiso-workloads"
SANDBOXES = "netiso-workloads"  # below /var/lib
RUN = "netiso-workloads"  # below /run, while it runs


class Setting(NamedTuple):
    """`handle` is the path of the container's handle, `version` that of the host's systemd.

    `ping_groups`: the host's net.ipv4.ping_group_range, which its containers have, too.
    """

    handle: str
    environment: Mapping[str, str]
    version: int
    ping_groups: str = ""


def environment_path(name: str) -> str:
    return f"{ENVIRONMENTS}/{name}.env"


def sandbox_path(name: str) -> str:
    return f"/var/lib/{SANDBOXES}/{name}"


def made_sandbox(name: str, owner: str = "") -> str:
    """The line that makes it, for an engine whose user is not that of the unit.

    StateDirectory= gives all in it to the user of the unit with every command, that which stops it, too.
    """
    whose = f"--owner={owner} " if owner else ""
    return f"ExecStartPre=install --directory {whose}{sandbox_path(name)}"
