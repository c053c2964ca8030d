# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of the kernel and of tc(8), recorded, and where they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place

# Netlink has the byte order of the machine, and these bytes have that of one.
readable = pytest.mark.skipif(
    sys.byteorder == "big", reason="the bytes were recorded on a little-endian machine"
)

ETH0 = Place("", "eth0")
INDEXES = {"pm-web": 21, "pm-db": 22}
ARP, IP = 0x0806, 0x0800


def recorded(file: str) -> Iterator[tuple[str, bytes]]:
    """(what stands behind "=", the bytes below it) of a file that lies next to this one."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    for part in text.split("\n= ")[1:]:
        title, _newline, digits = part.partition("\n")
        yield title, bytes.fromhex(digits)


def changed(message: bytes) -> Iterator[bytes]:
    """The message with one byte changed, for every byte of it."""
    data = bytearray(message)
    for at, byte in enumerate(message):
        for value in (0, 1, 0xFF):
            data[at] = value
            yield bytes(data)
        data[at] = byte
