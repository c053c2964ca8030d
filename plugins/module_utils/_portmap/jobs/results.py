# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host and containers as modules return them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..memory.record import Record
from ..sight.namespace import handle_path
from ..values import ports, tenants
from ..wanted import claims


def reported(
    requests: Sequence[claims.Request], containers: Sequence[tenants.Container]
) -> list[dict[str, Any]]:
    """The containers in the order of the requests."""
    placed = {container.name: container for container in containers}
    return [
        report(placed[request.name]) if request.name in placed else report_absent(request.name)
        for request in requests
    ]


def report(container: tenants.Container) -> dict[str, Any]:
    return {
        "name": container.name,
        "state": "present",
        "netns": handle_path(container.handle),
        "interface": container.veth.link,
        "ports": [str(item) for item in container.service],
        "ephemeral_ports": str(container.ephemeral) if container.ephemeral else None,
    }


def report_absent(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "state": "absent",
        "netns": None,
        "interface": None,
        "ports": [],
        "ephemeral_ports": None,
    }


def host_report(host: tenants.Host, wanted: Record, host_ephemeral: ports.Range) -> dict[str, Any]:
    """A prepared host; `wanted` is its record."""
    return {
        "public_interface": host.public,
        "loopback_interface": host.loopback,
        "address": f"{host.address}/{host.prefix}",
        "mac": host.mac,
        "mtu": host.mtu,
        "gateway": host.gateway or None,
        "ports": [str(item) for item in wanted.pools.service],
        "ephemeral_ports": str(wanted.pools.ephemeral),
        "ephemeral_ports_per_container": wanted.pools.per_container,
        "host_ephemeral_ports": str(host_ephemeral),
        "rp_filter": wanted.rp_filter,
    }
