# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program and the maps of a host's steering, open in this process.

Nothing is pinned: they last as long as a filter has them, and are found again by the id of the
program that the filter tells.  Until a host has its first filter, they last as long as the process.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from array import array
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from ...bpf import maps, programs, shipped
from ...bpf.code import Known, Program, filled
from ...linux.sysfs import possible_cpus
from ...values.access import OPEN, Access
from ...values.errors import KernelRefused, Unsupported
from ...values.ports import Range, Ranges
from .. import unfinished
from . import config as known
from . import namespaces, prefixes
from . import numbers as n

_TENANTS = n.HIGHEST + 1
_MAPS = {one.name: one for one in shipped.STEER.maps}
_WHOSE = {n.TENANTS, n.PORTS}  # what nothing else in the kernel tells
_MAPPED = (n.CONFIG, n.TENANTS, n.PORTS, n.DROPS, n.NAMESPACES)
_NUMBER = struct.Struct("=I")
_TENANT = struct.Struct("=7I2H")
_RECEIVED = struct.Struct("=QQ")
_DROPS = struct.Struct(f"={len((*n.REASONS, *n.ARRIVING))}Q")


class Tenant(NamedTuple):
    """The links of a container by their indexes, on the host and inside; 0 is none.

    `queued`: 1 where what it receives waits at its veth.  `traffic_class`: in which what it sends waits, on
    the links `outside` and `within`.  `closed`: 1 where it may not use servers of the host.
    `first` and `last`: the ports to which answers come where not everybody may; else 0.
    """

    veth: int
    inner: int
    queued: int = 0
    traffic_class: int = 0
    outside: int = 0
    within: int = 0
    closed: int = 0
    first: int = 0
    last: int = 0

    @property
    def flow(self) -> tuple[int, ...]:
        """How it is limited."""
        return self[2:6]

    @property
    def answered(self) -> Range | None:
        return Range(self.first, self.last) if self.last else None


class Bytes(NamedTuple):
    """The program as this kernel takes it.  `tags`: what kernels may call it; `why` it does not judge."""

    known: dict[str, int]
    tags: tuple[str, ...]
    why: str


@lru_cache(maxsize=1)
def shipped_bytes() -> Bytes:
    ready = unfinished.ready()
    known = {**ready.numbers, "judging": int(bool(ready.tag))}
    code = filled(_program(), Known(maps=dict.fromkeys(_MAPS, 0), numbers=known))
    # Linux takes the first bytes of a digest, of SHA-1 up to 6.17; maps count as 0.
    tags = (hashlib.sha256(code).digest(), hashlib.sha1(code).digest())
    return Bytes(known, tuple(tag[:8].hex() for tag in tags), ready.why)


def _program() -> Program:
    (program,) = shipped.STEER.programs
    return program


