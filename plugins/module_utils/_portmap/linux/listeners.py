# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens in the current namespace, by control group, from the kernel's table of sockets.

The group is the one in which a socket was made, whoever has it now.  Source: linux/inet_diag.h.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct

from ..values.errors import KernelRefused
from ..values.sockets import Listener
from . import uapi as k
from .attributes import attributes
from .netlink import Socket, refused
from .requests import Request

_SOCK_DIAG_BY_FAMILY, _SOCK_DESTROY = 20, 21
_REQUEST = struct.Struct("=BBBxI48s")
_MESSAGE_BYTES = 72
_ID = slice(4, 52)  # of a socket, in a message: ports, addresses, interface, cookie
_INODE_OFFSET = 68
_INET_DIAG_CGROUP_ID = 21
_LISTEN, _CLOSE = 10, 7
# UDP knows no listening: what is bound and not connected hears everybody.
_STATES = {k.IPPROTO_TCP: _LISTEN, k.IPPROTO_UDP: _CLOSE, k.IPPROTO_UDPLITE: _CLOSE}


def listeners() -> list[Listener]:
    found: list[Listener] = []
    diag = Socket(k.NETLINK_SOCK_DIAG)
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            for protocol, state in _STATES.items():
                payload = _REQUEST.pack(family, protocol, 0, 1 << state, b"")
                asked = Request(_SOCK_DIAG_BY_FAMILY, 0, payload, "list listeners")
                with contextlib.suppress(KernelRefused):  # a protocol that it does not have
                    found += (_read(protocol, message) for message in diag.dump(asked))
    finally:
        diag.close()
    return found


def _read(protocol: int, message: bytes) -> Listener:
    told = dict(attributes(message, _MESSAGE_BYTES))
    group = told.get(_INET_DIAG_CGROUP_ID, b"")
    return Listener(
        protocol,
        int.from_bytes(message[4:6], "big"),
        int.from_bytes(group, "little"),
        struct.unpack_from("=I", message, _INODE_OFFSET)[0],
        message[0],
        message[_ID],
    )


def close(one: Listener) -> bool:
    """Have the kernel close a socket; whose it is finds it closed.  False when it is gone already."""
    payload = _REQUEST.pack(one.family, one.protocol, 0, 0xFFFFFFFF, one.id)
    asked = Request(_SOCK_DESTROY, k.NLM_F_ACK, payload, f"close {one}")
    diag = Socket(k.NETLINK_SOCK_DIAG)
    try:
        (reply,) = diag.send([asked])
        refused(asked, reply, (errno.ENOENT,))
    finally:
        diag.close()
    return reply.errno == 0
