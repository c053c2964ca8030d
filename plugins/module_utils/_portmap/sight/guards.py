# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards in the kernel: the programs of a group that are ours, and what they are told."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from ..bpf import cgroups, maps, programs, shipped
from ..bpf.call import Refused, closing
from ..linux import cgroups as groups
from ..linux import netns
from ..values.errors import Unsupported
from ..values.guards import Guard

HOOKS = {one.name: one.hook.attach for one in shipped.GUARD.programs}
RULES, EVENTS, COUNTS = "pm_rules", "pm_events", "pm_counts"
RULES_BYTES = next(one.value_size for one in shipped.GUARD.maps if one.name == RULES)
FIRST = bytes(4)  # the only key of the map of rules
_NOT_GIVEN = (
    1,
    3,
)  # bpf/guard.c, enum kind: binds and sockets; whoever listens may have a port of its own
_SO_NETNS_COOKIE = 71  # asm-generic/socket.h, since Linux 5.14


class Attached(NamedTuple):
    """Our programs of a group, by name: id and tag of each.  One set of maps when all is well."""

    programs: Mapping[str, tuple[tuple[int, str], ...]] = {}
    maps: frozenset[tuple[int, ...]] = frozenset()
    rules: bytes = b""

    @property
    def whole(self) -> bool:
        """All programs are there, once, as this version has them, with the same maps."""
        tags = {name: [tag for _number, tag in found] for name, found in self.programs.items()}
        return tags == {name: [tag] for name, tag in shipped_tags().items()} and self.one_set

    @property
    def one_set(self) -> bool:
        return len(self.maps) == 1


def see(path: str) -> Attached | None:
    """None where there is no such group."""
    with groups.opened(path) as group:
        return None if group is None else seen(group)


def seen(group: int) -> Attached:
    """The same by a descriptor."""
    found: dict[str, tuple[tuple[int, str], ...]] = {}
    sets: set[tuple[int, ...]] = set()
    for name, hook in HOOKS.items():
        for number in cgroups.attached(group, hook):
            with closing(programs.by_id(number)) as program:
                told = programs.info(program)
            if told.name == name:
                found[name] = (*found.get(name, ()), (number, told.tag))
                sets.add(tuple(sorted(told.maps)))
    rules = _rules(next(iter(sets))) if len(sets) == 1 else b""
    return Attached(found, frozenset(sets), rules)


def map_of(ids: tuple[int, ...], name: str) -> int | None:
    """A descriptor of the map of this name among those of these ids."""
    for number in ids:
        descriptor = maps.by_id(number)
        if maps.info(descriptor).made.name == name:
            return descriptor
        with closing(descriptor):
            pass
    return None


def _rules(ids: tuple[int, ...]) -> bytes:
    descriptor = map_of(ids, RULES)
    if descriptor is None:
        return b""
    with closing(descriptor):
        return maps.read(descriptor, FIRST, RULES_BYTES) or b""


def violations(found: Attached) -> int | None:
    """How often a port or a socket was asked for that is not given.

    None where that is not counted: programs of an earlier version, or not all of ours.
    """
    descriptor = map_of(next(iter(found.maps)), COUNTS) if found.one_set else None
    if descriptor is None:
        return None
    with closing(descriptor):
        counts = [maps.read(descriptor, struct.pack("=I", kind), 8) for kind in _NOT_GIVEN]
    return sum(int.from_bytes(one, sys.byteorder) for one in counts if one)


@lru_cache(maxsize=1)
def shipped_tags() -> dict[str, str]:
    """What the kernel calls the programs of this version; it says that of loaded ones only.

    Raises Unsupported on a kernel that does not take them.
    """
    try:
        with programs.loaded(shipped.GUARD) as loaded:
            return {name: programs.info(one).tag for name, one in loaded.programs.items()}
    except Refused as error:
        raise Unsupported(
            f"cannot guard ports: this kernel lacks what that takes; it takes Linux 5.8 or later with"
            f" CONFIG_CGROUP_BPF ({error})"
        ) from error


@contextlib.contextmanager
def in_its_namespace(guard: Guard) -> Iterator[bool]:
    """Be where the ports are that a guard judges; False where the namespace of its container is not there."""
    if not guard.namespace:
        yield True
        return
    with netns.at(guard.namespace) as opened, netns.entered(opened):
        yield opened is not None


def cookie(namespace: int | None = None) -> int:
    """The number of a network namespace that sockets in it have, of our own without one.

    0 before Linux 5.14, which does not tell it.
    """
    with netns.entered(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            told = one.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8)
        except OSError:
            return 0
    return int(struct.unpack("=Q", told)[0])
