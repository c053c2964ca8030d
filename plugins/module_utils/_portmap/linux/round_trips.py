# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long packets of TCP connections take there and back, from the kernel's table of sockets (sock_diag).

The older request tells both families, so the kernel walks through its table, which all namespaces share, once.

Source: linux/inet_diag.h, struct inet_diag_req and inet_diag_msg; linux/tcp.h, struct tcp_info.
"""

from __future__ import annotations

import struct

from .attributes import attributes
from .netlink import Socket
from .requests import Request

_TCPDIAG_GETSOCK = 18
_REQUEST = struct.Struct("=BxxB48xII")  # family, what is asked for besides, states, "dbs"
_MESSAGE_BYTES = 72
_ANY_FAMILY = 0
_INET_DIAG_INFO = 2
_ASKED_INFO = 1 << (_INET_DIAG_INFO - 1)
_RTT = struct.Struct("=68xI")  # tcpi_rtt
_ESTABLISHED, _CLOSE_WAIT = 1, 8  # what the kernel counts as CurrEstab
_STATES = 1 << _ESTABLISHED | 1 << _CLOSE_WAIT


def round_trips(diag: Socket) -> list[int]:
    """Microseconds of each TCP connection, IPv4 and IPv6, of the namespace in which the socket was made.

    Without those that have not measured any.  Both ends count of a connection within the namespace.
    """
    asked = Request(
        _TCPDIAG_GETSOCK,
        0,
        _REQUEST.pack(_ANY_FAMILY, _ASKED_INFO, _STATES, 0),
        "list the connections of a container",
    )
    return [rtt for message in diag.dump(asked) if (rtt := _round_trip(message))]


def _round_trip(message: bytes) -> int:
    for kind, info in attributes(message, _MESSAGE_BYTES):
        if kind == _INET_DIAG_INFO and len(info) >= _RTT.size:
            return int(_RTT.unpack_from(info)[0])
    return 0
