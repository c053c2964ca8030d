# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers that we chose for the filters of eBPF steering.

They lie in the kernels of hosts in use, and later versions must find them: never change one.
"""

from __future__ import annotations

PRIORITY = 0x80  # before all of u32 steering, so that a host can go over without losing a packet
HANDLE = 0x80
PROGRAM = "pm_steer"

# The class of a filter says where it is: the number of a container, 1 to HIGHEST, and which link.
# The host's interfaces have 0.
INSIDE_LOOPBACK, INSIDE_PUBLIC = 0x4000, 0x8000
# And where comes out what was made wait: with the number of the pair of links.
SHAPED = 0x2000
# The host's interfaces whose packets have no header of Ethernet.
BARE = 0x1000
# What leaves by an interface of the host.
LEAVING = 0xC000
NUMBER_MASK = 0x0FFF
# Networks of IPv6 have it besides the number of a container.
IPV6_NETWORK = 0x10000
HIGHEST = 4095

CONFIG, TENANTS, PORTS = "pm_config", "pm_tenants", "pm_ports"
ADDRESSES, DROPS, RECEIVED = "pm_addresses", "pm_drops", "pm_received"
HOST_PORTS, NETWORKS = "pm_host_ports", "pm_networks"
NAMESPACES = "pm_namespaces"

# As enum reason of bpf/steer.h.
REASONS = (
    "malformed",
    "address",
    "port",
    "protocol",
    "icmp",
    "fragment",
    "request",
    "offload",
    "host",
)
ARRIVING = ("sender",)  # those of them that are about what it receives, after the others
