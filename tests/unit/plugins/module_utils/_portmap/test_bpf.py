# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compiled programs as values, and what a kernel says of its types."""

from __future__ import annotations

import struct
from base64 import b85encode
from io import BytesIO

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import btf, code, shipped
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.code import (
    Hole,
    Known,
    Program,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    Unsupported,
)

# ldimm64 r1, 0; call -1; exit
BYTES = bytes.fromhex("1801000000000000 0000000000000000 85100000ffffffff 9500000000000000")
TEXT = b85encode(BYTES).decode()


def test_a_hole_for_a_map_gets_its_descriptor_and_says_that_it_is_one():
    program = Program("p", "tc", TEXT, (Hole(0, "map", "ports"),))
    filled = code.filled(program, Known(maps={"ports": 7}))
    assert filled.hex() == "1811000007000000" + BYTES[8:].hex()


def test_a_hole_for_a_function_gets_its_id():
    program = Program("p", "tc", TEXT, (Hole(2, "function", "bpf_cast_to_kern_ctx"),))
    filled = code.filled(program, Known(functions={"bpf_cast_to_kern_ctx": 0x1234}))
    assert filled.hex() == BYTES[:16].hex() + "8520000034120000" + BYTES[24:].hex()


def test_a_hole_for_a_number_gets_it():
    program = Program("p", "tc", TEXT, (Hole(0, "number", "offset"),))
    filled = code.filled(program, Known(numbers={"offset": 200}))
    assert filled.hex() == "18010000c8000000" + BYTES[8:].hex()


def test_a_name_that_is_not_known_fills_nothing():
    program = Program("p", "tc", TEXT, (Hole(0, "map", "ports"),))
    with pytest.raises(KeyError):
        code.filled(program, Known())


@pytest.mark.parametrize("program", shipped.GUARD.programs, ids=lambda one: one.name)
def test_a_shipped_program_has_a_hook_and_a_name_that_the_kernel_takes(program):
    assert len(program.name) < 16
    assert program.hook.type in (9, 13)
    assert len(program.code) % 8 == 0
    assert {hole.name for hole in program.holes} <= {one.name for one in shipped.GUARD.maps}


def of_types(*types: bytes, names: bytes) -> bytes:
    body = b"".join(types)
    header = struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(body), len(body), len(names))
    return header + body + names


NAMES = b"\0int\0sk_buff\0len\0flag\0cast\0csum\0"


def named(name: str) -> int:
    return NAMES.index(b"\0" + name.encode() + b"\0") + 1


def word(name: int, kind: int, count: int, size: int, flag: int = 0) -> bytes:
    return struct.pack("=III", name, flag << 31 | kind << 24 | count, size)


TYPES = of_types(
    word(named("int"), 1, 0, 4) + struct.pack("=I", 32),  # 1
    word(0, 5, 1, 4) + struct.pack("=III", named("csum"), 1, 0),  # 2: a union without a name
    word(0, 13, 1, 1) + struct.pack("=II", 0, 1),  # 3: a prototype
    word(named("cast"), 12, 0, 3),  # 4: a function
    word(named("sk_buff"), 4, 3, 12, flag=1)  # 5
    + struct.pack("=III", named("len"), 1, 0)
    + struct.pack("=III", named("flag"), 1, 2 << 24 | 37)
    + struct.pack("=III", 0, 2, 64),
    names=NAMES,
)


def test_a_function_is_known_by_the_number_of_its_type():
    assert btf.Btf(BytesIO(TYPES)).function("cast") == 4


@pytest.mark.parametrize(
    ("name", "offset", "size"), [("len", 0, 0), ("flag", 37, 2), ("csum", 64, 0)]
)
def test_a_member_is_found_in_bits_also_within_a_union_without_a_name(name, offset, size):
    assert btf.Btf(BytesIO(TYPES)).member("sk_buff", name) == (offset, size)


def test_of_a_large_file_no_more_is_read_than_is_needed(monkeypatch):
    monkeypatch.setattr(btf, "_PIECE", 8)
    file = BytesIO(TYPES)
    types = btf.Btf(file)
    assert types.member("sk_buff", "csum").offset == 64
    assert types.function("cast") == 4
    assert len(types._names.data) < len(NAMES) + 8
    assert btf.Btf(BytesIO(TYPES)).member("sk_buff", "len").offset == 0


@pytest.mark.parametrize("name", ["int", "missing"])
def test_what_a_kernel_does_not_have_is_said(name):
    with pytest.raises(Unsupported, match=f"cannot (call|find) {name}"):
        btf.Btf(BytesIO(TYPES)).function(name)
    with pytest.raises(Unsupported, match="this kernel has no such"):
        btf.Btf(BytesIO(TYPES)).member("sk_buff", name)
