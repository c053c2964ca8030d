# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VPN between two machines: links without headers of Ethernet, and a thread that carries packets."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import threading
from collections.abc import Iterator

from .machines import Place
from .netns import inside

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 1, 0x1000


@contextlib.contextmanager
def tunnel(one: Place, other: Place, name: str) -> Iterator[None]:
    """While it lasts, both have a link of this name, which leads to the other one."""
    ends = [_open(place, name) for place in (one, other)]
    woken, waker = os.pipe()
    thread = threading.Thread(target=_carry, args=(*ends, woken), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(waker)
        thread.join()
        for descriptor in (*ends, woken):
            os.close(descriptor)


def _open(place: Place, name: str) -> int:
    with inside(place.netns):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(
            descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI)
        )
    return descriptor


def _carry(one: int, other: int, woken: int) -> None:
    leads = {one: other, other: one}
    while True:
        ready, _, _ = select.select([*leads, woken], [], [])
        if woken in ready:
            return
        for descriptor in ready:
            with contextlib.suppress(OSError):
                os.write(leads[descriptor], os.read(descriptor, 65536))
