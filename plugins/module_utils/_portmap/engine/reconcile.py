# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine: compare, apply, compare again.  A failed run is undone as far as possible."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ..linux import rtnl
from ..linux.view import View, viewed
from ..objects.kind import STEER, Change, Identity, State, describe
from ..values.errors import ChangedInside, KernelRefused, NotConverged, PortmapError, Unsupported
from ..values.places import HOST
from . import plan
from .apply import Applier
from .comparison import Comparison

_TOLD = 12  # changes named in an error message


class Job(Protocol):
    """What a run is about."""

    def compare(self, view: View, in_full: bool) -> Comparison:
        """Observe, decide what shall be, and compare.  Raises InvalidRequest to refuse."""

    def compare_again(self, view: View, in_full: bool) -> Comparison:
        """Observe again and compare with what was decided: nothing is refused any more."""

    def begin(self) -> None:
        """Called before the first change."""


@dataclass
class Outcome:
    """What a run did, or would do; `before` and `after` are lines for --diff.

    `touched` are the owners of the objects that it changes; `warnings` are for the user, whatever was
    done.
    """

    changes: list[str]
    before: str = ""
    after: str = ""
    touched: frozenset[tuple[str, str]] = frozenset()
    warnings: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def staying(self, missing: Sequence[str]) -> Iterator[None]:
        """Have an error say what was done before it, and stays, and what is `missing` then."""
        done = list(self.changes)
        try:
            yield
        except KernelRefused as error:
            count = f"{len(done)} changes were done before, and stay"
            if len(done) == 1:
                count = "1 change was done before, and stays"
            said = (
                f"{error}. {count} ({_told(done)})" if done else f"{error}. Nothing else was done"
            )
            left = f"; not done: {_told(list(missing))}" if missing else ""
            raise KernelRefused(said + left, error.errno) from error


class Undone(NamedTuple):
    """`left` tells what is not as it was; `touched`: there was something to take back."""

    left: list[str]
    touched: bool

    def __str__(self) -> str:
        if self.left:
            return f"not undone: {_told(self.left)}; the next run repairs it"
        return "all of it was undone" if self.touched else "nothing was changed"


def tune_collector() -> None:
    """Set Python's collector of cycles to what a run leaves behind.

    Full collections find almost nothing in a run and cost much; only pyroute2's encoder makes cycles,
    and the youngest generation catches them.
    """
    gc.set_threshold(20_000, 1000)


def reconcile(job: Job, *, dry_run: bool, with_diff: bool = False) -> Outcome:
    """Bring the kernel to the state that `job` decides on, and make sure that it is there.

    The caller holds the host's lock.  Raises PortmapError; after a failure on the way the message
    says what was done, and what of it was undone.
    """
    outcome = _converge(job, dry_run, with_diff)
    if outcome.changes and not dry_run:  # what was seen first is forgotten by now: it may be large
        _verify(job, len(outcome.changes))
    return outcome


def _converge(job: Job, dry_run: bool, with_diff: bool) -> Outcome:
    with viewed() as view:
        first = job.compare(view, with_diff)
        changes = first.changes()
        if changes:  # where nothing is to be done, or removed, nothing needs to be installed
            rtnl.check()
        outcome = Outcome([change.describe() for change in changes], touched=_touched(changes))
        if with_diff:
            outcome.before = describe(first.before.values())
            outcome.after = describe(first.after.values())
        if not dry_run:
            job.begin()
            if changes:
                first.forget_wanted()
                _apply(job, view, first, changes)
        return outcome


def _touched(changes: list[Change]) -> frozenset[tuple[str, str]]:
    """The owners of the objects; of what is one container's on a shared link, the veth it leads to."""
    led = {
        ("", link)
        for change in changes
        if change.subject.step == STEER
        for _how, link in change.subject.leads_to
    }
    return frozenset({change.subject.owner for change in changes} | led)


def _verify(job: Job, done: int) -> None:
    """Compare again until nothing is left to do.

    A second round has work only when the kernel hid something from the first look, as it does with
    the filters of a priority that was deleted by hand.
    """
    for last in (False, True):
        with viewed() as view:
            try:
                again = job.compare_again(view, False)
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
                _apply(job, view, again, left)
    inside = {change.subject.netns for change in left}
    who = "this host at the same time, or this is a defect"
    if HOST not in inside:
        names = ", ".join(sorted(inside))
        who = (
            f"this container's namespace ({names}), from inside or from the host; if that does not"
            " end, remove and place it again"
        )
    raise NotConverged(
        f"cannot converge: after {done} changes these are still to do"
        f" ({_told([change.describe() for change in left])}); something else changes {who}"
    )


def _apply(job: Job, view: View, first: Comparison, changes: list[Change]) -> None:
    applier = Applier(first.handles, first.sources, view.socket)
    try:
        applier.apply(changes)
    except (KernelRefused, Unsupported, OSError) as error:
        said = _cause(error)
        touched = set(first.before) | {change.subject.identity for change in changes}
        undone = _undo(job, first, touched, applier)
        done = [change.describe() for change in applier.done]
        if isinstance(error, ChangedInside):
            raise ChangedInside(
                error.containers, f"{error.why} ({undone})", error.errno, not undone.left
            ) from error
        raise KernelRefused(
            f"{said}. {len(done)} of {len(changes)} changes were done before"
            f" ({_told(done) or 'none'}); {undone}",
            getattr(error, "errno", 0) or 0,
            not undone.left,
        ) from error


def _undo(job: Job, first: Comparison, touched: set[Identity], applier: Applier) -> Undone:
    """The same difference, from what is now towards what was, for all that the plan was about.

    Not only for what was done: the answer to a request that was carried out may be lost.  A
    namespace that was given up is made anew, with what the plan tells of; the rest is lost.
    """
    try:
        with viewed() as view:
            now = job.compare_again(view, True)
            back = plan.diff(_only(now.before, touched), _only(first.before, touched))
            sources = {**first.sources, **now.sources}
            Applier(now.handles, sources, view.socket).apply(back, keep_going=True)
    except (PortmapError, OSError):
        with viewed() as view:  # it cannot be looked at any more: take back what was reported
            back = [Change(change.after, change.before) for change in reversed(applier.done)]
            with contextlib.suppress(PortmapError, OSError):
                Applier({}, first.sources, view.socket).apply(back, keep_going=True)
    lost = [f"what was in the namespace of {name}" for name in applier.given_up]
    return Undone(lost + _still_different(job, first, touched), bool(back))


def _only(state: State, identities: set[Identity]) -> State:
    return {name: item for name, item in state.items() if name in identities}


def _still_different(job: Job, first: Comparison, touched: set[Identity]) -> list[str]:
    try:
        with viewed() as view:
            now = job.compare_again(view, True).before
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
