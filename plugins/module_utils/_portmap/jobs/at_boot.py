# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Having a host restored at boot, and having that no more: engine, unit, and a place to save in."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..engine.reconcile import Outcome
from ..linux import durable
from ..linux.durable import Step
from ..memory import engine_copy, next_boot, restore_unit
from ..values.errors import InvalidRequest

_COPY = engine_copy.EngineCopy()


class AtBoot(NamedTuple):
    """Whether it is to be on, and the steps that lead there; None: it is left alone.

    Between the first and the last of them, what a run saves is saved, or forgotten.
    `before` and `after` are how it is and shall be, for a reader.
    """

    on: bool | None
    first: Sequence[Step] = ()
    last: Sequence[Step] = ()
    headline: str = ""
    before: str = ""
    after: str = ""

    def begin(self, outcome: Outcome, dry_run: bool) -> None:
        """Tell what it comes to in front of everything else, and take the first steps."""
        if self.first or self.last:
            outcome.changes.insert(0, self.headline)
        outcome.before = self.before + outcome.before
        outcome.after = self.after + outcome.after
        _take(self.first, outcome, dry_run)

    def end(self, outcome: Outcome, dry_run: bool) -> None:
        _take(self.last, outcome, dry_run)


def _take(steps: Iterable[Step], outcome: Outcome, dry_run: bool) -> None:
    for step in steps:
        if not dry_run:
            with outcome.staying([step.told]):
                step.take()
        outcome.changes.append(step.told)


def look(wanted: bool | None) -> AtBoot:
    """What leads to what is wanted; left out, it stays on or off.

    Raises InvalidRequest or Unsupported when it cannot be had.
    """
    unit = restore_unit.look()
    if wanted is False:
        return _off(unit)
    return _on(unit) if wanted or unit.enabled else AtBoot(None)


def _on(unit: restore_unit.Found) -> AtBoot:
    """The old engine goes when the unit leads to the new one."""
    copied = _COPY.look()
    files = engine_copy.sources()
    mounts = (engine_copy.DIRECTORY, next_boot.DIRECTORY)
    text = restore_unit.text(sys.executable, _COPY.path, mounts)
    steps = [
        *_COPY.installing(copied, files),
        *_place_to_save(),
        *restore_unit.installing(unit, text),
        *_COPY.cleaning(copied, files),
    ]
    used = engine_copy.to_use(copied, files)
    verb = (
        "bring up to date what restores"
        if unit.enabled
        else "have portmap-restore.service restore"
    )
    return AtBoot(
        True,
        steps,
        [],
        f"{verb} host and containers at boot",
        _lines(unit.enabled, copied.version, unit.text),
        _lines(True, used, text),
    )


def _off(unit: restore_unit.Found) -> AtBoot:
    """The unit goes last, for it tells of the others.

    Where none of it is there, a place to save that somebody has made is left alone.
    """
    copied = _COPY.look()
    first = restore_unit.disabling(unit)
    last = [*_COPY.removing(copied), *restore_unit.removing(unit)]
    if last:
        last = [*_no_place_to_save(), *last]
    if not first and not last:
        return AtBoot(None)
    return AtBoot(
        False,
        first,
        last,
        "have nothing restored at boot",
        _lines(unit.enabled, copied.version, unit.text),
        _lines(False, "", None),
    )


def _place_to_save() -> list[Step]:
    """That the directory exists makes runs save there."""
    path = next_boot.DIRECTORY
    if not os.path.lexists(path):
        return [Step(f"make the directory {path}", lambda: durable.make_directory(path, 0o700))]
    if not os.path.isdir(path):
        raise InvalidRequest(f"cannot save in {path}: it is not a directory; move it away")
    if stat.S_IMODE(os.stat(path).st_mode) == 0o700:
        return []
    return [Step(f"give the directory {path} mode 0700", lambda: os.chmod(path, 0o700))]


def _no_place_to_save() -> list[Step]:
    path = next_boot.DIRECTORY
    if not os.path.isdir(path) or not next_boot.is_alone():
        return []
    return [Step(f"remove the directory {path}", lambda: os.rmdir(path))]


def _lines(on: bool, version: str, text: str | None) -> str:
    said = [f"restore at boot = {'on' if on else 'off'}"]
    said += [f"engine {engine_copy.DIRECTORY}/{version}"] if version else []
    said += [f"unit {line}" for line in (text or "").splitlines() if line[:1] not in ("", "#")]
    return "".join(f"{line}\n" for line in said)
