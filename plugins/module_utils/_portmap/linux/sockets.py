# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets of the host that use ports, from the kernel's table of sockets (sock_diag), and whose they are.

Source: linux/inet_diag.h, struct inet_diag_req_v2, inet_diag_req, inet_diag_msg and inet_diag_bc_op.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

from ..values.ports import Range
from ..values.sockets import HostSocket
from . import netns, processes
from . import uapi as k
from .attributes import attribute, attributes
from .netlink import Socket
from .requests import Request

_TCPDIAG_GETSOCK, _SOCK_DIAG_BY_FAMILY = 18, 20
_REQUEST = struct.Struct("=BBBxI48x")
_OLD_REQUEST = struct.Struct("=B3x48xII")
# Family and state, the ports, both addresses; the inode is the last field of all.
_MESSAGE = struct.Struct("=BBxx2s2s16s16s")
_INODE = struct.Struct("=I")
_INODE_OFFSET = 68
_BYTES = 72  # of a message, before its attributes
_IPV6_ONLY = 11  # INET_DIAG_SKV6ONLY, of sockets that are not connected
_REQ_BYTECODE = 1
_CONDITION = struct.Struct("=BBHHH")  # an operation, and a second one that holds its port
_SOURCE_PORT_FROM, _SOURCE_PORT_TO = 2, 3
# A TCP socket may still send or receive, or listens; of UDP there are connected and bound ones.
_ESTABLISHED, _SYN_SENT, _SYN_RECV, _FIN_WAIT2, _CLOSE, _CLOSE_WAIT, _LISTEN = 1, 2, 3, 5, 7, 8, 10
_STATES = {
    k.IPPROTO_TCP: (_ESTABLISHED, _SYN_SENT, _SYN_RECV, _FIN_WAIT2, _CLOSE_WAIT, _LISTEN),
    k.IPPROTO_UDP: (_ESTABLISHED, _CLOSE),
}
_NAMES = {k.IPPROTO_TCP: "TCP", k.IPPROTO_UDP: "UDP"}


def of_host(among: Range) -> list[HostSocket]:
    """The sockets of the current namespace with a port in the range, IPv4 and IPv6."""
    found: list[HostSocket] = []
    diag = Socket(k.NETLINK_SOCK_DIAG)
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            for protocol, states in _STATES.items():
                wanted = sum(1 << state for state in states)
                payload = _REQUEST.pack(family, protocol, 0, wanted)
                payload += attribute(_REQ_BYTECODE, _ports_in(among))
                asked = Request(_SOCK_DIAG_BY_FAMILY, 0, payload, "list the host's sockets")
                found += (_read(_NAMES[protocol], message) for message in diag.dump(asked))
    finally:
        diag.close()
    return found


def waiting_in(namespace: int) -> list[HostSocket]:
    """The sockets of a namespace that wait for packets of anybody: listening, or of UDP without a peer.

    Three questions: of TCP, the older request tells both families.
    """
    with netns.entered(namespace):
        diag = Socket(k.NETLINK_SOCK_DIAG)
    try:
        old = _OLD_REQUEST.pack(0, 1 << _LISTEN, 0)
        asked = Request(_TCPDIAG_GETSOCK, 0, old, "list the sockets of a container")
        found = [_read("TCP", message) for message in diag.dump(asked)]
        for family in (socket.AF_INET, socket.AF_INET6):
            payload = _REQUEST.pack(family, k.IPPROTO_UDP, 0, 1 << _CLOSE)
            asked = Request(_SOCK_DIAG_BY_FAMILY, 0, payload, "list the sockets of a container")
            found += (_read("UDP", message) for message in diag.dump(asked))
    finally:
        diag.close()
    return found


def _ports_in(among: Range) -> bytes:
    """The condition on the source port: each operation says where to go on, behind the end is no."""
    size = _CONDITION.size
    lower = _CONDITION.pack(_SOURCE_PORT_FROM, size, 2 * size + 4, 0, among.first)
    return lower + _CONDITION.pack(_SOURCE_PORT_TO, size, size + 4, 0, among.last)


def _read(protocol: str, message: bytes) -> HostSocket:
    family, state, source, target, address, peer = _MESSAGE.unpack_from(message)
    connected = state not in (_LISTEN, _CLOSE)
    (inode,) = _INODE.unpack_from(message, _INODE_OFFSET)
    port = int.from_bytes(source, "big")
    told = _peer(family, peer, int.from_bytes(target, "big")) if connected else ""
    return HostSocket(protocol, port, told, inode, _bound(family, address, message))


def _bound(family: int, address: bytes, message: bytes) -> str:
    """Where it is bound; "*" where a socket of IPv6 hears IPv4, too."""
    only = dict(attributes(message[_BYTES:])).get(_IPV6_ONLY, b"\1")[:1] != b"\0"
    if family == socket.AF_INET6 and not any(address) and not only:
        return "*"
    return _written(family, address).removeprefix("::ffff:")


def _peer(family: int, address: bytes, port: int) -> str:
    host = _written(family, address)
    return f"{host}:{port}" if family == socket.AF_INET else f"[{host}]:{port}"


def _written(family: int, address: bytes) -> str:
    size = 4 if family == socket.AF_INET else 16
    return socket.inet_ntop(family, address[:size])


# --- whose they are -----------------------------------------------------------------------------


def process(one: HostSocket) -> str:
    """The process that has the socket, for messages."""
    return holders([one]).get(one.inode, "a process that cannot be seen")


def holders(wanted: Iterable[HostSocket], among: Iterable[str] | None = None) -> dict[int, str]:
    """By inode: name and number of a process that has the socket open; `among` these, or all."""
    return processes.with_sockets((one.inode for one in wanted), among)
