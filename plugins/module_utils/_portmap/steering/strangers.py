# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of others on a link where ours are: whether a packet can end in one of them.  Pure."""

from __future__ import annotations

import struct

from ..linux import uapi as k
from ..linux.attributes import attributes, number

_GENERAL = struct.Struct("=IIi")  # how struct tc_gen begins: index, capabilities, verdict
_ACTIONS = {
    "u32": k.TCA_U32_ACT,
    "flower": k.TCA_FLOWER_ACT,
    "matchall": k.TCA_MATCHALL_ACT,
    "bpf": k.TCA_BPF_ACT,
    "basic": k.TCA_BASIC_ACT,
    "fw": k.TCA_FW_ACT,
}


_AUTOMATIC_TABLES = 0x800  # the first number that the kernel gives to a table of u32


def is_filter(kind: str, handle: int) -> bool:
    """Not the placeholder of a priority, nor the root table that u32 makes for each."""
    root_table = kind == "u32" and handle >> 20 >= _AUTOMATIC_TABLES and not handle & 0xFFFFF
    return bool(handle) and not root_table


def can_end_search(kind: str, options: bytes) -> bool:
    """Whether no later filter may see what this one matches.  Only `continue` goes on for certain.

    `options` are as the kernel tells them, for chain 0; b"" for any other chain.
    """
    if not options:
        return False
    found = dict(attributes(options))
    if kind == "u32":
        selector = found.get(k.TCA_U32_SEL, b"\0")
        if not selector[0] & k.TC_U32_TERMINAL:
            return False  # a hash table, or the way to one
    if kind == "bpf" and number(found.get(k.TCA_BPF_FLAGS)) & k.TCA_BPF_FLAG_ACT_DIRECT:
        return True  # the program decides
    actions = attributes(found.get(_ACTIONS.get(kind, 0), b""))
    if not actions:
        return True
    _order, last = max(actions)
    parameters = dict(attributes(dict(attributes(last)).get(k.TCA_ACT_OPTIONS, b"")))
    general = parameters.get(k.TCA_ACT_PARMS, b"")
    if len(general) < _GENERAL.size:
        return True
    return bool(_GENERAL.unpack_from(general)[2] != k.TC_ACT_UNSPEC)
