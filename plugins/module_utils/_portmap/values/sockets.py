# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A socket of the host that uses a port.  Pure."""

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
