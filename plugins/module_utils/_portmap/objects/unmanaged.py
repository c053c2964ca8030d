# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that keep the programs of the host which configure links from configuring ours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..linux import durable, managers
from ..linux.ids import Ids
from ..linux.managers import Manager
from ..linux.requests import Call, Operation
from ..values.marks import OUR_GROUPS
from .kind import Change, Identity, Object


class _Fields(NamedTuple):
    manager: Manager
    path: str
    text: str


class Unmanaged(_Fields, Object):
    """A file of a program; `text` is "" where others could have written it."""

    __slots__ = ()
    rank = -10  # there before the first link is, and until the last one is gone

    @property
    def identity(self) -> Identity:
        return ("unmanaged", self.path)

    @property
    def where(self) -> tuple[object, ...]:
        return ("", self.path)

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        yield Call(partial(_delete if change.after is None else _write, self))

    def __str__(self) -> str:
        return f"file {self.path}, which keeps {self.manager.name} from our links"


def _write(item: Unmanaged) -> None:
    durable.replace(item.path, item.text.encode(), 0o644)
    if managers.reload(item.manager) and item.manager == managers.NETWORK_MANAGER:
        managers.let_go([str(group) for group in OUR_GROUPS])


def _delete(item: Unmanaged) -> None:
    for path in (durable.draft(item.path), item.path):
        durable.remove(path)
    managers.reload(item.manager)
