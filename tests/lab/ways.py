# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways in which a process asks for a port by its number."""

from __future__ import annotations

import socket
from collections.abc import Callable

I4, I6, TCP, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
UDPLITE, MPTCP = 136, 262
IP_FREEBIND = 15
V6ONLY, DUAL = (41, socket.IPV6_V6ONLY, 1), (41, socket.IPV6_V6ONLY, 0)
REUSEPORT = (socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
FREEBIND = (0, IP_FREEBIND, 1)


def bind(
    family: int,
    kind: int,
    port: int,
    protocol: int = 0,
    *options: tuple[int, int, int],
    host: str = "",
) -> str:
    with socket.socket(family, kind, protocol) as made:
        for option in options:
            made.setsockopt(*option)
        made.bind((host, port))
        if kind == TCP:
            made.listen()
        return "bound"


WAYS: dict[str, Callable[[int], str]] = {
    "tcp4": lambda port: bind(I4, TCP, port),
    "tcp6 only": lambda port: bind(I6, TCP, port, 0, V6ONLY),
    "tcp6 dual stack": lambda port: bind(I6, TCP, port, 0, DUAL),
    "mptcp": lambda port: bind(I4, TCP, port, MPTCP),
    "udp4": lambda port: bind(I4, UDP, port),
    "udp6": lambda port: bind(I6, UDP, port),
    "udp lite": lambda port: bind(I4, UDP, port, UDPLITE),
    "reuseport": lambda port: bind(I4, TCP, port, 0, REUSEPORT),
    "freebind": lambda port: bind(I4, TCP, port, 0, FREEBIND, host="203.0.113.77"),
    "another address": lambda port: bind(I4, TCP, port, host="127.0.0.2"),
}


def can(way: Callable[[int], str]) -> bool:
    """Whether this kernel has the protocol at all."""
    try:
        way(0)
    except OSError as error:
        return error.errno not in (93, 94, 97)  # EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT
    return True
