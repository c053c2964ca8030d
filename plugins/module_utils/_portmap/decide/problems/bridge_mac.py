# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public interface is a bridge whose MAC is not fixed: it changes when ports join or leave.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ...values.tenants import Host
from .problem import Problem

KIND = "bridge_mac"


def problems(now: Host, given: Host, names: Sequence[str]) -> list[Problem]:
    """Of a bridge without a fixed MAC.  `given`: the host as all containers were last made after it."""
    said = f"the public interface {now.public} is a bridge without a fixed MAC"
    repair = f"ip link set dev {now.public} address {given.mac}"
    if now.mac == given.mac:
        said += (
            ": when a port joins or leaves, it takes another one, and no packet finds a container"
        )
        return [Problem(KIND, f"{said}; fix it where the bridge is configured, too", (), repair)]
    said += f". It has {now.mac} now, and containers have {given.mac}: no packet finds them"
    return [Problem(KIND, said, tuple(names), repair)]
