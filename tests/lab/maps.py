# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What eBPF steering has in its maps, read and written without the engine, which is not trusted.

    python maps.py PROGRAM MAP OFFSET BYTES

writes these, in hexadecimal, into a map of a program.

    python maps.py PROGRAM MAP

takes all keys out of a map that has some.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import mmap
import os
import re
import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
_DELETE, _NEXT_KEY = 3, 4
_PROGRAM_BY_ID, _MAP_BY_ID, _INFO = 13, 14, 15
_STEERING = re.compile(r" pm_steer .* id (\d+) name ")
_libc = ctypes.CDLL(None, use_errno=True)


class Opened(NamedTuple):
    """A map: `size` is the bytes of all its values, `key` those of one key."""

    descriptor: int
    flags: int
    size: int
    key: int


def section(found: Mapping[str, str]) -> dict[str, str]:
    """What the programs know that a state of the lab has, and whether all of them know the same."""
    used = {one for text in found.values() for one in _STEERING.findall(text)}
    if not used:
        return {}
    ending = ": links"
    inner = {
        f"pm-{name[: -len(ending)]}": _names(text)
        for name, text in found.items()
        if name.endswith(ending)
    }
    same = {ids(int(one)): int(one) for one in sorted(used)}
    names = _names(found["links"])
    told = [line for one in same.values() for line in contents(one, names, inner)]
    return {"steering": "\n".join(sorted(told))}


def _names(links: str) -> dict[int, str]:
    return {one["ifindex"]: one["ifname"] for one in map(json.loads, links.splitlines())}


def contents(
    program: int, names: Mapping[int, str], inner: Mapping[str, Mapping[int, str]]
) -> list[str]:
    """A line for the host, for each run of ports that somebody has, and for each container with some.

    `names` are those of the host's links by their indexes, `inner` of those inside, by veth.
    """
    with _opened(program) as maps:
        config, links, numbers = (
            maps[name][:] for name in ("pm_config", "pm_tenants", "pm_ports")
        )
    address, six, broadcast, public, mac = struct.unpack_from("=16s16s4sI6s", config)
    shared = f"{_written(address)} {_written(six)} {socket.inet_ntoa(broadcast)}"
    lines = [f"{shared} {names.get(public, public)} {mac.hex(':')} {_others(program)}"]
    veths = {}
    owners = set(struct.unpack("=65536H", numbers))
    prefixes = _prefixes(program)
    for number, (outer, inside, *flow, closed, answered) in enumerate(
        struct.iter_unpack("=8I", links)
    ):
        if closed or answered or number in prefixes:
            allowed = sorted(prefixes.get(number, []))
            lines.append(f"{number} may {closed} {answered >> 16}-{answered & 0xFFFF} {allowed}")
        if number in owners and outer:
            veth = veths[number] = names.get(outer, f"link {outer}")
            link = inner.get(veth, {}).get(inside, "a link" if inside else "no link")
            queued, minor, *shaping = flow
            waits = [names.get(one, f"link {one}") for one in shaping if one]
            lines.append(f"{number} is {veth}, inside {link}, {queued} {minor:x} {waits}")
    first = 0
    for number, run in itertools.groupby(struct.unpack("=65536H", numbers)):
        last = first + sum(1 for _ in run) - 1
        if number:
            lines.append(f"ports {first}-{last} lead to {veths.get(number, number)}")
        first = last + 1
    return lines


def _prefixes(program: int) -> dict[int, list[str]]:
    """What the maps of prefixes have, by the number of the container."""
    found: dict[int, list[str]] = {}
    with _descriptors(program) as maps:
        for key in _keys(maps["pm_host_ports"]):
            bits, number, port = struct.unpack("=IH2s", key)
            found.setdefault(number, []).append(f"port {int.from_bytes(port, 'big')}/{bits}")
        for key in _keys(maps["pm_networks"]):
            bits, number, address = struct.unpack("=II16s", key)
            family = number >> 16
            listed = found.setdefault(number & 0xFFFF, [])
            listed.append(f"{_written(address)}/{bits} of {6 if family else 4}")
    return found


def _others(program: int) -> list[str]:
    """The addresses of the host besides the shared ones."""
    with _descriptors(program) as maps:
        return sorted(map(_written, _keys(maps["pm_addresses"])))


def _written(address: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6, address)


def _keys(one: Opened) -> Iterator[bytes]:
    descriptor, size = one.descriptor, one.key
    last, key = 0, ctypes.create_string_buffer(size)
    with contextlib.suppress(FileNotFoundError):
        while True:
            at = ctypes.addressof(key)
            _called(_NEXT_KEY, struct.pack("=I4xQQQ", descriptor, last, at, 0))
            yield key.raw
            before = ctypes.create_string_buffer(key.raw, size)
            last = ctypes.addressof(before)


def ids(program: int) -> frozenset[int]:
    """Of the maps of a program."""
    descriptor = _called(_PROGRAM_BY_ID, struct.pack("=I", program))
    try:
        room = (ctypes.c_uint32 * 64)()
        asked = bytearray(240)
        struct.pack_into("=IQ", asked, 52, 64, ctypes.addressof(room))
        told = _info(descriptor, bytes(asked))
    finally:
        os.close(descriptor)
    return frozenset(room[: struct.unpack_from("=I", told, 52)[0]])


@contextlib.contextmanager
def _descriptors(program: int) -> Iterator[dict[str, Opened]]:
    """The maps of a program by name."""
    found = {}
    try:
        for one in ids(program):
            descriptor = _called(_MAP_BY_ID, struct.pack("=I", one))
            _kind, _id, key, value, entries, flags, name = struct.unpack_from(
                "=IIIIII16s", _info(descriptor, bytes(96))
            )
            made = Opened(descriptor, flags, value * entries, key)
            found[name.rstrip(b"\0").decode()] = made
        yield found
    finally:
        for one in found.values():
            os.close(one.descriptor)


@contextlib.contextmanager
def _opened(program: int) -> Iterator[dict[str, mmap.mmap]]:
    """The maps of a program that can be mapped into memory, by name."""
    with _descriptors(program) as maps:
        found = {
            name: mmap.mmap(one.descriptor, -(-one.size // mmap.PAGESIZE) * mmap.PAGESIZE)
            for name, one in maps.items()
            if one.flags & 1024  # BPF_F_MMAPABLE
        }
    try:
        yield found
    finally:
        for memory in found.values():
            memory.close()


def _info(descriptor: int, asked: bytes) -> bytes:
    told = ctypes.create_string_buffer(asked, len(asked))
    _called(_INFO, struct.pack("=IIQ", descriptor, len(asked), ctypes.addressof(told)))
    return told.raw


def _called(command: int, attributes: bytes) -> int:
    given = ctypes.create_string_buffer(attributes, 144)
    result = _libc.syscall(_BPF, command, given, len(given))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return int(result)


def main(program: str, name: str, number: str = "", data: str = "") -> None:
    if data:
        with _opened(int(program)) as maps:
            new = bytes.fromhex(data)
            maps[name][int(number) : int(number) + len(new)] = new
        return
    with _descriptors(int(program)) as maps:
        for key in list(_keys(maps[name])):
            at = ctypes.create_string_buffer(key, len(key))
            called = struct.pack("=I4xQQQ", maps[name].descriptor, ctypes.addressof(at), 0, 0)
            _called(_DELETE, called)


if __name__ == "__main__":
    main(*sys.argv[1:])
