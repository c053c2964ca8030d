# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers as modules return them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import claims, parties
from .inside import handle_path


def reported(
    requests: Sequence[claims.Request], containers: Sequence[parties.Container]
) -> list[dict[str, Any]]:
    """The containers in the order of the requests."""
    placed = {container.name: container for container in containers}
    return [
        report(placed[request.name]) if request.name in placed else report_absent(request.name)
        for request in requests
    ]


def report(container: parties.Container) -> dict[str, Any]:
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
