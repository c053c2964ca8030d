# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host takes its own ports from a range in which containers own ports.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ...values import ports
from ...values.options import HostOptions
from .problem import Problem, few

KIND = "host_range"
_SYSCTL = "net.ipv4.ip_local_port_range"


def problems(
    own: ports.Range, options: HostOptions, owners: Mapping[str, ports.Ranges]
) -> list[Problem]:
    """`own` is the host's range as it is; `owners` are the ports of containers."""
    pools = options.pools
    shared = ports.intersect((*pools.service, pools.ephemeral), [own])
    if not shared:
        return []
    hit = tuple(sorted(name for name, owned in owners.items() if ports.intersect(owned, [own])))
    said = f"the host takes its own ports from {own} ({_SYSCTL}), and {ports.text(shared)} of them"
    said += " are for containers: connections of the host from there get no answer"
    if hit:
        said += f" where a container owns the port ({few(hit)})"
    asked = options.host_ephemeral
    repair = f"sysctl -w {_SYSCTL}='{asked.first} {asked.last}'" if asked else ""
    return [Problem(KIND, said, hit, repair)]
