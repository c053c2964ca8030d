# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a compiled program is: instructions with holes, the maps it uses, the hook it is made for.  Pure.

`compile.py` in the folder `bpf` of the repository makes these values of C; `shipped.py` has them.
"""

from __future__ import annotations

import struct
from base64 import b85decode
from collections.abc import Mapping
from typing import NamedTuple

from ..linux import uapi as k

_INSTRUCTION = struct.Struct("<BBhi")  # operation, registers, offset, number

# What a hole is filled with.
MAP = "map"  # the descriptor of a map
FUNCTION = "function"  # the id of a function of the kernel (kfunc), by its name there
NUMBER = "number"  # a number that the loader knows, such as the offset of a member


class Hook(NamedTuple):
    """The type of a program, and where a cgroup has it: 0 for what is attached otherwise."""

    type: int
    attach: int = 0


# By the name of the section in the object file; those of cgroups are libbpf's names.
HOOKS = {
    "cgroup/post_bind4": Hook(k.BPF_PROG_TYPE_CGROUP_SOCK, k.BPF_CGROUP_INET4_POST_BIND),
    "cgroup/post_bind6": Hook(k.BPF_PROG_TYPE_CGROUP_SOCK, k.BPF_CGROUP_INET6_POST_BIND),
    "cgroup/sock_create": Hook(k.BPF_PROG_TYPE_CGROUP_SOCK, k.BPF_CGROUP_INET_SOCK_CREATE),
    "sockops": Hook(k.BPF_PROG_TYPE_SOCK_OPS, k.BPF_CGROUP_SOCK_OPS),
    "tc": Hook(k.BPF_PROG_TYPE_SCHED_CLS),
}


class Map(NamedTuple):
    """`type` as in linux/bpf.h; sizes in bytes."""

    name: str
    type: int
    key_size: int
    value_size: int
    entries: int
    flags: int = 0


class Hole(NamedTuple):
    """`at` is the number of the instruction, from 0."""

    at: int
    filling: str
    name: str


class Program(NamedTuple):
    """`text` is its instructions in base 85, as Python has it."""

    name: str
    section: str
    text: str
    holes: tuple[Hole, ...] = ()

    @property
    def hook(self) -> Hook:
        return HOOKS[self.section]

    @property
    def code(self) -> bytes:
        return b85decode(self.text)


class Compiled(NamedTuple):
    """What one C file has become."""

    maps: tuple[Map, ...]
    programs: tuple[Program, ...]


class Known(NamedTuple):
    """What holes are filled with, by name."""

    maps: Mapping[str, int] = {}
    functions: Mapping[str, int] = {}
    numbers: Mapping[str, int] = {}


NOTHING = Known()


def filled(program: Program, known: Known) -> bytes:
    """The instructions as the kernel takes them.  Raises KeyError for a name that is not known."""
    code = bytearray(program.code)
    for hole in program.holes:
        start = hole.at * _INSTRUCTION.size
        operation, registers, offset, number = _INSTRUCTION.unpack_from(code, start)
        target = registers & 0x0F
        if hole.filling == MAP:
            registers, number = k.BPF_PSEUDO_MAP_FD << 4 | target, known.maps[hole.name]
        elif hole.filling == FUNCTION:
            registers = k.BPF_PSEUDO_KFUNC_CALL << 4 | target
            number = known.functions[hole.name]
        else:
            number += known.numbers[hole.name]
        _INSTRUCTION.pack_into(code, start, operation, registers, offset, number)
    return bytes(code)
