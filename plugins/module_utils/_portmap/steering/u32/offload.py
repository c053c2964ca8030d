# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that judges what a container leaves to the kernel or a network card to finish.

See bpf/offload.c in the repository.  No filter of u32 can see that, and no program of classic BPF.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ...bpf import programs, shipped
from ...bpf.code import Known
from ...linux import uapi as k
from ...values.errors import KernelRefused, Unsupported
from ..unfinished import numbers
from .numbers import OFFLOAD_PROGRAM


class Ready(NamedTuple):
    """The tag that the kernel gives the program; "" when it takes none, and why."""

    tag: str
    why: str = ""


@lru_cache(maxsize=1)
def ready() -> Ready:
    """Loads the program, once in a process, which then holds it to its end."""
    (program,) = shipped.OFFLOAD.programs
    try:
        loaded = programs.load(program, Known(numbers=numbers()))
        return Ready(programs.info(loaded).tag)
    except (Unsupported, KernelRefused) as error:
        return Ready("", str(error).split("\n", 1)[0])


@lru_cache(maxsize=8)
def descriptor(tag: str) -> int:
    """Of the oldest program of this tag: all veths have one, whichever run made them.

    Raises KernelRefused when there is none.
    """
    return programs.oldest(
        programs.ProgramInfo(0, k.BPF_PROG_TYPE_SCHED_CLS, tag, OFFLOAD_PROGRAM, ())
    )
