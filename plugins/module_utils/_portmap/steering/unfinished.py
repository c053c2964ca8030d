# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What our programs must know of the kernel to judge what a packet leaves to others to finish.

See bpf/offload.h in the repository.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..bpf import btf, programs, shipped
from ..bpf.code import Known
from ..values.errors import KernelRefused, Unsupported

_CHECKSUM_PARTIAL = 3  # linux/skbuff.h
_MEMBERS = ("ip_summed", "csum_start", "csum_offset", "network_header")
_PART = 128  # bytes, as in the program


def numbers() -> dict[str, int]:
    """Where the kernel's structure of a packet has what is asked for.  Raises Unsupported."""
    with btf.of_kernel() as types:
        found = {name: types.member("sk_buff", name) for name in _MEMBERS}
    places = {name: member.offset // 8 for name, member in found.items()}
    part = min(places.values()) & ~7
    if max(places.values()) + 2 - part > _PART:
        raise Unsupported("cannot judge offloads: this kernel has sk_buff in another order")
    summed = found["ip_summed"]
    bit = summed.offset % 8
    return {
        **{name: place - part for name, place in places.items()},
        "part": part,
        "ip_summed_mask": (1 << summed.size) - 1 << bit,
        "ip_summed_partial": _CHECKSUM_PARTIAL << bit,
    }


class Ready(NamedTuple):
    """`tag`: that the kernel gives the program beside u32; "" when it takes none, and `why`.

    `numbers`: what that program had to know, 0 where it is not taken.
    """

    tag: str
    why: str
    numbers: dict[str, int]


_UNKNOWN = dict.fromkeys((*_MEMBERS, "part", "ip_summed_mask", "ip_summed_partial"), 0)


@lru_cache(maxsize=1)
def ready() -> Ready:
    """Loads the program, once in a process, which then holds it to its end.

    A kernel may tell where the members are, and not know a helper: so it is tried.
    """
    (program,) = shipped.OFFLOAD.programs
    try:
        found = numbers()
        loaded = programs.load(program, Known(numbers=found))
        return Ready(programs.info(loaded).tag, "", found)
    except (Unsupported, KernelRefused) as error:
        return Ready("", str(error).split("\n", 1)[0], _UNKNOWN)
