# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine: look, compare, apply, look again.  A failed run is undone as far as possible."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Callable

from ..sight.view import Kernel
from ..values.errors import KernelRefused, NotConverged, PortmapError
from ..values.objects import Drop, Filter, Identity, State, Sysctl, Table, describe
from . import plan
from .apply import Applier

_TOLD = 12  # changes named in an error message
_ALL_UNDONE, _UNCHANGED = "all of it was undone", "nothing was changed"


@dataclass
class Look:
    """One look at the kernel: what is, what shall be.

    `fresh` are objects of namespaces that are still to be made; `sources` tells how to open each
    container's namespace; `result` is what the module returns.  `host_in_full`: `before` has every
    filter of ours on the host's interfaces.  `kept`: where filters are that are as they shall be.
    `in_full`: of objects that do not differ is kept what they are, too.
    """

    kernel: Kernel
    before: State
    after: State
    fresh: State = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    host_in_full: bool = False
    kept: set[plan.Slot] = field(default_factory=set)
    in_full: bool = False

    def take(self, known: State, fresh: State, wanted: State) -> None:
        """Take in the objects of one container: as they are, and as they shall be.

        Of those that are as they shall be nothing remains, unless `in_full`: a thousand containers
        have a hundred thousand objects.
        """
        if not self.in_full:
            have = {**known, **fresh}
            same = [name for name, item in wanted.items() if have.get(name) == item]
            for name in same:
                if type(wanted[name]) in _ALONE:
                    slot = plan.slot(wanted.pop(name))
                    known.pop(name, None)
                    fresh.pop(name, None)
                    if slot:
                        self.kept.add(slot)
                        self.kernel.handles.pop(name, None)
        self.before.update(known)
        self.fresh.update(fresh)
        self.after.update(wanted)

    def changes(self) -> list[plan.Change]:
        foreign = {(item.place, item.protocol, item.priority) for item in self.kernel.foreign}
        changes = plan.diff({**self.before, **self.fresh}, self.after)
        kept = self.kept | {slot for slot in map(plan.slot, self.after.values()) if slot}
        return plan.collapse(changes, kept, foreign, self.host_in_full)

    def forget_wanted(self) -> None:
        """Once the changes are known: of what was, keep what is not to stay, for undoing them."""
        self.before = {
            name: item for name, item in self.before.items() if self.after.get(name) != item
        }
        self.after, self.fresh = {}, {}


_ALONE = frozenset((Filter, Table, Drop, Sysctl))  # no change of another object looks at these


Looking = Callable[[Kernel, bool], Look]  # the flag asks for a look `in_full`


@dataclass
class Outcome:
    """What a run did, or would do."""

    changes: list[str]
    before: str
    after: str
    result: dict[str, Any]


def tune_collector() -> None:
    """Set Python's collector of cycles to what a run leaves behind.

    A run keeps what it learns, so going through all of it again finds little; but what encoding a
    link leaves is a cycle, and shall go while it is young.
    """
    gc.set_threshold(20_000, 1000)


def reconcile(look: Looking, *, dry_run: bool, with_diff: bool = False) -> Outcome:
    """Bring the kernel to the state that `look` wants, and make sure that it is there.

    The caller holds the host's lock.  Raises PortmapError; after a failure on the way the message
    says what was done, and what of it was undone.
    """
    outcome = _converge(look, dry_run, with_diff)
    if outcome.changes and not dry_run:  # what was seen first is forgotten by now: it may be large
        _verify(look, len(outcome.changes))
    return outcome


def _converge(look: Looking, dry_run: bool, with_diff: bool) -> Outcome:
    with _kernel() as kernel:
        first = look(kernel, with_diff)
        changes = first.changes()
        outcome = Outcome([change.describe() for change in changes], "", "", first.result)
        if with_diff:
            outcome.before = describe(first.before.values())
            outcome.after = describe(first.after.values())
        if changes and not dry_run:
            first.forget_wanted()
            _apply(look, first, changes)
        return outcome


def _verify(look: Looking, done: int) -> None:
    """Look again until nothing is left to do.

    A second round has work only when the kernel hid something from the first look, as it does with
    the filters of a priority that was deleted by hand.
    """
    for last in (False, True):
        with _kernel() as kernel:
            try:
                again = look(kernel, False)
            except (PortmapError, OSError) as error:
                raise NotConverged(
                    f"{_cause(error)}. {done} changes were done before, and stay, but whether all is as it"
                    " shall be could not be seen; the next run looks again"
                ) from error
            left = again.changes()
            if not left:
                return
            if not last:
                again.forget_wanted()
                _apply(look, again, left)
    raise NotConverged(
        f"cannot converge: after {done} changes these are still to do"
        f" ({_told([change.describe() for change in left])}); something else changes this host at"
        " the same time, or this is a defect"
    )


def _apply(look: Looking, first: Look, changes: list[plan.Change]) -> None:
    applier = Applier(first.kernel.handles, first.sources, first.kernel.socket)
    try:
        applier.apply(changes)
    except (KernelRefused, OSError) as error:
        said = _cause(error)
        touched = set(first.before) | {change.subject.identity for change in changes}
        undone = _undo(look, first, touched, applier.done)
        done = [change.describe() for change in applier.done]
        raise KernelRefused(
            f"{said}. {len(done)} of {len(changes)} changes were done before"
            f" ({_told(done) or 'none'}); {undone}",
            error.errno or 0,
            undone in (_ALL_UNDONE, _UNCHANGED),
        ) from error


def _undo(look: Looking, first: Look, touched: set[Identity], done: list[plan.Change]) -> str:
    """The same difference, from what is now towards what was, for all that the plan was about.

    Not only for what was `done`: the answer to a request that was carried out may be lost.
    """
    try:
        with _kernel() as kernel:
            now = look(kernel, True)
            back = plan.diff(
                {name: item for name, item in now.before.items() if name in touched},
                {name: item for name, item in first.before.items() if name in touched},
            )
            sources = {**first.sources, **now.sources}
            Applier(kernel.handles, sources, kernel.socket).apply(back, tolerant=True)
    except (PortmapError, OSError):
        with _kernel() as kernel:  # it cannot be looked at any more: take back what was reported
            back = [plan.Change(change.after, change.before) for change in reversed(done)]
            with contextlib.suppress(PortmapError, OSError):
                Applier({}, first.sources, kernel.socket).apply(back, tolerant=True)
    left = _still_different(look, first, touched)
    if left:
        return f"not undone: {_told(left)}; the next run repairs it"
    return _ALL_UNDONE if back else _UNCHANGED


def _still_different(look: Looking, first: Look, touched: set[Identity]) -> list[str]:
    try:
        with _kernel() as kernel:
            now = look(kernel, True).before
    except (PortmapError, OSError) as error:
        return [f"the state is unknown ({error})"]
    return [
        str(now.get(name) or first.before.get(name))
        for name in touched
        if now.get(name) != first.before.get(name)
    ]


def _cause(error: Exception) -> str:
    return str(error) if isinstance(error, PortmapError) else f"cannot go on: {error}"


def _told(items: list[str]) -> str:
    more = f"; and {len(items) - _TOLD} more" if len(items) > _TOLD else ""
    return "; ".join(items[:_TOLD]) + more


@contextlib.contextmanager
def _kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    try:
        yield kernel
    finally:
        kernel.close()
