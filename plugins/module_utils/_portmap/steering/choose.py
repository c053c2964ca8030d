# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steering a host uses.  Only here are the ways of steering known by name."""

from __future__ import annotations

from .plane import Plane
from .u32.plane import U32


def plane() -> Plane:
    return U32()
