# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the program knows of the host: struct config of bpf/steer.h.  Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import NamedTuple

from .prefixes import address, packed

_CONFIG = struct.Struct("=16s16s4sI6sH")


class Config(NamedTuple):
    """`broadcast` is "" where the network has none, `public` the index of the interface.

    `six`: its first address of IPv6, "" if it has none.  `others`: the addresses that it has besides.
    """

    address: str
    broadcast: str
    public: int
    mac: str
    six: str = ""
    others: frozenset[str] = frozenset()


def written(config: Config) -> bytes:
    return _CONFIG.pack(
        packed(config.address),
        packed(config.six) if config.six else b"",
        IPv4Address(config.broadcast or 0).packed,
        config.public,
        bytes.fromhex(config.mac.replace(":", "")),
        len(config.others),
    )


def read(data: bytes, others: Iterable[bytes]) -> Config | None:
    """None before it was written; `others` stand in a map of their own."""
    first, six, broadcast, public, mac, _count = _CONFIG.unpack_from(data)
    if not public:
        return None
    return Config(
        address(first),
        str(IPv4Address(broadcast)) if any(broadcast) else "",
        public,
        mac.hex(":"),
        address(six) if any(six) else "",
        frozenset(map(address, others)),
    )