class Kit:
    """`program` is an id, 0 for one that is still to be loaded; `ids` are those of the maps."""

    def __init__(self, program: int, descriptors: dict[str, int]) -> None:
        self.program = program
        self.ids = frozenset(maps.info(one).id for one in descriptors.values())
        self._descriptors = descriptors
        self._loaded = 0
        self._memory = {
            name: mmap.mmap(descriptors[name], _size(name), mmap.MAP_SHARED) for name in _MAPPED
        }

    def close(self) -> None:
        for memory in self._memory.values():
            memory.close()
        for descriptor in (*self._descriptors.values(), *filter(None, [self._loaded])):
            os.close(descriptor)

    # --- the program ---

    def descriptor(self) -> int:
        """Of the program that we ship, with these maps.  Raises Refused, Unsupported."""
        if not self._loaded:
            self._loaded = self._of_filters() or programs.load(
                _program(), Known(maps=self._descriptors, numbers=shipped_bytes().known)
            )
        return self._loaded

    def _of_filters(self) -> int:
        """The one that the host's filters have, so that all share it, if it is of this version."""
        if not self.program:
            return 0
        descriptor = programs.by_id(self.program)
        found = programs.info(descriptor)
        if found.tag in shipped_bytes().tags and frozenset(found.maps) == self.ids:
            return descriptor
        os.close(descriptor)
        return 0

    # --- the maps ---

    @property
    def config(self) -> known.Config | None:
        """None before it was written."""
        return known.read(self._memory[n.CONFIG][:], self._other_addresses())

    def _other_addresses(self) -> list[bytes]:
        return maps.keys(self._descriptors[n.ADDRESSES], prefixes.ADDRESS)

    def write_config(self, wanted: known.Config) -> None:
        others = {prefixes.packed(one) for one in wanted.others}
        descriptor, had = self._descriptors[n.ADDRESSES], {*self._other_addresses()}
        for one in sorted(others - had):
            maps.write(descriptor, one, _NUMBER.pack(1))
        data = known.written(wanted)
        self._memory[n.CONFIG][: len(data)] = data
        for one in sorted(had - others):
            maps.remove(descriptor, one)

    def tenants(self) -> dict[int, Tenant]:
        """By their numbers, those that have a veth."""
        return {number: one for number, one in self._every() if one.veth}

    def _every(self) -> Iterator[tuple[int, Tenant]]:
        every = _TENANT.iter_unpack(self._memory[n.TENANTS][: _TENANTS * _TENANT.size])
        return ((number, Tenant(*one)) for number, one in enumerate(every))

    def tenant(self, number: int) -> Tenant:
        return Tenant(*_TENANT.unpack_from(self._memory[n.TENANTS], number * _TENANT.size))

    def received(self, number: int) -> tuple[int, int]:
        """Packets and bytes that a container received past the counters of its veth."""
        size = _RECEIVED.size * possible_cpus()
        told = maps.read(self._descriptors[n.RECEIVED], _NUMBER.pack(number), size) or b""
        each = list(_RECEIVED.iter_unpack(told))
        return sum(one[0] for one in each), sum(one[1] for one in each)

    def drops(self, number: int) -> tuple[dict[str, int], dict[str, int]]:
        """Packets of a container, and then packets to it, that were dropped, by reason."""
        counts = _DROPS.unpack_from(self._memory[n.DROPS], number * _DROPS.size)
        told, arriving = counts[: len(n.REASONS)], counts[len(n.REASONS) :]
        return dict(zip(n.REASONS, told)), dict(zip(n.ARRIVING, arriving))

    def forget(self, number: int) -> None:
        """The veth of a container that goes, and what was counted for it.

        Its other link stays known, should the container stay after all: only its own program asks for it.
        """
        self.write_veth(number, 0)
        self.write_flow(number, Tenant(0, 0).flow)
        self.write_access(number, OPEN, None)
        self._write(n.DROPS, number * _DROPS.size, array("Q", bytes(_DROPS.size)))
        zeros = bytes(_RECEIVED.size * possible_cpus())
        maps.write(self._descriptors[n.RECEIVED], _NUMBER.pack(number), zeros)

    def write_veth(self, number: int, ifindex: int) -> None:
        self._write(n.NAMESPACES, *namespaces.entry(number, ifindex))
        self._write(n.TENANTS, number * _TENANT.size, array("I", [ifindex]))

    def write_inner(self, number: int, ifindex: int) -> None:
        self._write(n.TENANTS, number * _TENANT.size + 4, array("I", [ifindex]))

    def write_flow(self, number: int, flow: tuple[int, ...]) -> None:
        self._write(n.TENANTS, number * _TENANT.size + 8, array("I", flow))

    def access(self) -> dict[int, Access]:
        """Of each number that has not what all have, somebody's or nobody's."""
        host_ports = prefixes.host_ports(self._descriptors[n.HOST_PORTS])
        networks = prefixes.networks(self._descriptors[n.NETWORKS])
        return {
            number: Access(
                not one.closed,
                host_ports.get(number, ()),
                networks.get(number, ()) if one.last else None,
            )
            for number, one in self._every()
            if one.closed or one.last or number in host_ports
        }

    def write_access(self, number: int, wanted: Access, answered: Range | None) -> None:
        """At no point is more open than before or after."""
        prefixes.add(self._descriptors, number, wanted)
        at = number * _TENANT.size + 24
        self._write(n.TENANTS, at, array("I", [int(not wanted.host_services)]))
        self._write(n.TENANTS, at + 4, array("H", answered or (0, 0)))
        prefixes.leave(self._descriptors, number, wanted)

    def owned(self) -> dict[int, Ranges]:
        """The ports of each number that has some."""
        found: dict[int, list[Range]] = {}
        first = 0
        for number, run in groupby(array("H", self._memory[n.PORTS][:])):
            size = len(list(run))
            if number:
                found.setdefault(number, []).append(Range(first, first + size - 1))
            first += size
        return {number: tuple(ranges) for number, ranges in found.items()}

    def give(self, number: int, ranges: Ranges) -> None:
        for one in ranges:
            self._write(n.PORTS, one.first * 2, array("H", [number]) * one.size)

    def take(self, number: int, ranges: Ranges) -> None:
        """Ports that have become somebody else's stay that."""
        for one in ranges:
            first = one.first
            for owner, run in groupby(self._owners(one)):
                size = len(list(run))
                if owner == number:
                    self._write(n.PORTS, first * 2, array("H", [0]) * size)
                first += size

    def _owners(self, ranges: Range) -> array[int]:
        return array("H", self._memory[n.PORTS][ranges.first * 2 : ranges.last * 2 + 2])

    def _write(self, name: str, at: int, values: array[int]) -> None:
        data = values.tobytes()
        self._memory[name][at : at + len(data)] = data


