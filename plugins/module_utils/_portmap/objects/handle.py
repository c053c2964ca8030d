# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Handles of network namespaces, and the directory that they lie in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..linux import netns
from ..linux.ids import Ids
from ..linux.requests import Call, Operation
from ..values.places import HOST
from .kind import NAME, ON_HOST, REMOVE, Change, Identity, Object, when


class _DirectoryFields(NamedTuple):
    path: str


class HandleDirectory(_DirectoryFields, Object):
    """The directory of namespace handles is a shared mount of its own peer group."""

    __slots__ = ()
    rank = 0

    @property
    def identity(self) -> Identity:
        return ("handles", self.path)

    @property
    def where(self) -> tuple[object, ...]:
        return HOST, self.path

    def operations(self, change: Change, ids: Ids) -> Iterator[Operation]:
        deleting = change.after is None
        yield Call(netns.unshare_directory if deleting else netns.share_directory)

    def __str__(self) -> str:
        return f"mount {self.path} shared, in a peer group of its own"


class _Fields(NamedTuple):
    container: str
    path: str
    inode: int
    draft: bool = False


class Handle(_Fields, Object):
    """A bind mount which names and holds the network namespace of a container.

    `inode` tells namespaces apart; 0 stands for none, or one that is still to be made, -1 for a file
    that nothing is mounted on.  `draft`: the mount which holds the namespace until its container is
    whole is there, too, or alone.
    """

    __slots__ = ()
    rank = 20
    of_pair = True

    @property
    def identity(self) -> Identity:
        return ("handle", self.container)

    @property
    def owner(self) -> tuple[str, str]:
        return self.container, ""

    @property
    def step(self) -> int:
        return NAME

    @property
    def where(self) -> tuple[object, ...]:
        return HOST, self.path

    def removed(self) -> tuple[float, ...]:
        """Just before the veth: packets stop first, the host's own things go last."""
        return when(REMOVE, -(ON_HOST + 0.5), -self.rank)

    def __str__(self) -> str:
        names = [self.path] if self.inode or not self.draft else []
        names += [netns.draft_path(self.container)] if self.draft else []
        return f"netns handle {' and '.join(names)}"
