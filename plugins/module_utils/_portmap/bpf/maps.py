# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maps: made, found again by their ids, read and written."""

from __future__ import annotations

import contextlib
import errno
import mmap
import resource
import struct
from typing import NamedTuple

from ..linux import uapi as k
from ..values.errors import Unsupported
from .call import Buffer, Refused, bpf
from .code import Map

# linux/bpf.h, union bpf_attr
_CREATE = struct.Struct("=IIIIIII16s")
_ELEMENT = struct.Struct("=I4xQQQ")  # map, key, value, flags
_ID = struct.Struct("=I")
_INFO_CALL = struct.Struct("=IIQ")
_INFO = struct.Struct("=IIIIII16s")  # struct bpf_map_info


class MapInfo(NamedTuple):
    """What the kernel says of a map."""

    id: int
    made: Map


def create(wanted: Map) -> int:
    """The descriptor of a new map."""
    entries = wanted.entries
    if wanted.type == k.BPF_MAP_TYPE_RINGBUF:  # whole pages, which some machines have of 64 KiB
        entries = max(entries, mmap.PAGESIZE)
    sizes = (wanted.key_size, wanted.value_size, entries, wanted.flags)
    attributes = _CREATE.pack(wanted.type, *sizes, 0, 0, wanted.name.encode())
    try:
        return bpf(k.BPF_MAP_CREATE, attributes, f"make the map {wanted.name}")[0]
    except Unsupported:
        # Before Linux 5.11 maps count as locked memory, of which little is allowed; it says EPERM.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY,) * 2)
        return bpf(k.BPF_MAP_CREATE, attributes, f"make the map {wanted.name}")[0]


def by_id(number: int) -> int:
    """A descriptor of the map of this id."""
    return bpf(k.BPF_MAP_GET_FD_BY_ID, _ID.pack(number), f"open the map of id {number}")[0]


def info(descriptor: int) -> MapInfo:
    told = Buffer(b"", 96)
    bpf(
        k.BPF_OBJ_GET_INFO_BY_FD,
        _INFO_CALL.pack(descriptor, len(told), told.address),
        "ask about a map",
    )
    kind, number, key, value, entries, flags, name = _INFO.unpack_from(told.raw)
    return MapInfo(number, Map(name.rstrip(b"\0").decode(), kind, key, value, entries, flags))


def write(descriptor: int, key: bytes, value: bytes) -> None:
    """Set the value of a key."""
    at, new = Buffer(key), Buffer(value)
    bpf(
        k.BPF_MAP_UPDATE_ELEM,
        _ELEMENT.pack(descriptor, at.address, new.address, 0),
        "write to a map",
    )


def remove(descriptor: int, key: bytes) -> None:
    """Take a key away, if the map has it."""
    at = Buffer(key)
    with contextlib.suppress(KeyError):
        _asked(k.BPF_MAP_DELETE_ELEM, _ELEMENT.pack(descriptor, at.address, 0, 0))


def keys(descriptor: int, size: int) -> list[bytes]:
    """All keys of a map, which are of this size."""
    found: dict[bytes, None] = {}
    then, last = Buffer(b"", size), None
    with contextlib.suppress(KeyError):
        while True:
            before = last.address if last else 0
            _asked(k.BPF_MAP_GET_NEXT_KEY, _ELEMENT.pack(descriptor, before, then.address, 0))
            key = then.raw[:size]
            if key in found:  # the one before was taken away meanwhile: the kernel begins anew
                break
            found[key] = None
            last = Buffer(key)
    return list(found)


def _asked(command: int, attributes: bytes) -> None:
    """Raises KeyError where the map has no such key."""
    try:
        bpf(command, attributes, "read the keys of a map")
    except Refused as error:
        if error.errno == errno.ENOENT:
            raise KeyError from None
        raise


def read(descriptor: int, key: bytes, size: int) -> bytes | None:
    """The value of a key, of this size; None where the map has no such key."""
    at, value = Buffer(key), Buffer(b"", size)
    try:
        bpf(
            k.BPF_MAP_LOOKUP_ELEM,
            _ELEMENT.pack(descriptor, at.address, value.address, 0),
            "read from a map",
        )
    except Refused as error:
        if error.errno == errno.ENOENT:
            return None
        raise
    return value.raw[:size]
