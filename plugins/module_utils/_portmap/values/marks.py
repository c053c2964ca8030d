# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marks by which our links are known.

They lie in the kernels of hosts in use, and later versions must find them: never change one.
"""

from __future__ import annotations

LINK_GROUP = 28781  # 0x706d, "pm": set in the request that creates a veth, so it is never without
ALIAS_PREFIX = "portmap:"
VETH_PREFIX = "pm-"
