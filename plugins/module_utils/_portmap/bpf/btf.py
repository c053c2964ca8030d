# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""BTF: what the running kernel says of its own functions and structures."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import BinaryIO, NamedTuple

from ..linux import uapi as k
from ..values.errors import Unsupported

PATH = "/sys/kernel/btf/vmlinux"
_HEADER = struct.Struct("=HBBIIIII")  # linux/btf.h, struct btf_header
_TYPE = struct.Struct("=III")  # name, info, size or type
# Bytes that follow a type, and those that follow for each of its elements.
_MORE = {k.BTF_KIND_INT: 4, k.BTF_KIND_ARRAY: 12, k.BTF_KIND_VAR: 4, k.BTF_KIND_DECL_TAG: 4}
_EACH = {
    k.BTF_KIND_STRUCT: 12,
    k.BTF_KIND_UNION: 12,
    k.BTF_KIND_ENUM: 8,
    k.BTF_KIND_FUNC_PROTO: 8,
    k.BTF_KIND_DATASEC: 12,
    k.BTF_KIND_ENUM64: 12,
}
_PIECE = 1 << 16  # bytes read at a time
_RENAMED = (k.BTF_KIND_TYPEDEF, k.BTF_KIND_VOLATILE, k.BTF_KIND_CONST)
_RECORDS = (k.BTF_KIND_STRUCT, k.BTF_KIND_UNION)


class Member(NamedTuple):
    """Where a member is in its structure, in bits; `size` is 0 of what is no bit field."""

    offset: int
    size: int


@contextmanager
def of_kernel() -> Iterator[Btf]:
    """Raises Unsupported where the kernel does not tell."""
    try:
        with open(PATH, "rb", buffering=0) as file:
            yield Btf(file)
    except FileNotFoundError as error:
        raise Unsupported(
            f"cannot look into this kernel: there is no {PATH}; boot one that has BTF"
        ) from error


class _Part:
    """A part of the file, read as far as it is needed: a kernel's has five megabytes."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self.size = file, start, size
        self.data = bytearray()

    def reach(self, size: int) -> bool:
        """Read that many bytes of it, or more; False when it has not so many."""
        self._file.seek(self._start + len(self.data))
        while len(self.data) < size <= self.size:
            piece = self._file.read(min(_PIECE, self.size - len(self.data)))
            if not piece:
                return False
            self.data += piece
        return size <= self.size


class Btf:
    """Types by their numbers.  Going through those of a kernel takes a third of a second."""

    def __init__(self, file: BinaryIO) -> None:
        magic, _version, _flags, header, types, size, names, names_size = _HEADER.unpack(
            file.read(_HEADER.size)
        )
        if magic != k.BTF_MAGIC:
            raise Unsupported(f"cannot read the types of this kernel: no BTF in {PATH}")
        self._types = _Part(file, header + types, size)
        self._names = _Part(file, header + names, names_size)
        self._at = [0, 0]  # where the types are, by number, as far as is known; 0 is void

    def function(self, name: str) -> int:
        """The id of a function of the kernel.  Raises Unsupported where there is none."""
        wanted = self._name(name)
        for number, at in self._each():
            found, info, _size = _TYPE.unpack_from(self._types.data, at)
            if found == wanted and info >> 24 & 31 == k.BTF_KIND_FUNC:
                return number
        raise Unsupported(f"cannot call {name}: this kernel has no such function")

    def member(self, structure: str, name: str) -> Member:
        """Raises Unsupported where the structure, or the member, is not there."""
        wanted = self._name(structure)
        for _number, at in self._each():
            found, info, _size = _TYPE.unpack_from(self._types.data, at)
            if found == wanted and info >> 24 & 31 in _RECORDS:
                member = self._member(at, self._name(name))
                if member:
                    return member
        raise Unsupported(f"cannot find {name} in {structure}: this kernel has no such member")

    def _member(self, at: int, wanted: int) -> Member | None:
        """Members of what has no name count as those of the structure around it."""
        info = _TYPE.unpack_from(self._types.data, at)[1]
        for index in range(info & 0xFFFF):
            name, kind, where = _TYPE.unpack_from(self._types.data, at + _TYPE.size * (index + 1))
            size, offset = (where >> 24, where & 0xFFFFFF) if info >> 31 else (0, where)
            if name == wanted:
                return Member(offset, size)
            inner = None if name else self._member(self._record(kind), wanted)
            if inner:
                return Member(offset + inner.offset, inner.size)
        return None

    def _record(self, number: int) -> int:
        while True:
            at = self._place(number)
            _name, info, target = _TYPE.unpack_from(self._types.data, at)
            if info >> 24 & 31 not in _RENAMED:
                return at
            number = target

    def _each(self) -> Iterator[tuple[int, int]]:
        """Numbers and places, those that were met before first."""
        for number in count(1):
            try:
                yield number, self._place(number)
            except Unsupported:
                return

    def _place(self, number: int) -> int:
        """Where a type starts, when all of it was read.  Raises Unsupported when there is none."""
        while len(self._at) <= number + 1:
            at = self._at[-1]
            if not self._types.reach(at + _TYPE.size):
                raise Unsupported(f"cannot find type {number}: this kernel has not so many")
            info = _TYPE.unpack_from(self._types.data, at)[1]
            kind = info >> 24 & 31
            at += _TYPE.size + _MORE.get(kind, 0) + _EACH.get(kind, 0) * (info & 0xFFFF)
            self._types.reach(at)
            self._at.append(at)
        return self._at[number]

    def _name(self, name: str) -> int:
        """The offset by which types call a name."""
        sought, size = b"\0" + name.encode() + b"\0", 0
        while size < self._names.size:
            begin, size = max(0, size - len(sought)), min(size + _PIECE, self._names.size)
            self._names.reach(size)
            at = self._names.data.find(sought, begin)
            if at >= 0:
                return at + 1
        raise Unsupported(f"cannot find {name}: this kernel has no such name")
