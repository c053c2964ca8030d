# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of systemd, with fields: a datagram for each message, in its native protocol."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping

_SOCKET = "/run/systemd/journal/socket"


def tell(message: str, fields: Mapping[str, object]) -> None:
    """Where there is no journal, on standard error."""
    told = {"MESSAGE": message, **fields}
    lines = "".join(f"{name}={_one_line(value)}\n" for name, value in told.items())
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(lines.encode(errors="replace"), _SOCKET)
    except OSError:
        sys.stderr.write(f"{_one_line(message)}\n")


def _one_line(value: object) -> str:
    return " ".join(str(value).splitlines())
