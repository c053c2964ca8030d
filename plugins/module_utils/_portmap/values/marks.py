# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marks by which our links are known.

They lie in the kernels of hosts in use, and later versions must find them: never change one.
"""

from __future__ import annotations

LINK_GROUP = 28781  # 0x706d, "pm": set in the request that creates a veth, so it is never without
ALIAS_PREFIX = "portmap:"
VETH_PREFIX = "pm-"

# Bridges that stay down, on which what no filter took ends: see objects/bridge.py.  No veth can have
# such a name.  A bridge has 1,023 ports; a container's name says which one is its own, so that nobody
# has to be asked, and all containers that a host has ports for find room.
BRIDGE_GROUP = 28783
BRIDGE_MAC = "02:70:6d:00:00:01"  # nobody ever hears it
BRIDGE_ALIAS = "drops what containers must not send"
BRIDGE_PREFIX = "portmap-sink"
BRIDGES = tuple(f"{BRIDGE_PREFIX}{number}" for number in range(8))

# What the loopback interface is left with: the kernel refuses zeros, and programs that look for the
# host's uplink by its MAC must not find this one.
LOOPBACK_MAC_LEFT = "02:70:6d:00:00:02"

# Pairs in the host through which goes what is limited: its classes are on the first end, and the second
# one passes it on.  No veth of a container can have such a name, and files that match pm-* match it.
SHAPER_GROUP = 28784
SHAPERS = (
    ("pm--lim0", "pm--lim1"),
    ("pm--lim2", "pm--lim3"),
)  # to the outside; to host and siblings
ENTRANCES = frozenset(first for first, _second in SHAPERS)
# What every neighbour of a container has, as far as it can tell: no frame leaves with it.
NOBODY = "02:70:6d:00:00:03"
IPV6_GATEWAY = "fe80::1"  # of every container, that it need not ask for neighbours
SHAPING_HANDLE = 0x706D0000  # "pm": of the root qdiscs that we make

OUR_GROUPS = (LINK_GROUP, BRIDGE_GROUP, SHAPER_GROUP)
