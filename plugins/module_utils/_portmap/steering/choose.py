# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steering a host uses.  Only here are the ways of steering known by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..linux.view import View
from ..values.tenants import Host
from .bpf import kit, look
from .bpf.plane import Bpf
from .moving import Moving
from .plane import Foreign, Plane
from .u32.plane import U32


def plane(steering: str) -> Plane:
    """By the name that the option of portmap_host has for it."""
    return Bpf() if steering == "bpf" else U32()


AUTO = "auto"


class Chosen(NamedTuple):
    """A way of steering, and `why` it is that one."""

    steering: str
    why: str


def chosen(had: str) -> Chosen:
    """Which one `auto` means: the one that a host `had`, "" for none; else eBPF, if this kernel takes the program.

    To know, the program is loaded, and goes again.  No link and no filter is made.
    """
    if had:
        return Chosen(had, f"the host is prepared with {had}")
    refused = kit.refused()
    if refused:
        return Chosen("u32", f"this kernel does not take the program of bpf: {refused}")
    return Chosen("bpf", "this kernel takes the program of bpf")


def serves_whole_host(steering: str) -> bool:
    """Whether containers are reached at every address and interface of the host, and send by its routes."""
    return steering == "bpf"


def whole(steering: str, view: View, host: Host) -> Plane:
    """The same for who changes the host: with what another way has there, which shall go."""
    to_bpf = steering == "bpf"
    old = U32() if to_bpf else Bpf(moving=True)
    if not old.is_used(view, host):
        return plane(steering)
    return Moving(Bpf(moving=True) if to_bpf else U32(), old)


def is_ours_leaving(data: bytes) -> bool:
    """Whether the kernel's message about a filter of leaving packets is about one of ours."""
    return look.is_ours_leaving(data)


def unfinished(steering: str, earlier: Iterable[Foreign]) -> str:
    """What a run that was killed on the way from u32 to bpf, or back, has left before the filters of u32.

    It would drop what a container sends from ports that it does not know.  "" for nothing; behind a
    program of eBPF, filters of u32 do no harm.
    """
    found = [one for one in earlier if look.stands_where_ours_does(one)]
    return f"'{found[0]}' is of steering bpf" if found and steering != "bpf" else ""


def standing(view: View, host: Host) -> Plane:
    """What the kernel has, for a host of which nothing is noted."""
    return whole("bpf" if Bpf().is_used(view, host) else "u32", view, host)
