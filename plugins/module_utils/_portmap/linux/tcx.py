# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The eBPF programs that are attached before all filters of a link (tcx, since Linux 6.6)."""

from __future__ import annotations

import ctypes
import os
import struct

from . import uapi as k

_QUERY = struct.Struct("=IIIIQI4xQQQQ")  # linux/bpf.h: union bpf_attr, "used by BPF_PROG_QUERY"
_MOST = 64  # programs that a link can have


def programs(ifindex: int) -> list[int]:
    """The ids of the programs at the ingress of a link; none where the kernel knows of no tcx."""
    number = k.SYS_BPF.get(os.uname().machine)
    if not number or not ifindex:
        return []
    found = (ctypes.c_uint32 * _MOST)()
    asked = ctypes.create_string_buffer(
        _QUERY.pack(ifindex, k.BPF_TCX_INGRESS, 0, 0, ctypes.addressof(found), _MOST, 0, 0, 0, 0)
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, k.BPF_PROG_QUERY, asked, _QUERY.size) != 0:
        return []
    count = _QUERY.unpack(asked.raw[: _QUERY.size])[5]
    return list(found[:count])
