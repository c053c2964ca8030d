# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that judges what a container leaves to the kernel or a network card to finish.

See bpf/offload.c in the repository.  No filter of u32 can see that, and no program of classic BPF.
"""

from __future__ import annotations

from functools import lru_cache

from ...bpf import programs
from ...linux import uapi as k
from .numbers import OFFLOAD_PROGRAM


@lru_cache(maxsize=8)
def descriptor(tag: str) -> int:
    """Of the oldest program of this tag: all veths have one, whichever run made them.

    Raises KernelRefused when there is none.
    """
    return programs.oldest(
        programs.ProgramInfo(0, k.BPF_PROG_TYPE_SCHED_CLS, tag, OFFLOAD_PROGRAM, ())
    )
