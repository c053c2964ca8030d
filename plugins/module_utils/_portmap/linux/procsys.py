# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters: files below /proc/sys, as the network namespace that we are in has them.

The kernel keeps the names of all namespaces in the same lists, and forgets none of them soon: once
a thousand namespaces were looked at, each name is found behind a thousand others like it.  So we
look through an instance of procfs of our own, and through a new one after some names.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterable
from functools import lru_cache

from ..values.errors import KernelRefused
from . import detached
from .detached import DIRECTORY

_FEW = 1024  # names to look up in one instance: some dozens of namespaces


class _Procfs:
    """`root` is a descriptor of a procfs in which few names were looked up yet."""

    def __init__(self) -> None:
        self._root: int | None = None
        self._names = 0

    def root(self, names: int) -> int:
        """To look up so many `names`; the last root is closed when it was used enough."""
        if self._root is None or self._names > _FEW:
            if self._root is not None:
                os.close(self._root)
            self._root, self._names = detached.instance(b"proc", "/proc"), 0
        self._names += names
        return self._root


_procfs = _Procfs()


def read(name: str) -> str | None:
    """The value, blanks folded; None where the kernel lacks it.  `name` is relative to /proc/sys."""
    return _read(f"sys/{name}", _procfs.root(1))


def read_all(names: Iterable[str]) -> dict[str, str]:
    """Several values; those that the kernel lacks are left out.

    The kernel looks up every directory of a path anew: each is opened once.
    """
    values = {}
    for directory, group in _by_directory(tuple(names)):
        try:
            opened = os.open(directory, DIRECTORY, dir_fd=_procfs.root(len(group)))
        except FileNotFoundError:
            continue
        try:
            for name, file in group:
                value = _read(file, opened)
                if value is not None:
                    values[name] = value
        finally:
            os.close(opened)
    return values


@lru_cache(maxsize=8)
def _by_directory(names: tuple[str, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The same names are asked for in every container."""
    return [
        (f"sys/{directory}", [(name, os.path.basename(name)) for name in group])
        for directory, group in itertools.groupby(sorted(names), os.path.dirname)
    ]


def _read(path: str, directory: int) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return None
    try:
        return " ".join(os.read(descriptor, 4096).decode().split())
    finally:
        os.close(descriptor)


def is_writable(name: str) -> bool:
    """False where a new namespace shows the host's value but cannot set it."""
    try:
        return bool(os.stat(f"sys/{name}", dir_fd=_procfs.root(1)).st_mode & stat.S_IWUSR)
    except FileNotFoundError:
        return False


def write(name: str, value: str) -> None:
    try:
        descriptor = os.open(f"sys/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=_procfs.root(1))
        try:
            os.write(descriptor, value.encode("ascii"))
        finally:
            os.close(descriptor)
    except OSError as error:
        said = os.strerror(error.errno or 0)
        raise KernelRefused(f"cannot set {name} to {value}: {said}", error.errno or 0) from error


def links(family: str) -> list[str]:
    """The links that have parameters of a family ("ipv4"), `all` and `default` included."""
    opened = os.open(f"sys/net/{family}/conf", os.O_RDONLY | os.O_CLOEXEC, dir_fd=_procfs.root(1))
    try:
        return sorted(os.listdir(opened))
    finally:
        os.close(opened)
