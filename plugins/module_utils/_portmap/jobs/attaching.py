# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attaching guards to groups, and detaching them.  Programs of others stay."""

from __future__ import annotations

from contextlib import ExitStack

from ..bpf import cgroups, maps, programs, shipped
from ..bpf.call import closing
from ..linux import cgroups as groups
from ..sight.guards import FIRST, HOOKS, RULES, Attached, map_of, seen


def attach(path: str, rules: bytes) -> bool:
    """Have a group guarded by these rules; False where there is no such group.

    The rules of a guard that is whole are written in one go.  Else new programs take the place of
    old ones, each in one step, so that at no time there is none where one was.
    """
    with groups.opened(path) as group:
        if group is None:
            return False
        found = seen(group)
        if not found.whole:
            _attach_all(group, found, rules)
        elif found.rules != rules:
            _write(found, rules)
    return True


def _write(found: Attached, rules: bytes) -> None:
    (ids,) = found.maps
    descriptor = map_of(ids, RULES)
    if descriptor is not None:
        with closing(descriptor):
            maps.write(descriptor, FIRST, rules)


def _attach_all(group: int, found: Attached, rules: bytes) -> None:
    with ExitStack() as stack:
        new = stack.enter_context(programs.loaded(shipped.GUARD))
        maps.write(new.maps[RULES], FIRST, rules)
        for name, hook in HOOKS.items():
            old = [
                stack.enter_context(closing(programs.by_id(number)))
                for number, _tag in found.programs.get(name, ())
            ]
            cgroups.attach(group, new.programs[name], hook, old[0] if old else 0)
            for more in old[1:]:
                cgroups.detach(group, more, hook)


def detach(path: str) -> None:
    """Take ours away."""
    with groups.opened(path) as group:
        if group is None:
            return
        for name, old in seen(group).programs.items():
            for number, _tag in old:
                with closing(programs.by_id(number)) as program:
                    cgroups.detach(group, program, HOOKS[name])
