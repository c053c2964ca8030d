# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers by which a namespace knows others: they end with them, and hold them not.

Source: linux/net_namespace.h, net/core/net_namespace.c.
"""

from __future__ import annotations

import errno
import struct

from . import messages
from . import uapi as k
from .attributes import attribute, attributes
from .netlink import Socket, refused
from .requests import Request

_HEAD = bytes(4)  # struct rtgenmsg, padded
_SIGNED = struct.Struct("=i")
_NSID, _FD = 1, 3
_ANY = -1


def number_of(sock: Socket, namespace: int) -> int:
    """The number of the namespace of a descriptor, given by the kernel if it has none yet."""
    which = attribute(_FD, struct.pack("=I", namespace))
    give = _HEAD + attribute(_NSID, _SIGNED.pack(_ANY)) + which
    made = Request(k.RTM_NEWNSID, k.NLM_F_ACK, give, "number a namespace")
    asked = Request(k.RTM_GETNSID, 0, _HEAD + which, "read the number of a namespace")
    refused(made, sock.send([made])[0], (errno.EEXIST,))
    reply = sock.send([asked])[0]
    refused(asked, reply)
    found = dict(attributes(reply.data or b"", len(_HEAD)))
    return int(_SIGNED.unpack(found[_NSID])[0])


def known_number(sock: Socket, namespace: int) -> int | None:
    """The number that the namespace of a descriptor has already; None when no link has ever led to it."""
    which = attribute(_FD, struct.pack("=I", namespace))
    asked = Request(k.RTM_GETNSID, 0, _HEAD + which, "read the number of a namespace")
    reply = sock.send([asked])[0]
    refused(asked, reply)
    found = dict(attributes(reply.data or b"", len(_HEAD)))
    number = int(_SIGNED.unpack(found[_NSID])[0])
    return number if number != _ANY else None


def number_behind(ifindex: int) -> int | None:
    """That of the namespace of the other end of a pair of links, of which one is here; None without one."""
    sock = Socket()
    try:
        asked = Request(k.RTM_GETLINK, 0, messages.ask_link_at(ifindex), f"read link {ifindex}")
        reply = sock.send([asked])[0]
        return messages.read_link(reply.data).peer_nsid if reply.data else None
    finally:
        sock.close()


def is_alive(sock: Socket, number: int) -> bool:
    """Whether something still holds the namespace; a kernel that cannot tell says no."""
    asked = _HEAD + attribute(_NSID, _SIGNED.pack(number))
    reply = sock.send([Request(k.RTM_GETNSID, 0, asked, "look for a namespace")])[0]
    return reply.errno == 0
