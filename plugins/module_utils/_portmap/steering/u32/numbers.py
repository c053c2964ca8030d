# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers that we chose for filters and tables of u32.

Priorities, tables and nodes lie in the kernels of hosts in use, and later versions must find them:
never change one.
"""

from __future__ import annotations

MIRRORS_PER_FILTER = 32  # the kernel refuses the 33rd action of a filter (TCA_ACT_MAX_PRIO)

# Before all others: the programs that sort out what no filter shall look at.
PRIO_FIRST = 0x0100  # 256

# Priorities as in Apache Mesos: kind in bits 8-15 (1 ARP, 2 ICMP, 3 IP), rank in bits 0-7.
PRIO_ARP = 0x0102  # 258
PRIO_ICMP_ERROR = 0x0201  # 513
PRIO_ICMP = 0x0202  # 514
PRIO_OWN = 0x0301  # 769
PRIO_IP = 0x0302  # 770
PRIO_IP_OUT = 0x0303  # 771
PRIO_DROP = 0xFFFF  # the last there is

OUR_PRIORITIES = frozenset(
    (PRIO_FIRST, PRIO_ARP, PRIO_ICMP_ERROR, PRIO_ICMP, PRIO_OWN, PRIO_IP, PRIO_IP_OUT, PRIO_DROP)
)

# Of the programs; the kernel gives a stranger's first one the handle 1, and only we use PRIO_DROP.
PROGRAM_HANDLES = {PRIO_FIRST: 0x100, PRIO_DROP: 1}

# Beside the first one of a veth; the kernel asks both, whatever their order.
OFFLOAD_HANDLE = 0x200
OFFLOAD_PROGRAM = "pm_offload"

# u32 hash tables carry the number of their priority; they are shared by all priorities of a qdisc.
TABLE_ICMP_ERROR = 0x201
TABLE_ICMP = 0x202
TABLE_OWN = 0x301
TABLE_IP = 0x302
TABLE_IP_OUT = 0x303

OUR_TABLES = frozenset((TABLE_ICMP_ERROR, TABLE_ICMP, TABLE_OWN, TABLE_IP, TABLE_IP_OUT))

# Automatic u32 nodes start at 0x800, ours in a priority's root table lie below: nobody collides.
FIRST_AUTOMATIC_NODE = 0x800
