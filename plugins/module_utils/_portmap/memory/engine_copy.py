# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copy of the engine on the host: what runs there without Ansible runs from it.

Each version is a directory named after what is in it; the link `current` leads to the one in use.
A new version is written beside the old one, then the link is swapped, then the old one goes.
So a killed run leaves the old copy or the new one in use, and the next run takes its rest away.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec
from typing import Any, NamedTuple

from ..linux import durable
from ..linux.durable import Step
from ..linux.paths import not_roots_alone
from ..values.errors import InvalidRequest

DIRECTORY = "/usr/local/lib/netiso-portmap"
# What the host runs without Ansible.  Modules that install it name all of them, for Ansible to ship.
DOORS = ("restore", "follow", "portmapctl", "guard")
PACKAGE = "_portmap"
_ENGINE = __name__.rsplit(".", 2)[0]  # Python 3.9 gives no __package__ to what is in an archive
_LINK = "current"
_DRAFT = ".current.new"
# `from ..room import file, other`; a syntax tree would take several times as long.
_IMPORT = re.compile(r"^ *from (\.+)([\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_VERSION = re.compile(r"engine-[0-9a-f]{16}(-2)?")


class Found(NamedTuple):
    """What is in the directory; `strangers`: there is something that is not ours.

    `version` is the directory to which the link leads, "" without one; `files` are its sources by
    path, without those that others could have written.  `rest` is ours, and not in use.
    """

    exists: bool = False
    linked: bool = False
    version: str = ""
    files: Mapping[str, bytes] = {}
    rest: tuple[str, ...] = ()
    strangers: bool = False


# --- what is to be copied -----------------------------------------------------------------------


def sources(doors: Iterable[str] = DOORS) -> dict[str, bytes]:
    """The files that the doors need, by path: {"jobs/host.py": b"..."}.

    They are read the way Python has found this file: from a directory, or from the archive in
    which Ansible has sent it.
    """
    found: dict[str, bytes] = {}
    left = list(doors)
    while left:
        name = left.pop()
        path = name.replace(".", "/") + ".py"
        if path not in found:
            found[path] = _read(name)
            left += _imported(name, found[path])
    return found


def _read(name: str) -> bytes:
    spec = _spec(name)
    loader: Any = spec.loader
    return bytes(loader.get_data(spec.origin))


def _spec(name: str) -> ModuleSpec:
    spec = importlib.util.find_spec(f"{_ENGINE}.{name}" if name else _ENGINE)
    if spec is None:
        raise ImportError(f"no file of the engine is called {name}")
    return spec


def _imported(name: str, source: bytes) -> Iterator[str]:
    """The files of the engine that a file imports, wherever in it that happens."""
    for found in _IMPORT.finditer(source.decode()):
        dots, module, names = found.groups()
        room = name.split(".")[: -len(dots)]
        target = ".".join([*room, *filter(None, [module])])
        if _spec(target).submodule_search_locations is None:
            yield target
        else:
            prefix = f"{target}." if target else ""
            yield from (prefix + one.split()[0] for one in names.strip("() \n,").split(","))


def version_of(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    return f"engine-{digest.hexdigest()[:16]}"


def to_use(found: Found, files: Mapping[str, bytes]) -> str:
    """The version in use when it is whole; a damaged one stays in use until there is another."""
    version = version_of(files)
    if found.files == files:
        return found.version
    return f"{version}-2" if found.version == version else version


# --- what differs -------------------------------------------------------------------------------


class EngineCopy(NamedTuple):
    """The copy in a directory, which need not exist."""

    directory: str = DIRECTORY

    @property
    def path(self) -> str:
        """What Python searches for the package."""
        return f"{self.directory}/{_LINK}"

    def installing(self, found: Found, files: Mapping[str, bytes]) -> list[Step]:
        """Steps that put a version with these files into use."""
        if found.files == files:
            return []
        version = to_use(found, files)
        told = f"copy the engine to {self.directory}/{version}"
        return [Step(told, lambda: self._install(version, files))]

    def cleaning(self, found: Found, files: Mapping[str, bytes]) -> list[Step]:
        """Steps that take away what is not in use once these files are."""
        ours = {*found.rest, *filter(None, [found.version])}
        return [self._removal(name) for name in sorted(ours - {to_use(found, files)})]

    def removing(self, found: Found) -> list[Step]:
        """Steps that take away all that is ours, and the directory when that empties it."""
        names = [_LINK] if found.linked else []
        names += [found.version] if found.version else []
        steps = [self._removal(name) for name in (*names, *found.rest)]
        if found.exists and not found.strangers:
            told = f"remove the directory {self.directory}"
            steps.append(Step(told, lambda: os.rmdir(self.directory)))
        return steps

    def _removal(self, name: str) -> Step:
        path = f"{self.directory}/{name}"
        return Step(f"remove {path}", lambda: durable.remove(path))

    # --- the directory --------------------------------------------------------------------------

    def look(self) -> Found:
        """Raises InvalidRequest when the directory is not root's alone to write."""
        try:
            found = os.lstat(self.directory)
        except FileNotFoundError:
            return Found()
        problem = not_roots_alone(found)
        if not stat.S_ISDIR(found.st_mode):
            problem = "it is not a directory"
        if problem:
            raise InvalidRequest(
                f"cannot use the directory {self.directory}: {problem}; give it to root with mode"
                " 0755, or move it away"
            )
        names = set(os.listdir(self.directory))
        version = self._in_use(names)
        ours = {name for name in names if _VERSION.fullmatch(name)}
        ours |= names & {_DRAFT, PACKAGE}  # earlier releases had their only copy in the latter
        return Found(
            True,
            _LINK in names,
            version,
            dict(_files(f"{self.path}/{PACKAGE}")) if version else {},
            tuple(sorted(ours - {version})),
            bool(names - ours - {_LINK}),
        )

    def _in_use(self, names: set[str]) -> str:
        """The version that the link leads to; "" when it leads to none."""
        if _LINK not in names:
            return ""
        try:
            target = os.readlink(self.path)
        except OSError as error:
            raise InvalidRequest(
                f"cannot use {self.path} for the engine: it is no link; move it away"
            ) from error
        return target if _VERSION.fullmatch(target) and target in names else ""

    def _install(self, version: str, files: Mapping[str, bytes]) -> None:
        self._write(f"{self.directory}/{version}", files)
        durable.replace_link(self.path, version)

    def _write(self, path: str, files: Mapping[str, bytes]) -> None:
        """What a killed run left there goes first."""
        if not os.path.isdir(self.directory):
            os.makedirs(os.path.dirname(self.directory), 0o755, exist_ok=True)
            durable.make_directory(self.directory, 0o755)
            durable.sync(os.path.dirname(self.directory))
        durable.remove(path)
        directories = [path, *(f"{path}/{PACKAGE}{inner}" for inner in _directories(files))]
        for directory in directories:
            durable.make_directory(directory, 0o755)
        for name, data in files.items():
            durable.write_new(f"{path}/{PACKAGE}/{name}", data, 0o644)
        for directory in directories:
            durable.sync(directory)


def _directories(files: Iterable[str]) -> list[str]:
    """The directories of files, outer ones first: ["", "/jobs", ...]."""
    found = {""}
    for name in files:
        while name := os.path.dirname(name):
            found.add(f"/{name}")
    return sorted(found)


def _files(top: str) -> Iterator[tuple[str, bytes]]:
    """The Python files below a directory, by path, as far as they are root's alone."""
    for directory, inner, names in os.walk(top):
        if not_roots_alone(os.lstat(directory)):
            inner.clear()
            continue
        for name in names:
            path = f"{directory}/{name}"
            found = os.lstat(path)
            alone = stat.S_ISREG(found.st_mode) and not not_roots_alone(found)
            if alone and name.endswith(".py"):
                with open(path, "rb") as file:
                    yield os.path.relpath(path, top), file.read()
