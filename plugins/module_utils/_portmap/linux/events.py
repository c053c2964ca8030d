# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""That links, addresses and routes of this network namespace have changed, as the kernel announces it."""

from __future__ import annotations

import errno
import select
import socket
import struct

from . import uapi as k

_GROUPS = (
    k.RTMGRP_LINK | k.RTMGRP_NEXTHOP
    | k.RTMGRP_IPV4_IFADDR | k.RTMGRP_IPV4_ROUTE | k.RTMGRP_IPV4_RULE
    | k.RTMGRP_IPV6_IFADDR | k.RTMGRP_IPV6_ROUTE | k.RTMGRP_IPV6_RULE
)  # fmt: skip
_ABOUT = {
    **dict.fromkeys((k.RTM_NEWLINK, k.RTM_DELLINK), "links"),
    **dict.fromkeys((k.RTM_NEWADDR, k.RTM_DELADDR), "addresses"),
}
_ROUTES = "routes"  # rules and next hops too
_ROOM = 64 << 10  # bytes of announcements kept: that there are some is all that has to be known
_READ = 1024  # announcements read at a time: while they are read, there come more
_TYPE = struct.Struct("=IH")


class Listener:
    """What was announced since it was made, or last drained."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, k.NETLINK_ROUTE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        self._socket.bind((0, _GROUPS))
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN | select.POLLERR)

    def wait(self, seconds: float | None) -> bool:
        """Whether something was announced in that time; None waits for ever."""
        return bool(self._poll.poll(None if seconds is None else seconds * 1000))

    def drain(self) -> frozenset[str]:
        """What the announcements were about; those that did not fit could have been about anything."""
        found = set()
        for _at in range(_READ):
            try:
                head = self._socket.recv(_TYPE.size)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                found |= {*_ABOUT.values(), _ROUTES}
                continue
            if len(head) == _TYPE.size:
                found.add(_ABOUT.get(_TYPE.unpack(head)[1], _ROUTES))
        return frozenset(found)

    def close(self) -> None:
        self._socket.close()
