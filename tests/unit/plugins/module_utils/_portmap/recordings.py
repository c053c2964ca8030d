# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of the kernel and of tc(8), recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def recorded(file: str) -> Iterator[tuple[str, bytes]]:
    """(what stands behind "=", the bytes below it) of a file that lies next to this one."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    for part in text.split("\n= ")[1:]:
        title, _newline, digits = part.partition("\n")
        yield title, bytes.fromhex(digits)
