# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host does without Ansible: it restores itself at a boot, and follows its own changes.

Both run from one copy of the engine, as units of systemd.  Restoring takes a place to save in, too.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..engine.reconcile import Outcome
from ..linux import durable
from ..linux.durable import Step
from ..memory import command_files, engine_copy, guards, next_boot, units
from ..memory.units import Found, Unit
from ..values.errors import InvalidRequest

_COPY = engine_copy.EngineCopy()


class Unattended(NamedTuple):
    """Whether runs shall save (None: as it is), and the steps that lead to what is wanted.

    Between the first and the last of them, what a run saves is saved, or forgotten.
    `headlines` tell what the steps come to; `before` and `after` are how it is and shall be.
    `needs_engine`: the copy of the engine stays for it; `brings_engine`: the steps bring that up to date.
    """

    saves: bool | None
    first: Sequence[Step] = ()
    last: Sequence[Step] = ()
    headlines: Sequence[str] = ()
    before: str = ""
    after: str = ""
    needs_engine: bool = False
    brings_engine: bool = False

    def begin(self, outcome: Outcome, dry_run: bool) -> None:
        """Tell what it comes to in front of everything else, and take the first steps."""
        outcome.changes[:0] = self.headlines
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


class _Part(NamedTuple):
    """A unit as it is, and whether it shall be on; None: it is left alone."""

    unit: Unit
    found: Found
    on: bool | None
    text: str

    @property
    def steps(self) -> list[Step]:
        if self.on:
            return self.unit.installing(self.found, self.text)
        return [] if self.on is None else self.unit.disabling(self.found)

    @property
    def removal(self) -> list[Step]:
        return self.unit.removing(self.found) if self.on is False else []

    def concerned(self, shared: Sequence[Step]) -> bool:
        """Whether there is something to do for it; `shared` are steps for others, too."""
        return self.on is not None and bool(self.steps or self.removal or shared)

    def lines(self, after: bool) -> list[str]:
        """How it is or shall be, for a reader."""
        on = self.on if after else self.found.enabled
        text = (self.text if self.on else "") if after else self.found.text or ""
        said = [f"{self.unit.option.replace('_', ' ')} = {'on' if on else 'off'}"]
        return said + [f"unit {line}" for line in text.splitlines() if line[:1] not in ("", "#")]


def look(restore_at_boot: bool | None, follow: bool | None) -> Unattended:
    """What leads to what is wanted; what is left out stays on or off.

    Raises InvalidRequest or Unsupported when it cannot be had.
    """
    restoring = _part(units.RESTORE, restore_at_boot, (engine_copy.DIRECTORY, next_boot.DIRECTORY))
    following = _part(units.FOLLOW, follow, (engine_copy.DIRECTORY,))
    if restoring.on or following.on:
        found = _with_engine(restoring, following)
        return found._replace(needs_engine=True, brings_engine=True)
    needed = any(
        part.on is None and part.found.text is not None for part in (restoring, following)
    ) or os.path.exists(guards.PATH)
    if restoring.on is None and following.on is None:
        return Unattended(None, needs_engine=needed)
    return _without_engine(restoring, following, needed)


def _part(unit: Unit, wanted: bool | None, mounts: tuple[str, ...]) -> _Part:
    found = unit.look()
    on = (True if found.enabled else None) if wanted is None else wanted
    return _Part(unit, found, on, unit.text(sys.executable, _COPY.path, mounts))


def _with_engine(restoring: _Part, following: _Part) -> Unattended:
    """The old engine goes when the units lead to the new one."""
    copied = _COPY.look()
    files = engine_copy.sources()
    engine, cleaning = _COPY.installing(copied, files), _COPY.cleaning(copied, files)
    saving = _place_to_save() if restoring.on else []
    first = [*engine, *saving, *restoring.steps, *following.steps, *cleaning]
    left = _no_place_to_save() if restoring.removal else []
    return _told(
        (restoring, following),
        first,
        [*left, *restoring.removal, *following.removal],
        ([*engine, *saving, *cleaning], [*engine, *cleaning]),
        (copied.version, engine_copy.to_use(copied, files)),
    )


def _without_engine(restoring: _Part, following: _Part, needed: bool) -> Unattended:
    """The units go last, for they tell of the others.

    Where none of it is there, a place to save that somebody has made is left alone.  The command portmapctl
    runs from the same engine, and takes it away when it goes.
    """
    copied = engine_copy.Found() if command_files.look().there else _COPY.look()
    engine = [] if needed else _COPY.removing(copied)
    of_killed = engine if following.found.text is None else []
    left = (
        _no_place_to_save() if restoring.on is False and (restoring.removal or of_killed) else []
    )
    return _told(
        (restoring, following),
        [*restoring.steps, *following.steps],
        [*left, *engine, *restoring.removal, *following.removal],
        (of_killed, []),
        (copied.version, "" if engine else copied.version),
    )._replace(needs_engine=needed)


# --- for a reader -------------------------------------------------------------------------------


def _told(
    parts: tuple[_Part, _Part],
    first: Sequence[Step],
    last: Sequence[Step],
    shared: tuple[Sequence[Step], Sequence[Step]],
    versions: tuple[str, str],
) -> Unattended:
    """`shared`: of the steps, those that concern each part besides its own."""
    restoring, following = parts
    told = [_of_restoring(restoring)] if restoring.concerned(shared[0]) else []
    told += [_of_following(following)] if following.concerned(shared[1]) else []
    known = [part for part in parts if part.on or part.concerned(())]
    before, after = (_lines(known, one, late) for one, late in zip(versions, (False, True)))
    saves = restoring.on if restoring.on or restoring.concerned(shared[0]) else None
    return Unattended(saves, first, last, told, before, after)


def _of_restoring(part: _Part) -> str:
    if not part.on:
        return "have nothing restored at boot"
    if part.found.enabled:
        return "bring up to date what restores host and containers at boot"
    return f"have {part.unit.name} restore host and containers at boot"


def _of_following(part: _Part) -> str:
    if not part.on:
        return "have nothing follow the host"
    if not part.found.enabled:
        return f"have {part.unit.name} follow the host's address, MAC, MTU and gateway"
    if part.found.runs is False:
        return f"have {part.unit.name} follow the host again"
    return "bring up to date what follows the host"


def _lines(parts: Iterable[_Part], version: str, after: bool) -> str:
    said = [line for part in parts for line in part.lines(after)]
    said += [f"engine {engine_copy.DIRECTORY}/{version}"] if version else []
    return "".join(f"{line}\n" for line in said)


# --- a place to save in -------------------------------------------------------------------------


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
