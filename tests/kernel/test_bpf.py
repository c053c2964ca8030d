# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The room for bpf(2), on the kernel that is there: shipped programs, types, groups of the tests' own."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from base64 import b85encode
from collections.abc import Iterator

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import (
    btf,
    call,
    cgroups,
    maps,
    programs,
    shipped,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.call import (
    Refused,
    closing,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.code import (
    Compiled,
    Hole,
    Known,
    Map,
    Program,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
    Unsupported,
)

from lab import cgroups as groups
from lab.cgroups import Group

POST_BIND4 = 12
GUARD = {one.name: one for one in shipped.GUARD.programs}


@pytest.fixture
def group() -> Iterator[Group]:
    with groups.group() as made:
        yield made


def test_a_map_keeps_what_is_written_and_is_found_by_its_id():
    with closing(maps.create(Map("pm_test", 2, 4, 8, 2))) as made:
        maps.write(made, b"\1\0\0\0", b"8 bytes!")
        told = maps.info(made)
        assert told.made == Map("pm_test", 2, 4, 8, 2)
        with closing(maps.by_id(told.id)) as again:
            assert maps.read(again, b"\1\0\0\0", 8) == b"8 bytes!"
            assert maps.read(again, b"\2\0\0\0", 8) is None


def test_what_nobody_holds_is_gone():
    with closing(maps.create(Map("pm_test", 2, 4, 8, 2))) as made:
        number = maps.info(made).id
    with pytest.raises(Refused, match=f"cannot open the map of id {number}: No such file"):
        maps.by_id(number)


def test_a_program_says_its_name_its_tag_and_its_maps():
    with programs.loaded(shipped.GUARD) as first, programs.loaded(shipped.GUARD) as second:
        one = programs.info(first.programs["pm_guard_bind4"])
        other = programs.info(second.programs["pm_guard_bind4"])
        assert (one.name, one.type) == ("pm_guard_bind4", 9)
        assert set(one.maps) == {maps.info(found).id for found in first.maps.values()}
        assert one.maps != other.maps
        assert one.tag == other.tag  # of equal code, whatever its maps
        with closing(programs.by_id(one.id)) as again:
            assert programs.info(again) == one


def test_what_the_verifier_refuses_is_told_in_its_words():
    # r0 is read, which nobody has set
    wrong = Program("pm_wrong", "tc", b85encode(bytes.fromhex("9500000000000000")).decode())
    with pytest.raises(Refused, match=r"cannot load the program pm_wrong: [^\0]*R0 !read_ok"):
        programs.load(wrong, Known())


def test_an_attached_program_lives_without_its_loader_and_beside_those_of_others(group):
    with group.open() as directory:
        with programs.loaded(shipped.GUARD, only=["pm_guard_bind4"]) as strange:
            cgroups.attach(directory, strange.programs["pm_guard_bind4"], POST_BIND4)
        (others,) = cgroups.attached(directory, POST_BIND4)
        with programs.loaded(shipped.GUARD, only=["pm_guard_bind4"]) as ours:
            cgroups.attach(directory, ours.programs["pm_guard_bind4"], POST_BIND4)
            number = programs.info(ours.programs["pm_guard_bind4"]).id
        assert cgroups.attached(directory, POST_BIND4) == [others, number]
        with closing(programs.by_id(number)) as found:
            cgroups.detach(directory, found, POST_BIND4)
        assert cgroups.attached(directory, POST_BIND4) == [others]


def test_a_program_is_replaced_in_its_place(group):
    with group.open() as directory, contextlib.ExitStack() as stack:
        old, new = (
            stack.enter_context(programs.loaded(shipped.GUARD)).programs["pm_guard_bind4"]
            for _ in range(2)
        )
        cgroups.attach(directory, old, POST_BIND4)
        cgroups.attach(directory, new, POST_BIND4, replacing=old)
        assert cgroups.attached(directory, POST_BIND4) == [programs.info(new).id]


def test_a_program_that_wants_to_be_alone_is_named_as_the_cause(group):
    with group.open() as directory, programs.loaded(shipped.GUARD) as ours:
        program = ours.programs["pm_guard_bind4"]
        alone = struct.pack("=IIIII", directory, program, POST_BIND4, 0, 0)
        call.bpf(8, alone, "attach alone")
        with pytest.raises(InvalidRequest, match="allows none beside it"):
            cgroups.attach(directory, program, POST_BIND4)


def test_an_attached_program_is_asked(group):
    """Its map is all zero: no port may be bound, and it only tells."""
    with group.open() as directory, programs.loaded(shipped.GUARD) as ours:
        cgroups.attach(directory, ours.programs["pm_guard_bind4"], POST_BIND4)
        assert group.run(bind_any) == "bound"
        maps.write(ours.maps["pm_rules"], bytes(4), b"\1" + bytes(16399))
        assert group.run(bind_any) == "EPERM"


def bind_any() -> str:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return "bound"


def test_a_kernel_function_is_called_and_a_number_filled_in():
    """r0 = *(u32 *)((void *)bpf_cast_to_kern_ctx(ctx) + offset of len)"""
    body = "85100000ffffffff 1801000000000000 0000000000000000 0f10000000000000 6100000000000000"
    text = b85encode(bytes.fromhex(body + "9500000000000000")).decode()
    holes = (Hole(0, "function", "bpf_cast_to_kern_ctx"), Hole(1, "number", "len"))
    with kernel_types() as types:
        known = Known(
            functions={"bpf_cast_to_kern_ctx": types.function("bpf_cast_to_kern_ctx")},
            numbers={"len": types.member("sk_buff", "len").offset // 8},
        )
    compiled = Compiled((), (Program("pm_len", "tc", text, holes),))
    with programs.loaded(compiled, known) as made:
        assert programs.info(made.programs["pm_len"]).type == 3


@contextlib.contextmanager
def kernel_types() -> Iterator[btf.Btf]:
    if not os.path.exists(btf.PATH):
        pytest.skip(f"this kernel tells nothing of its types: there is no {btf.PATH}")
    with btf.of_kernel() as types:
        yield types


def test_who_may_not_is_told_what_is_missing():
    def act() -> str:
        os.setresuid(65534, 65534, 65534)
        try:
            maps.create(Map("pm_test", 2, 4, 8, 2))
        except Unsupported as error:
            return str(error)
        return "made"

    with groups.group() as group:
        said = group.run(act)
    assert said.startswith("cannot make the map pm_test: Operation not permitted; this needs CAP_")
