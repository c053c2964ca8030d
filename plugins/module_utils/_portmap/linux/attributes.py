# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Netlink attributes as bytes.  Pure."""

from __future__ import annotations

import struct
from collections.abc import Collection

from . import uapi as k

HEADER = struct.Struct("=HH")


def attribute(kind: int, data: bytes) -> bytes:
    """One netlink attribute, padded to four bytes."""
    return HEADER.pack(4 + len(data), kind) + data + bytes(-len(data) % 4)


def attributes(data: bytes, at: int = 0) -> list[tuple[int, bytes]]:
    """(type, payload) of every attribute from `at` on; a truncated one ends the walk."""
    found = []
    end, head, mask = len(data), HEADER.unpack_from, k.NLA_TYPE_MASK
    while at + 4 <= end:
        length, kind = head(data, at)
        if length < 4 or at + length > end:
            break
        found.append((kind & mask, data[at + 4 : at + length]))
        at += (length + 3) & ~3
    return found


def chosen(data: bytes, wanted: Collection[int], at: int = 0) -> dict[int, bytes]:
    """The payloads of these types: of a message with many more, this takes half the time."""
    found = {}
    end, left = len(data), len(wanted)
    head, mask = HEADER.unpack_from, k.NLA_TYPE_MASK
    while left and at + 4 <= end:
        length, kind = head(data, at)
        if length < 4 or at + length > end:
            break
        if kind & mask in wanted:
            found[kind & mask] = data[at + 4 : at + length]
            left -= 1
        at += (length + 3) & ~3
    return found


def text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")


def number(data: bytes | None) -> int:
    """A 32-bit attribute; 0 when it is missing or of another size."""
    if data is None or len(data) != 4:
        return 0
    value: int = struct.unpack("=I", data)[0]
    return value


def short(data: bytes | None) -> int:
    """A 16-bit attribute; 0 when it is missing or of another size."""
    if data is None or len(data) != 2:
        return 0
    value: int = struct.unpack("=H", data)[0]
    return value
