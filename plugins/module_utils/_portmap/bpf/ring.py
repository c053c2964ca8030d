# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What programs have written into a ring buffer, read as it comes.

Source: linux/bpf.h, "BPF_RINGBUF_*", and kernel/bpf/ringbuf.c: a page that the reader writes, one that the
kernel writes, and the data, twice in a row so that no record is torn.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

from . import maps

_POSITION = struct.Struct("=Q")
_LENGTH = struct.Struct("=I")
_BUSY, _DISCARDED = 1 << 31, 1 << 30
_HEADER = 8


class Ring:
    """`descriptor` is of the map; epoll says of it when there is something."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._size = maps.info(descriptor).made.entries
        self._own = mmap.mmap(descriptor, mmap.PAGESIZE)
        self._data = mmap.mmap(
            descriptor,
            mmap.PAGESIZE + 2 * self._size,
            prot=mmap.PROT_READ,
            offset=mmap.PAGESIZE,
        )
        (self._at,) = _POSITION.unpack_from(self._own)

    def read(self) -> Iterator[bytes]:
        """The records that are there."""
        while self._at < _POSITION.unpack_from(self._data)[0]:
            start = mmap.PAGESIZE + self._at % self._size
            (length,) = _LENGTH.unpack_from(self._data, start)
            if length & _BUSY:
                return
            size = length & ~_DISCARDED
            record = self._data[start + _HEADER : start + _HEADER + size]
            self._at += size + _HEADER + 7 & ~7
            _POSITION.pack_into(self._own, 0, self._at)
            if not length & _DISCARDED:
                yield record

    def close(self) -> None:
        """Leave the descriptor to who has opened it."""
        self._own.close()
        self._data.close()
