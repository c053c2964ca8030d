# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan -> kernel: changes turned into operations, sent in batches per namespace and step."""

from __future__ import annotations

import contextlib
import errno
import itertools
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..linux import netns
from ..linux import uapi as k
from ..linux.ids import Ids
from ..linux.netlink import Socket, opened, refused
from ..linux.requests import CALLED, Call, Operation, Reply, Request
from ..objects.kind import Change, Identity, Object
from ..values.errors import ChangedInside, KernelRefused, Unsupported
from ..values.places import HOST
from .pairs import GONE, Pairs

_AT_ONCE = 1024  # changes encoded before they are sent: a hundred thousand would fill memory
_BUSY_ATTEMPTS, _BUSY_SECONDS = 50, 0.02
# Answers by which the kernel says that a wish does not go with what is there.
_IN_THE_WAY = (errno.EINVAL, errno.EEXIST, errno.EOPNOTSUPP, errno.ENETUNREACH, errno.EHOSTUNREACH)
_DELETES = frozenset(
    (k.RTM_DELTFILTER, k.RTM_DELQDISC, k.RTM_DELADDR, k.RTM_DELROUTE, k.RTM_DELNEIGH)
)


class Applier:
    """Applies changes in order.  `done` grows as the kernel accepts them.

    `sources` tells how to open each container's namespace; those without are made.
    """

    def __init__(
        self, handles: Mapping[Identity, int], sources: Mapping[str, str], host_socket: Socket
    ) -> None:
        self.done: list[Change] = []
        self._ids = Ids(handles)
        self._sources = dict(sources)
        self._old = {name for name, source in sources.items() if source}
        self._socket = host_socket
        self._pairs = Pairs(host_socket, self._sources, self.done, self._ids.forget)

    @property
    def given_up(self) -> list[str]:
        """The containers whose namespaces went, and with them what no change tells of."""
        return self._pairs.given_up

    def apply(self, changes: Sequence[Change], keep_going: bool = False) -> None:
        """Raise KernelRefused at the first change that fails; `keep_going` skips it."""
        self._pairs.expect(changes)
        for (deleting, _step), group in itertools.groupby(
            changes, lambda change: (change.after is None, change.subject.step)
        ):
            self._apply_step(list(group), deleting, keep_going)

    def _apply_step(self, changes: list[Change], deleting: bool, keep_going: bool) -> None:
        pairs = [change for change in changes if change.subject.of_pair]
        rest = [change for change in changes if not change.subject.of_pair]
        if deleting:
            self._in_namespaces(rest, keep_going)
            self._pairs.remove(pairs, keep_going)
        else:
            self._pairs.make(pairs, keep_going)
            self._in_namespaces(rest, keep_going)

    # --- one namespace after the other ----------------------------------------------------------

    def _in_namespaces(self, changes: Iterable[Change], keep_going: bool) -> None:
        by_netns: dict[str, list[Change]] = {}
        for change in changes:
            by_netns.setdefault(change.subject.netns, []).append(change)
        for name, group in by_netns.items():
            if name == HOST:
                self._batched(group, self._socket, keep_going)
                continue
            with netns.at(self._sources[name]) as descriptor:
                if descriptor is None:
                    if keep_going or all(change.after is None for change in group):
                        continue
                    raise KernelRefused(
                        f"cannot enter the namespace of {name}: {self._sources[name]} is gone",
                        errno.ENOENT,
                    )
                with opened(descriptor) as sock, self._blamed(name):
                    self._batched(group, sock, keep_going)

    @contextlib.contextmanager
    def _blamed(self, container: str) -> Iterator[None]:
        """A namespace that was there may have something in it that keeps ours out."""
        try:
            yield
        except KernelRefused as error:
            if container in self._old and error.errno in _IN_THE_WAY:
                raise ChangedInside([container], str(error), error.errno) from error
            raise

    def _batched(self, changes: list[Change], sock: Socket, keep_going: bool) -> None:
        """All operations in order: runs of requests as one batch each, calls in between."""
        for start in range(0, len(changes), _AT_ONCE):
            progress = _Progress(self.done)
            operations: list[tuple[Change, Operation]] = []
            for change in changes[start : start + _AT_ONCE]:
                try:
                    made = list(change.subject.operations(change, self._ids))
                except (
                    KernelRefused,
                    Unsupported,
                ):  # its link is gone, or its program cannot be loaded
                    if not keep_going:
                        raise
                    continue
                progress.expect(change, len(made))
                operations += [(change, operation) for operation in made]
            for is_call, run in itertools.groupby(operations, _is_call):
                if is_call:
                    _call(run, progress, keep_going)
                else:
                    _send(list(run), sock, progress, keep_going)


class _Progress:
    """Notes a change in `done` when all of its operations went well."""

    def __init__(self, done: list[Change]) -> None:
        self._done = done
        self._left: dict[int, int] = {}

    def expect(self, change: Change, operations: int) -> None:
        self._left[id(change)] = operations
        if not operations:
            self._done.append(change)

    def passed(self, change: Change) -> None:
        self._left[id(change)] -= 1
        if not self._left[id(change)]:
            self._done.append(change)


def _is_call(pair: tuple[Change, Operation]) -> bool:
    return isinstance(pair[1], Call)


def _call(run: Iterable[tuple[Change, Any]], progress: _Progress, keep_going: bool) -> None:
    """One after the other; what follows a failed call of the same change is left out."""
    failed: Change | None = None
    for change, call in run:
        if change is failed:
            continue
        CALLED.append(type(change.subject).__name__)
        try:
            call.do()
        except (KernelRefused, Unsupported, OSError):
            if not keep_going:
                raise
            failed = change
        else:
            progress.passed(change)


def _send(
    run: list[tuple[Change, Any]], sock: Socket, progress: _Progress, keep_going: bool
) -> None:
    """One batch: the kernel runs all of it, whatever fails."""
    failure: KernelRefused | None = None
    for (change, request), reply in zip(run, _sent(sock, [request for _change, request in run])):
        try:
            refused(request, reply, _expected(request, reply, change))
        except KernelRefused as error:
            failure = failure or error
        else:
            progress.passed(change)
    if failure and not keep_going:
        raise failure


def _sent(sock: Socket, requests: list[Request]) -> list[Reply]:
    """Send; a table is in use for some milliseconds after the filters that link to it went."""
    replies = sock.send(requests)
    for _attempt in range(_BUSY_ATTEMPTS):
        busy = [
            at
            for at, reply in enumerate(replies)
            if reply.errno == errno.EBUSY and requests[at].kind == k.RTM_DELTFILTER
        ]
        if not busy:
            break
        time.sleep(_BUSY_SECONDS)
        for at, reply in zip(busy, sock.send([requests[at] for at in busy])):
            replies[at] = reply
    return replies


def _expected(request: Request, reply: Reply, change: Change) -> tuple[int, ...]:
    """Errors to accept because the wanted state already holds; verification checks that.

    "No such device" is believed when the link is gone, for what hung on it is not looked for again.
    Filters exist unseen where a priority was deleted by hand: the kernel keeps hash tables that
    belong to it and shows them again with the priority.
    """
    if request.kind in _DELETES:
        doubtful = reply.errno == errno.ENODEV and _is_there(change.subject)
        return () if doubtful else GONE
    return (errno.EEXIST,) if request.kind == k.RTM_NEWTFILTER else ()


def _is_there(item: Object) -> bool:
    """Whether the link of an object exists, in the namespace that we are in."""
    place = item.place
    return place is not None and any(name == place.link for _index, name in socket.if_nameindex())
