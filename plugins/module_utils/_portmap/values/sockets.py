# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets of the host that use ports.  Pure."""

from __future__ import annotations

from typing import NamedTuple


class HostSocket(NamedTuple):
    """`protocol` is TCP or UDP; `peer` is "" of one that listens, or is bound; `inode` is the socket's.

    `address` is the one that it is bound to: "*" for all, of both families.
    """

    protocol: str
    port: int
    peer: str
    inode: int
    address: str = ""

    def __str__(self) -> str:
        return f"{self.protocol} port {self.port}"


_PROTOCOLS = {
    6: "TCP", 17: "UDP", 33: "DCCP", 132: "SCTP", 136: "UDP-Lite", 255: "raw IP", 262: "MPTCP",
}  # fmt: skip


def protocol_name(number: int) -> str:
    """Of a protocol above IP, as in netinet/in.h."""
    return _PROTOCOLS.get(number, f"protocol {number}")


class Listener(NamedTuple):
    """A socket that hears whoever sends to its port.

    `group` is the number of the control group in which it was made, 0 where the kernel does not tell;
    `id` is what the kernel calls it.
    """

    protocol: int
    port: int
    group: int
    inode: int
    family: int
    id: bytes

    @property
    def of_udp(self) -> bool:
        return self.protocol != 6

    def __str__(self) -> str:
        return f"{protocol_name(self.protocol)} port {self.port}"
