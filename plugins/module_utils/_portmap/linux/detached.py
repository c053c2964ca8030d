# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file system of the kernel's, mounted nowhere: as the network namespace that we are in has it."""

from __future__ import annotations

import ctypes
import os

from . import uapi as k

DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_ATTRIBUTES = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC


def instance(kind: bytes, otherwise: str) -> int:
    """A descriptor of its root; of the directory `otherwise` where the libc or the kernel makes no such."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "fsopen"):
        context = libc.fsopen(kind, k.FSOPEN_CLOEXEC)
        if context >= 0:
            libc.fsconfig(context, k.FSCONFIG_CMD_CREATE, None, None, 0)
            root = int(libc.fsmount(context, k.FSMOUNT_CLOEXEC, _ATTRIBUTES))
            os.close(context)
            if root >= 0:
                return root
    return os.open(otherwise, DIRECTORY)