def _size(name: str) -> int:
    """Of what can be mapped: whole pages."""
    one = _MAPS[name]
    return -(-one.value_size * one.entries // mmap.PAGESIZE) * mmap.PAGESIZE


_open: list[Kit] = []  # the one that this process uses, if any


def adopt(program: int) -> Kit | None:
    """Use what a filter of the host has, by the id of its program; None if that is not of our making.

    Of programs by others nothing can be used; of a version with other maps, those that are the same, if
    whose ports are whose is in them.  0: no filter has any.
    """
    if _open and program and _open[0].program == program:
        return _open[0]
    while _open:
        _open.pop().close()
    if program:
        descriptors = _maps_of(program)
        if descriptors is not None:
            _open.append(Kit(program, descriptors))
    return _open[0] if _open else None


def current() -> Kit:
    """What was adopted; else new maps, which the first filters of the host will have."""
    if not _open:
        made = {name: maps.create(one) for name, one in _MAPS.items()}
        _open.append(Kit(0, made))
    return _open[0]


def refused() -> str:
    """Why this kernel does not take program and maps; "" if it does."""
    try:
        current().descriptor()
    except (KernelRefused, Unsupported) as error:
        return str(error)
    return ""


def _maps_of(program: int) -> dict[str, int] | None:
    try:
        descriptor = programs.by_id(program)
    except KernelRefused:
        return None  # it has gone meanwhile
    try:
        ids = programs.info(descriptor).maps
    finally:
        os.close(descriptor)
    found = {}
    for one in ids:
        opened = maps.by_id(one)
        made = maps.info(opened).made
        if _MAPS.get(made.name) == made:
            found[made.name] = opened
        else:
            os.close(opened)
    if found.keys() >= _WHOSE:
        made_new = {name: maps.create(one) for name, one in _MAPS.items() if name not in found}
        return found | made_new
    for opened in found.values():
        os.close(opened)
    return None


def shares_maps(program: int) -> bool:
    """Whether a program has the maps of this host."""
    return bool(_open) and _map_ids(program) == _open[0].ids


@lru_cache(maxsize=64)
def _map_ids(program: int) -> frozenset[int]:
    """The ids of programs and maps are given once."""
    try:
        descriptor = programs.by_id(program)
    except KernelRefused:
        return frozenset()
    try:
        return frozenset(programs.info(descriptor).maps)
    finally:
        os.close(descriptor)
