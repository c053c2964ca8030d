# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steering a host uses.  Only here are the ways of steering known by name."""

from __future__ import annotations

from ..linux.view import View
from ..values.tenants import Host
from .bpf.plane import Bpf
from .moving import Moving
from .plane import Plane
from .u32.plane import U32


def plane(steering: str) -> Plane:
    """By the name that the option of portmap_host has for it."""
    return Bpf() if steering == "bpf" else U32()


def whole(steering: str, view: View, host: Host) -> Plane:
    """The same for who changes the host: with what another way has there, which shall go."""
    to_bpf = steering == "bpf"
    old = U32() if to_bpf else Bpf(moving=True)
    if not old.is_used(view, host):
        return plane(steering)
    return Moving(Bpf(moving=True) if to_bpf else U32(), old)


def standing(view: View, host: Host) -> Plane:
    """What the kernel has, for a host of which nothing is noted."""
    return whole("bpf" if Bpf().is_used(view, host) else "u32", view, host)
