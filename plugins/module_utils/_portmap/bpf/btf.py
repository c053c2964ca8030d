# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""BTF: what the running kernel says of its own functions and structures."""

from __future__ import annotations

import struct
from functools import cached_property
from typing import NamedTuple

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
_RENAMED = (k.BTF_KIND_TYPEDEF, k.BTF_KIND_VOLATILE, k.BTF_KIND_CONST)
_RECORDS = (k.BTF_KIND_STRUCT, k.BTF_KIND_UNION)


class Member(NamedTuple):
    """Where a member is in its structure, in bits; `size` is 0 of what is no bit field."""

    offset: int
    size: int


def of_kernel() -> Btf:
    """Raises Unsupported where the kernel does not tell."""
    try:
        with open(PATH, "rb") as file:
            return Btf(file.read())
    except FileNotFoundError as error:
        raise Unsupported(
            f"cannot look into this kernel: there is no {PATH}; boot one that has BTF"
        ) from error


class Btf:
    """Types by their numbers.  Going through those of a kernel takes a third of a second."""

    def __init__(self, data: bytes) -> None:
        magic, _, _, header, types, size, names, names_size = _HEADER.unpack_from(data)
        if magic != k.BTF_MAGIC:
            raise Unsupported(f"cannot read the types of this kernel: no BTF in {PATH}")
        self._data = data
        self._types = range(header + types, header + types + size)
        self._names = data[header + names : header + names + names_size]

    def function(self, name: str) -> int:
        """The id of a function of the kernel.  Raises Unsupported where there is none."""
        wanted = self._name(name)
        for number, at in enumerate(self._at[1:], 1):
            found, info, _ = _TYPE.unpack_from(self._data, at)
            if found == wanted and info >> 24 & 31 == k.BTF_KIND_FUNC:
                return number
        raise Unsupported(f"cannot call {name}: this kernel has no such function")

    def member(self, structure: str, name: str) -> Member:
        """Raises Unsupported where the structure, or the member, is not there."""
        wanted = self._name(structure)
        for at in self._at[1:]:
            found, info, _ = _TYPE.unpack_from(self._data, at)
            if found == wanted and info >> 24 & 31 in _RECORDS:
                member = self._member(at, self._name(name))
                if member:
                    return member
        raise Unsupported(f"cannot find {name} in {structure}: this kernel has no such member")

    def _member(self, at: int, wanted: int) -> Member | None:
        """Members of what has no name count as those of the structure around it."""
        info = _TYPE.unpack_from(self._data, at)[1]
        for index in range(info & 0xFFFF):
            name, kind, where = _TYPE.unpack_from(self._data, at + _TYPE.size * (index + 1))
            size, offset = (where >> 24, where & 0xFFFFFF) if info >> 31 else (0, where)
            if name == wanted:
                return Member(offset, size)
            inner = None if name else self._member(self._record(kind), wanted)
            if inner:
                return Member(offset + inner.offset, inner.size)
        return None

    def _record(self, number: int) -> int:
        while True:
            at = self._at[number]
            _, info, target = _TYPE.unpack_from(self._data, at)
            if info >> 24 & 31 not in _RENAMED:
                return at
            number = target

    @cached_property
    def _at(self) -> list[int]:
        """Where the types are, by number; 0 is void."""
        found, at = [0], self._types.start
        while at < self._types.stop:
            found.append(at)
            info = _TYPE.unpack_from(self._data, at)[1]
            kind = info >> 24 & 31
            at += _TYPE.size + _MORE.get(kind, 0) + _EACH.get(kind, 0) * (info & 0xFFFF)
        return found

    def _name(self, name: str) -> int:
        """The offset by which types call a name."""
        at = self._names.find(b"\0" + name.encode() + b"\0")
        if at < 0:
            raise Unsupported(f"cannot find {name}: this kernel has no such name")
        return at + 1
