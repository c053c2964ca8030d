# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Having the command portmapctl on the host, and having it no more: its files, and the engine."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..engine.reconcile import Outcome
from ..linux.durable import Step
from ..memory import command_files, engine_copy
from ..memory.command_files import Found
from ..wanted import command
from ..wanted.command import File

_COPY = engine_copy.EngineCopy()


class Command(NamedTuple):
    """The steps that lead to what is wanted, what they come to, and how it is and shall be."""

    steps: Sequence[Step] = ()
    headline: str = ""
    before: str = ""
    after: str = ""

    def take(self, outcome: Outcome, dry_run: bool) -> None:
        """Tell what it comes to in front of everything else, and take the steps."""
        if self.steps:
            outcome.changes.insert(0, self.headline)
        outcome.before = self.before + outcome.before
        outcome.after = self.after + outcome.after
        for step in self.steps:
            if not dry_run:
                with outcome.staying([step.told]):
                    step.take()
            outcome.changes.append(step.told)


def look(wanted: bool | None, engine_is_kept: bool, engine_is_made: bool) -> Command:
    """What leads to what is wanted; left out, it stays there or not.

    `engine_is_kept`: somebody else on the host needs the copy of the engine; `engine_is_made`: and brings
    it up to date in the same run.  Raises InvalidRequest when it cannot be had.
    """
    found = command_files.look()
    if wanted is False:
        return _off(found, engine_is_kept)
    return _on(found, engine_is_made) if wanted or found.there else Command()


def _on(found: Found, engine_is_made: bool) -> Command:
    """The old engine goes when the command leads to the new one."""
    wanted = command.files(sys.executable, _COPY.path)
    steps = command_files.installing(found, wanted)
    versions = ("", "")
    if not engine_is_made:
        copied = _COPY.look()
        files = engine_copy.sources()
        engine, rest = _COPY.installing(copied, files), _COPY.cleaning(copied, files)
        steps = [*engine, *steps, *rest]
        versions = copied.version, engine_copy.to_use(copied, files)
    verb = "bring up to date" if found.there else "install"
    return Command(
        steps,
        f"{verb} the command {command.NAME}",
        _lines(found.there, found.files, versions[0]),
        _lines(True, wanted, versions[1]),
    )


def _off(found: Found, engine_is_kept: bool) -> Command:
    """The files go last, for they tell of the engine."""
    if not found.there:
        return Command()
    copied = engine_copy.Found() if engine_is_kept else _COPY.look()
    return Command(
        [*_COPY.removing(copied), *command_files.removing(found)],
        f"remove the command {command.NAME}",
        _lines(True, found.files, copied.version),
        _lines(False, {}, ""),
    )


def _lines(on: bool, files: Mapping[str, File | None], version: str) -> str:
    said = [f"command {command.NAME} = {'on' if on else 'off'}"]
    said += [f"engine {engine_copy.DIRECTORY}/{version}"] if version else []
    said += [f"file {path} {_digest(file)}" for path, file in sorted(files.items())]
    return "".join(f"{line}\n" for line in said)


def _digest(file: File | None) -> str:
    if file is None:
        return "not as it was written"
    return f"{file.mode:04o} sha256 {hashlib.sha256(file.text.encode()).hexdigest()[:16]}"
