# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pools of ports that hosts are prepared with: options of portmap_host."""

from __future__ import annotations

from typing import Any

# Those of the original's own tests.
POOLS: dict[str, Any] = {
    "ports": ["31000-32000"],
    "ephemeral_ports": "30001-30999",
    "ephemeral_ports_per_container": 16,
}
# Room for a thousand containers.
LARGE: dict[str, Any] = {
    "ports": ["20000-28999", "31000-32499"],
    "ephemeral_ports": "2048-19999",
    "ephemeral_ports_per_container": 16,
}
# Those of the documents.
DOCUMENTED: dict[str, Any] = {
    "ports": ["31000-31999"],
    "ephemeral_ports": "32768-57343",
    "host_ephemeral_ports": "57344-60999",
}
