# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether links let through what is sent: some time after they have gone up, the kernel lets them."""

from __future__ import annotations

import fcntl
import socket
import struct
import time

from . import uapi as k
from .netns import entered

_WAIT_SECONDS, _POLL_SECONDS = 1.0, 0.001
_REQUEST = struct.Struct("16sH22x")  # struct ifreq: a name, flags


def await_carriers(namespace: int) -> None:
    """Wait until no link of the namespace is up and silent; for a second, as one may have no other end."""
    give_up = time.monotonic() + _WAIT_SECONDS
    with entered(namespace):
        with open("/proc/thread-self/net/dev", encoding="utf-8") as table:
            names = [line.partition(":")[0].strip() for line in table if ":" in line]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while any(_is_silent(sock, name) for name in names) and time.monotonic() < give_up:
                time.sleep(_POLL_SECONDS)


def _is_silent(sock: socket.socket, name: str) -> bool:
    """A link that has gone meanwhile is not."""
    try:
        answer = fcntl.ioctl(sock, k.SIOCGIFFLAGS, _REQUEST.pack(name.encode(), 0))
    except OSError:
        return False
    _name, flags = _REQUEST.unpack(answer)
    return bool(flags & k.IFF_UP and not flags & k.IFF_RUNNING)
