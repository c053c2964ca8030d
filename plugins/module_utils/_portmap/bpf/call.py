# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""bpf(2): one request to the kernel, and what its errors mean."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..linux import uapi as k
from ..values.errors import KernelRefused, Unsupported

_libc = ctypes.CDLL(None, use_errno=True)
_ATTRIBUTES = 144  # bytes; a kernel that knows fewer takes them as long as the rest is zero
_LACKING = {
    errno.ENOSYS: "this kernel has no bpf(2)",
    errno.EPERM: "this needs CAP_SYS_ADMIN in the machine's own user namespace, and a kernel that"
    " is not locked down",
}


class Refused(KernelRefused):
    """bpf(2) has failed; `doing` completes "cannot ...", and `log` is what the verifier said."""

    def __init__(self, doing: str, number: int, log: str = "") -> None:
        said = f": {log}" if log else ""
        super().__init__(f"cannot {doing}: {os.strerror(number)}{said}", number)


def bpf(command: int, attributes: bytes, doing: str) -> tuple[int, bytes]:
    """The result, and the attributes as the kernel has left them.

    Raises Refused, and Unsupported where nothing of the kind can be had.
    """
    number = k.SYS_BPF.get(os.uname().machine)
    if not number or sys.byteorder != "little":
        raise Unsupported(f"cannot {doing}: there are no programs for {os.uname().machine}")
    given = ctypes.create_string_buffer(attributes, max(_ATTRIBUTES, len(attributes)))
    result = _libc.syscall(number, command, given, len(given))
    if result >= 0:
        return result, given.raw
    why = ctypes.get_errno()
    if why in _LACKING:
        raise Unsupported(f"cannot {doing}: {os.strerror(why)}; {_LACKING[why]}")
    raise Refused(doing, why)


class Buffer:
    """Memory that the kernel reads or writes while a request names its address."""

    def __init__(self, content: bytes, size: int = 0) -> None:
        self._memory = ctypes.create_string_buffer(content, max(len(content), size, 1))

    @property
    def address(self) -> int:
        return ctypes.addressof(self._memory)

    @property
    def raw(self) -> bytes:
        return self._memory.raw

    def __len__(self) -> int:
        return len(self._memory)


@contextmanager
def closing(descriptor: int) -> Iterator[int]:
    """What stands on a descriptor lasts while it is open, or attached."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)
