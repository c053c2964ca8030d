# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations that are calls: in order, counted, refused, gone on with.  Requests have the kernel's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.engine.apply import Applier
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import requests
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.ids import Ids
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.requests import Call
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import (
    Change,
    Object,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    KernelRefused,
)


class _Fields(NamedTuple):
    name: str
    calls: int
    fails_at: int
    log: Any


class Thing(_Fields, Object):
    """A kind as a second steering would have it: made by calls, some of which may be refused."""

    __slots__ = ()

    @property
    def identity(self) -> tuple[object, ...]:
        return ("thing", self.name)

    def operations(self, change: Change, ids: Ids) -> Iterator[Call]:
        for number in range(self.calls):
            yield Call(lambda number=number: self._do(number))

    def _do(self, number: int) -> None:
        if number == self.fails_at:
            raise KernelRefused(f"cannot make {self.name}", 1)
        self.log.append(f"{self.name}{number}")


def changes(log: list[str], *wanted: tuple[str, int, int]) -> list[Change]:
    return [Change(None, Thing(*one, log)) for one in wanted]


def applier() -> Applier:
    requests.CALLED.clear()
    return Applier({}, {}, None)  # no request is sent


def names(made: Applier) -> list[str]:
    return [change.subject.name for change in made.done]


def test_calls_are_made_in_order_and_counted():
    log: list[str] = []
    made = applier()
    made.apply(changes(log, ("a", 2, -1), ("b", 0, -1), ("c", 1, -1)))
    assert log == ["a0", "a1", "c0"]
    assert sorted(names(made)) == ["a", "b", "c"]
    assert requests.CALLED == ["Thing"] * 3


def test_the_first_refused_call_ends_it_and_only_what_is_whole_is_done():
    log: list[str] = []
    made = applier()
    with pytest.raises(KernelRefused, match="cannot make b"):
        made.apply(changes(log, ("a", 1, -1), ("b", 3, 1), ("c", 1, -1)))
    assert log == ["a0", "b0"]
    assert names(made) == ["a"]


def test_undoing_goes_on_after_a_refused_call():
    log: list[str] = []
    made = applier()
    made.apply(changes(log, ("a", 1, -1), ("b", 3, 1), ("c", 1, -1)), keep_going=True)
    assert log == ["a0", "b0", "c0"]
    assert names(made) == ["a", "c"]
