# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs: loaded with their maps, and found again by their ids."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from ..linux import uapi as k
from . import maps as of_maps
from .call import Buffer, Refused, bpf, closing
from .code import NOTHING, Compiled, Known, Program, filled

# linux/bpf.h, union bpf_attr: "used by BPF_PROG_LOAD", up to expected_attach_type
_LOAD = struct.Struct("=IIQQIIQII16sII")
_QUERY = struct.Struct("=IIIIQI")  # "used by BPF_PROG_QUERY"
_MOST = 64  # programs that can be at one hook
_ID = struct.Struct("=I")
_NEXT_ID = struct.Struct("=II")
_INFO_CALL = struct.Struct("=IIQ")
# struct bpf_prog_info
_INFO = struct.Struct("=II8s")
_MAP_COUNT, _NAME = 52, 64  # offsets in it
_LICENCE = b"GPL\0"  # the C sources are GPL-2.0-or-later; the kernel knows few names
_LOG_BYTES = 1 << 18
_LOG_LINES = 12  # of the verifier's log, the last ones say what it refused


class ProgramInfo(NamedTuple):
    """What the kernel says of a program.  `tag` depends on its instructions alone, not on its maps."""

    id: int
    type: int
    tag: str
    name: str
    maps: tuple[int, ...]


class Loaded(NamedTuple):
    """Open descriptors, by name."""

    programs: Mapping[str, int]
    maps: Mapping[str, int]


@contextmanager
def loaded(
    compiled: Compiled, known: Known = NOTHING, only: Collection[str] | None = None
) -> Iterator[Loaded]:
    """Programs in the kernel, all or `only` these; what nobody has attached goes at the end.

    Maps that are not `known` are made new.
    """
    with ExitStack() as stack:
        maps = dict(known.maps)
        for wanted in compiled.maps:
            if wanted.name not in maps:
                maps[wanted.name] = stack.enter_context(closing(of_maps.create(wanted)))
        filling = known._replace(maps=maps)
        programs = {
            program.name: stack.enter_context(closing(load(program, filling)))
            for program in compiled.programs
            if only is None or program.name in only
        }
        yield Loaded(programs, maps)


def load(program: Program, known: Known) -> int:
    """The descriptor of a program.  Raises Refused with the end of the verifier's log."""
    code = filled(program, known)
    try:
        return _load(program, code, None)
    except Refused as error:
        doing = f"load the program {program.name}"
        number = error.errno
    raise Refused(doing, number, _verifier_said(program, code))


def _verifier_said(program: Program, code: bytes) -> str:
    """The last lines of its log about a program that it refuses."""
    log = Buffer(b"", _LOG_BYTES)
    with suppress(Refused):
        os.close(_load(program, code, log))
    said = log.raw.split(b"\0", 1)[0].decode(errors="replace").splitlines()
    return "\n".join(said[-_LOG_LINES:])


def _load(program: Program, code: bytes, log: Buffer | None) -> int:
    instructions, licence = Buffer(code), Buffer(_LICENCE)
    attributes = _LOAD.pack(
        program.hook.type,
        len(code) // 8,
        instructions.address,
        licence.address,
        0 if log is None else 1,
        0 if log is None else len(log),
        0 if log is None else log.address,
        0,
        0,
        program.name.encode()[: k.BPF_OBJ_NAME_LEN - 1],
        0,
        program.hook.attach,
    )
    return bpf(k.BPF_PROG_LOAD, attributes, f"load the program {program.name}")[0]


def by_id(number: int) -> int:
    """A descriptor of the program of this id."""
    return bpf(k.BPF_PROG_GET_FD_BY_ID, _ID.pack(number), f"open the program of id {number}")[0]


def oldest(like: ProgramInfo) -> int:
    """A descriptor of the first program of this type, tag and name, so that all uses share one.

    The tag tells what the program does, but not which maps it uses.  Raises Refused without one.
    """
    number = 0
    while True:
        asked = _NEXT_ID.pack(number, 0)
        _result, told = bpf(k.BPF_PROG_GET_NEXT_ID, asked, f"find the program {like.name}")
        number = _NEXT_ID.unpack_from(told)[1]
        try:
            descriptor = by_id(number)
        except Refused as error:
            if error.errno != errno.ENOENT:
                raise
            continue  # it has gone meanwhile
        found = info(descriptor)
        if (found.type, found.tag, found.name) == (like.type, like.tag, like.name):
            return descriptor
        os.close(descriptor)


def attached(target: int, hook: int, doing: str) -> list[int]:
    """The ids of the programs at a hook of a cgroup, by its descriptor, or of a link, by its index."""
    ids = Buffer(b"", 4 * _MOST)
    answer = bpf(k.BPF_PROG_QUERY, _QUERY.pack(target, hook, 0, 0, ids.address, _MOST), doing)[1]
    count = _QUERY.unpack_from(answer)[5]
    return list(struct.unpack_from(f"={count}I", ids.raw))


def info(descriptor: int) -> ProgramInfo:
    first = _info(descriptor, b"")
    count = struct.unpack_from("=I", first, _MAP_COUNT)[0]
    ids = Buffer(b"", 4 * count)
    asked = bytearray(_NAME)
    struct.pack_into("=IQ", asked, _MAP_COUNT, count, ids.address)
    told = _info(descriptor, bytes(asked)) if count else first
    kind, number, tag = _INFO.unpack_from(told)
    name = told[_NAME : _NAME + k.BPF_OBJ_NAME_LEN].split(b"\0")[0].decode()
    return ProgramInfo(number, kind, tag.hex(), name, struct.unpack_from(f"={count}I", ids.raw))


def _info(descriptor: int, asked: bytes) -> bytes:
    told = Buffer(asked, 240)
    attributes = _INFO_CALL.pack(descriptor, len(told), told.address)
    bpf(k.BPF_OBJ_GET_INFO_BY_FD, attributes, "ask about a program")
    return told.raw
