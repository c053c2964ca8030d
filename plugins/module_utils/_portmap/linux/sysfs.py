# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files below /sys, as the network namespace that we are in has them."""

from __future__ import annotations

import os
from functools import lru_cache

from . import detached

_ASSIGNED = 3  # NET_ADDR_SET, linux/netdevice.h


def has_fixed_mac(link: str) -> bool:
    """Whether somebody has set the MAC of a link; a bridge without that takes one of its ports."""
    return _read(f"class/net/{link}/addr_assign_type") == str(_ASSIGNED)


def calls_iptables(bridge: str) -> bool:
    """Whether a bridge itself wants its packets to meet the hooks of IPv4."""
    return _read(f"class/net/{bridge}/bridge/nf_call_iptables") == "1"


def group(link: str) -> str:
    """The group of a link, as a number; "" when there is no such link."""
    return _read(f"class/net/{link}/netdev_group")


def speed(link: str) -> int:
    """Megabits a second, as the card says; 0 when it says nothing, as virtual ones do."""
    try:
        said = _read(f"class/net/{link}/speed")
    except OSError:  # EINVAL: of a link that is down, or has no speed
        return 0
    return max(int(said or 0), 0)


@lru_cache(maxsize=1)
def possible_cpus() -> int:
    """How many values the kernel has of what it counts for each CPU."""
    last = _read("devices/system/cpu/possible").replace(",", "-").rpartition("-")[2]
    return int(last or 0) + 1


def _read(path: str) -> str:
    """ "" when there is no such file.

    That at /sys may be of another namespace: we look through an instance that is mounted nowhere, where
    the libc and the kernel know such.
    """
    root = detached.instance(b"sysfs", "/sys")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=root)
    except FileNotFoundError:
        return ""
    finally:
        os.close(root)
    with open(descriptor, encoding="ascii") as file:
        return file.read().strip()
