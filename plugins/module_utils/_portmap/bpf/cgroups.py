# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of a cgroup: attached beside those of others, and found again.

What is attached lasts as long as the cgroup, and holds for the cgroups below it too.
"""

from __future__ import annotations

import struct

from ..linux import uapi as k
from ..values.errors import InvalidRequest, Unsupported
from . import programs
from .call import bpf

# linux/bpf.h, union bpf_attr: "used by BPF_PROG_ATTACH/DETACH"
_ATTACH = struct.Struct("=IIIII")


def attach(cgroup: int, program: int, hook: int, replacing: int = 0) -> None:
    """Add a program to those of a cgroup; `replacing` is the one in whose place it goes.

    Raises InvalidRequest when somebody else's program wants to be alone.
    """
    flags = k.BPF_F_ALLOW_MULTI | (k.BPF_F_REPLACE if replacing else 0)
    attributes = _ATTACH.pack(cgroup, program, hook, flags, replacing)
    doing = "attach a program to a cgroup"
    try:
        bpf(k.BPF_PROG_ATTACH, attributes, doing)
    except Unsupported as error:  # who could load it may attach it
        raise InvalidRequest(
            f"cannot {doing}: one that is attached there or above allows none beside it"
            " (bpftool cgroup tree); detach it, or have its owner attach it with BPF_F_ALLOW_MULTI"
        ) from error


def detach(cgroup: int, program: int, hook: int) -> None:
    attributes = _ATTACH.pack(cgroup, program, hook, 0, 0)
    bpf(k.BPF_PROG_DETACH, attributes, "detach a program from a cgroup")


def attached(cgroup: int, hook: int) -> list[int]:
    """The ids of the programs of a cgroup at a hook, without those of the cgroups above."""
    return programs.attached(cgroup, hook, "ask for the programs of a cgroup")
