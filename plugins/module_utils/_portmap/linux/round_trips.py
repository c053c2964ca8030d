# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long packets of TCP connections take there and back, from the kernel's table of sockets (sock_diag).

Source: linux/inet_diag.h, struct inet_diag_req_v2 and inet_diag_msg; linux/tcp.h, struct tcp_info.
"""

from __future__ import annotations

import socket
import struct

from . import uapi as k
from .attributes import attributes
from .netlink import Socket
from .requests import Request

_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = struct.Struct("=BBBxI48x")
_MESSAGE_BYTES = 72
_INET_DIAG_INFO = 2
_ASKED_INFO = 1 << (_INET_DIAG_INFO - 1)
_RTT = struct.Struct("=68xI")  # tcpi_rtt
# The others have no struct tcp_info, or no peer: SYN_SENT, SYN_RECV, TIME_WAIT, CLOSE, LISTEN.
_ESTABLISHED, _FIN_WAIT1, _FIN_WAIT2, _CLOSE_WAIT, _LAST_ACK, _CLOSING = 1, 4, 5, 8, 9, 11
_STATES = sum(
    1 << state
    for state in (_ESTABLISHED, _FIN_WAIT1, _FIN_WAIT2, _CLOSE_WAIT, _LAST_ACK, _CLOSING)
)


def round_trips(diag: Socket) -> list[int]:
    """Microseconds of each TCP connection, IPv4 and IPv6, of the namespace in which the socket was made.

    Without those that have not measured any.  Both ends count of a connection within the namespace.
    """
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        payload = _REQUEST.pack(family, k.IPPROTO_TCP, _ASKED_INFO, _STATES)
        asked = Request(_SOCK_DIAG_BY_FAMILY, 0, payload, "list the connections of a container")
        found += [rtt for message in diag.dump(asked) if (rtt := _round_trip(message))]
    return found


def _round_trip(message: bytes) -> int:
    for kind, info in attributes(message, _MESSAGE_BYTES):
        if kind == _INET_DIAG_INFO and len(info) >= _RTT.size:
            return int(_RTT.unpack_from(info)[0])
    return 0
