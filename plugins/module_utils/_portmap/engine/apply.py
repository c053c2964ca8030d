# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan -> kernel: changes turned into requests, sent in batches per namespace and step."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import time
from collections.abc import Iterable, Mapping, Sequence

from ..linux import netns, procsys
from ..linux import uapi as k
from ..linux.netlink import Reply, Request, Socket, refused
from ..sight.namespace import opened
from ..values.errors import KernelRefused
from ..values.objects import HOST, Handle, HandleDirectory, Identity, Object, Sysctl, Table, Veth
from .encode import Encoder
from .pairs import GONE, Pairs, attempt
from .plan import Change, Priority, step

_AT_ONCE = 1024  # changes encoded before they are sent: a hundred thousand would fill memory
_BUSY_ATTEMPTS, _BUSY_SECONDS = 50, 0.02


class Applier:
    """Applies changes in order.  `done` grows as the kernel accepts them.

    `sources` tells how to open each container's namespace; those without are made.
    """

    def __init__(
        self, handles: Mapping[Identity, int], sources: Mapping[str, str], host_socket: Socket
    ) -> None:
        self.done: list[Change] = []
        self._encoder = Encoder(handles)
        self._sources = dict(sources)
        self._socket = host_socket
        self._pairs = Pairs(host_socket, self._sources, self.done, self._encoder.forget)

    def apply(self, changes: Sequence[Change], tolerant: bool = False) -> None:
        """Raise KernelRefused at the first change that fails; `tolerant` skips it and goes on."""
        for (deleting, _step), group in itertools.groupby(
            changes, lambda change: (change.after is None, step_of(change))
        ):
            self._apply_step(list(group), deleting, tolerant)

    def _apply_step(self, changes: list[Change], deleting: bool, tolerant: bool) -> None:
        pairs = [change for change in changes if isinstance(change.subject, (Veth, Handle))]
        rest = [change for change in changes if not isinstance(change.subject, (Veth, Handle))]
        if deleting:
            self._in_namespaces(rest, tolerant)
            self._pairs.remove(pairs, tolerant)
        else:
            self._pairs.place(pairs, tolerant)
            self._in_namespaces(rest, tolerant)

    # --- one namespace after the other ----------------------------------------------------------

    def _in_namespaces(self, changes: Iterable[Change], tolerant: bool) -> None:
        by_netns: dict[str, list[Change]] = {}
        for change in changes:
            by_netns.setdefault(netns_of(change.subject), []).append(change)
        for name, group in by_netns.items():
            if name == HOST:
                self._batched(group, self._socket, tolerant)
                continue
            descriptor = netns.open_path(self._sources[name])
            if descriptor is None:
                if tolerant or all(change.after is None for change in group):
                    continue
                raise KernelRefused(
                    f"cannot enter the namespace of {name}: {self._sources[name]} is gone",
                    errno.ENOENT,
                )
            try:
                with opened(descriptor) as sock:
                    self._batched(group, sock, tolerant)
            finally:
                os.close(descriptor)

    def _batched(self, changes: list[Change], sock: Socket, tolerant: bool) -> None:
        """Runs of netlink changes as one batch each; files and mounts in between, in order."""
        for is_request, run in itertools.groupby(changes, _is_request):
            if is_request:
                while some := list(itertools.islice(run, _AT_ONCE)):
                    self._send(some, sock, tolerant)
                continue
            for change in run:
                attempt(_change_file, change, self.done, tolerant)

    def _send(self, changes: list[Change], sock: Socket, tolerant: bool) -> None:
        requests: list[Request] = []
        owners: list[Change] = []
        for change in changes:
            try:
                made = list(self._encoder.requests(change))
            except KernelRefused:  # its link is gone
                if not tolerant:
                    raise
                continue
            requests += made
            owners += [change] * len(made)
        failure: KernelRefused | None = None
        failed: set[int] = set()
        for change, request, reply in zip(owners, requests, _sent(sock, requests)):
            try:
                refused(request, reply, _expected(request, reply, change))
            except KernelRefused as error:
                failed.add(id(change))
                failure = failure or error
        self.done += [change for change in changes if id(change) not in failed]
        if failure and not tolerant:
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
    """Errors that mean "so it is already"; whether it really is, the next look tells.

    "No such device" is believed when the link is gone, for what hung on it is not looked for again.
    Filters exist unseen where a priority was deleted by hand: the kernel keeps hash tables that
    belong to it and shows them again with the priority.
    """
    if request.kind in _DELETES:
        doubtful = reply.errno == errno.ENODEV and _is_there(change.subject)
        return () if doubtful else GONE
    return (errno.EEXIST,) if request.kind == k.RTM_NEWTFILTER else ()


def _is_there(item: Object | Priority) -> bool:
    """Whether the link of an object exists, in the namespace that we are in."""
    place = getattr(item, "place", None)
    return place is not None and any(name == place.link for _index, name in socket.if_nameindex())


_DELETES = frozenset((k.RTM_DELTFILTER, k.RTM_DELQDISC, k.RTM_DELADDR, k.RTM_DELROUTE))


def step_of(change: Change) -> int:
    """Priorities stand for filters of the same place."""
    item = change.subject
    if isinstance(item, Priority):
        return step(Table(*item, 0, 0))
    return step(item)


def netns_of(item: Object | Priority) -> str:
    if isinstance(item, (Sysctl, Handle)):
        return item.netns if isinstance(item, Sysctl) else HOST
    return HOST if isinstance(item, HandleDirectory) else item.place.netns


def _is_request(change: Change) -> bool:
    return not isinstance(change.subject, (Sysctl, Handle, HandleDirectory))


def _change_file(change: Change) -> None:
    item = change.subject
    if isinstance(item, Sysctl):
        if change.after is not None:
            procsys.write(item.name, item.value)
    elif isinstance(item, HandleDirectory):
        if change.after is not None:
            netns.share_directory()
        else:
            netns.unshare_directory()
