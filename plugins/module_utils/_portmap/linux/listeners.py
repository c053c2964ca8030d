# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports on which processes of the host listen, from the kernel's socket table (sock_diag).

Source: linux/inet_diag.h, struct inet_diag_req_v2 and inet_diag_msg.
"""

from __future__ import annotations

import socket
import struct

from . import uapi as k
from .netlink import Socket
from .requests import Request

_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = struct.Struct("=BBBxI48x")
_PORT = struct.Struct(">H")
_PORT_OFFSET = 4  # behind family, state, timer and retransmits
_LISTEN, _UNCONNECTED = 1 << 10, 1 << 7


def listening_ports() -> set[int]:
    """TCP ports listened on and UDP ports bound, IPv4 and IPv6, in the current namespace."""
    found: set[int] = set()
    diag = Socket(k.NETLINK_SOCK_DIAG)
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            for protocol, states in ((k.IPPROTO_TCP, _LISTEN), (k.IPPROTO_UDP, _UNCONNECTED)):
                payload = _REQUEST.pack(family, protocol, 0, states)
                asked = Request(_SOCK_DIAG_BY_FAMILY, 0, payload, "list the host's sockets")
                for message in diag.dump(asked):
                    found.add(_PORT.unpack_from(message, _PORT_OFFSET)[0])
    finally:
        diag.close()
    return found
