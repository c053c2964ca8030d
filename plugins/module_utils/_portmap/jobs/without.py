# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going on without containers whose own root has changed their namespaces: the others are done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from ..engine.reconcile import Job, Outcome, reconcile
from ..values.errors import ChangedInside, InvalidRequest, KernelRefused, Unplaced


class Spoilt:
    """The containers that a job goes without, and the messages that say why."""

    def __init__(self) -> None:
        self._why: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._why

    @property
    def names(self) -> Collection[str]:
        return self._why.keys()

    def __str__(self) -> str:
        return ". ".join(dict.fromkeys(why for _name, why in sorted(self._why.items())))

    def note(self, error: ChangedInside, placed: Collection[str]) -> bool:
        """Whether it makes a difference: never for a container that was not placed before."""
        fresh = error.containers - self._why.keys()
        if not fresh or not error.containers <= set(placed):
            return False
        self._why.update(dict.fromkeys(error.containers, str(error)))
        return True

    def tell(self, others: Iterable[str], outcome: Outcome, dry_run: bool) -> None:
        """Raise Unplaced if a job went without some."""
        if self._why:
            listed = ", ".join(others)
            verb = "would be" if dry_run else "are"
            more = f". The others {verb} as they shall be: {listed}" if listed else ""
            raise Unplaced(f"{self}{more}", outcome.changes)


class Tolerant(Job, Protocol):
    """A job that can go without some containers.  `placed` are those that are there."""

    spoilt: Spoilt
    placed: Collection[str]


def reconcile_without(job: Tolerant, *, dry_run: bool, with_diff: bool) -> Outcome:
    """Again and again, each time without those that were in the way."""
    while True:
        try:
            return reconcile(job, dry_run=dry_run, with_diff=with_diff)
        except ChangedInside as error:
            if not job.spoilt.note(error, job.placed):
                raise KernelRefused(error.why, error.errno, error.undone) from error
        except InvalidRequest as error:
            if not job.spoilt.names:
                raise
            raise InvalidRequest(f"{job.spoilt}. Without it: {error}") from error
