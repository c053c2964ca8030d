# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The eBPF programs that are attached before all filters of a link (tcx, since Linux 6.6)."""

from __future__ import annotations

from ..linux import uapi as k
from ..values.errors import Unsupported
from . import programs
from .call import Refused


def attached(ifindex: int) -> list[int]:
    """The ids of the programs at the ingress of a link; none where the kernel knows of no tcx."""
    if not ifindex:
        return []
    try:
        return programs.attached(ifindex, k.BPF_TCX_INGRESS, "ask for the programs of a link")
    except (Refused, Unsupported):
        return []
