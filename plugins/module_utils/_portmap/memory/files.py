# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small JSON files of ours: a reader sees the old text or the new one, whole."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from ..linux import durable
from ..values.errors import KernelRefused


class JsonFile(NamedTuple):
    """`noun` is what messages call it.  One draft for all writers: the host's lock is held.

    `lasting`: what was written survives a power cut, too.
    """

    noun: str
    directory: str
    name: str
    lasting: bool = False

    @property
    def path(self) -> str:
        return f"{self.directory}/{self.name}"

    @property
    def names(self) -> tuple[str, str]:
        """In the directory: that of the file, and that of its draft."""
        return self.name, f".{self.name}.new"

    @property
    def _draft(self) -> str:
        return f"{self.directory}/{self.names[1]}"

    def save(self, text: str) -> None:
        """Write atomically; only root may read it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            try:
                with open(os.open(self._draft, flags, 0o600), "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(self._draft, self.path)
                if self.lasting:
                    durable.sync(self.directory)
            except BaseException:
                _unlink(self._draft)
                raise
        except OSError as error:
            raise self._not_written(error) from error

    def delete(self) -> None:
        """Take the file away, and a draft that a killed run left."""
        try:
            for path in (self._draft, self.path):
                _unlink(path)
        except OSError as error:
            raise self._not_written(error) from error

    def discard_draft(self) -> None:
        """Take away what a killed run was writing."""
        try:
            _unlink(self._draft)
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> KernelRefused:
        said = f"cannot write {self.noun} {self.path}: {error.strerror}; run the task again"
        return KernelRefused(said, error.errno or 0)


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
