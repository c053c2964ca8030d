# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the command portmapctl on the host's disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from ..linux import durable
from ..linux.durable import Step
from ..linux.paths import not_roots_alone
from ..values.errors import InvalidRequest
from ..wanted import command
from ..wanted.command import File


class Found(NamedTuple):
    """Our files by path: None where one must be written anew.

    It must when others could have written it, its mode is another, or a killed run left a draft.
    `strange`: what others have put in the place of one.
    """

    files: Mapping[str, File | None] = {}
    strange: tuple[str, ...] = ()

    @property
    def there(self) -> bool:
        return bool(self.files)


def look() -> Found:
    ours: dict[str, File | None] = {}
    strange = []
    for path in command.PATHS:
        unfinished = os.path.lexists(durable.draft(path))
        if unfinished:
            ours[path] = None
        if not os.path.lexists(path):
            continue
        file = _read(path)
        if file is None:
            strange.append(path)
        else:
            alone = not not_roots_alone(os.lstat(path))
            ours[path] = file if alone and not unfinished else None
    return Found(ours, tuple(strange))


def _read(path: str) -> File | None:
    """None when it is not ours."""
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        return None
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    return File(text, stat.S_IMODE(found.st_mode)) if command.MARK in text[:200] else None


def installing(found: Found, wanted: Mapping[str, File]) -> list[Step]:
    if found.strange:
        raise InvalidRequest(
            f"cannot install {command.NAME}: {found.strange[0]} is not ours; move it away"
        )
    return [
        Step(f"write {path}", partial(_write, path, file))
        for path, file in wanted.items()
        if found.files.get(path) != file
    ]


def removing(found: Found) -> list[Step]:
    return [Step(f"remove {path}", partial(_remove, path)) for path in found.files]


def _write(path: str, file: File) -> None:
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    durable.replace(path, file.text.encode(), file.mode)


def _remove(path: str) -> None:
    """A stranger's file stays, beside which a killed run has left a draft."""
    durable.remove(durable.draft(path))
    if os.path.lexists(path) and _read(path) is not None:
        durable.remove(path)
