# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a network card does to frames before the kernel's filters see them (ethtool ioctls)."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

_SIOCETHTOOL = 0x8946  # linux/sockios.h
_ETHTOOL_GFLAGS = 0x25  # linux/ethtool.h
_ETH_FLAG_LRO = 1 << 15


def large_receive_offload(link: str) -> bool:
    """Whether LRO is on; False where the driver does not tell."""
    value = array.array("I", [_ETHTOOL_GFLAGS, 0])
    request = struct.pack("16sP", link.encode(), value.buffer_info()[0])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, _SIOCETHTOOL, request.ljust(40, b"\0"))
    except OSError:
        return False
    return bool(value[1] & _ETH_FLAG_LRO)
