# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan -> kernel: changes turned into requests, sent in batches per namespace and step."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

from . import kernel as k
from . import netns, rtnl
from .encode import Encoder
from .errors import KernelRefused
from .inside import opened
from .model import (
    HOST,
    Handle,
    HandleDirectory,
    Identity,
    Object,
    Place,
    Sysctl,
    Table,
    Veth,
)
from .netlink import Reply, Request, Socket, refused
from .plan import Change, Priority, step

_GONE = (errno.ENOENT, errno.ENODEV, errno.EINVAL, errno.EADDRNOTAVAIL, errno.ESRCH)
_AT_ONCE = 1024  # changes encoded before they are sent: a hundred thousand would fill memory
_CHUNK = 64  # containers whose namespaces are held open at once before they have a handle
_BUSY_ATTEMPTS, _BUSY_SECONDS = 50, 0.02
_DOOMED_GROUP = k.LINK_GROUP + 1  # veths on their way out


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
        self._made: dict[str, int] = {}

    def apply(self, changes: Sequence[Change], tolerant: bool = False) -> None:
        """Raise KernelRefused at the first change that fails; `tolerant` skips it and goes on."""
        try:
            for (deleting, _step), group in itertools.groupby(
                changes, lambda change: (change.after is None, step_of(change))
            ):
                self._apply_step(list(group), deleting, tolerant)
        finally:
            for descriptor in self._made.values():
                os.close(descriptor)
            self._made.clear()

    def _apply_step(self, changes: list[Change], deleting: bool, tolerant: bool) -> None:
        if any(isinstance(change.subject, Veth) for change in changes):
            pairs = [change for change in changes if isinstance(change.subject, (Veth, Handle))]
            rest = [change for change in changes if not isinstance(change.subject, (Veth, Handle))]
            if deleting:
                self._in_namespaces(rest, tolerant)
                self._remove_pairs(pairs, tolerant)
                return
            for chunk in _chunks(pairs):
                self._place_pairs(chunk, tolerant)
            changes = rest
        self._in_namespaces(changes, tolerant)

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
                self._guarded(_change_file, change, tolerant)

    def _guarded(self, make: Callable[[Change], None], change: Change, tolerant: bool) -> None:
        try:
            make(change)
        except (KernelRefused, OSError):
            if not tolerant:
                raise
        else:
            self.done.append(change)

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

    # --- veth pairs and handles -----------------------------------------------------------------
    #
    # A namespace that we make is pinned by its handle only after its veth carries our mark and its
    # loopback too: a run killed before leaves nothing, since the namespace dies with the process.

    def _place_pairs(self, changes: list[Change], tolerant: bool) -> None:
        handles = {c.subject.netns: c for c in changes if isinstance(c.subject, Handle)}
        veths = [c for c in changes if isinstance(c.subject, Veth)]
        replaced = [c for c in veths if isinstance(c.before, Veth) and not c.before.paired]
        if replaced:
            self._delete_links([_place(c) for c in replaced], tolerant)
        new = [c for c in veths if c.before is None or c in replaced]
        kept = [c for c in veths if c not in new]
        for change in new:
            self._hold(change, handles)
        self._send_each(new, self._creation, tolerant)
        self._send_each([*new, *kept], _marking, tolerant)
        for change in handles.values():
            self._guarded(self._pin, change, tolerant)

    def _hold(self, change: Change, handles: Mapping[str, Change]) -> None:
        """Open the container's namespace, or make it and mark its loopback."""
        veth = cast(Veth, change.subject)
        name = veth.peer.netns
        source = self._sources.get(name, "")
        descriptor = netns.open_path(source) if source else netns.make()
        if descriptor is None:
            raise KernelRefused(f"cannot place {name}: {source} is gone", errno.ENOENT)
        self._made[name] = descriptor
        if not source:
            with opened(descriptor) as sock:
                mark = Request(
                    k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_alias("lo", veth.alias), f"mark {name}"
                )
                refused(mark, sock.send([mark])[0])
            handle = cast(Handle, handles[name].subject)
            self._sources[name] = handle.path

    def _creation(self, change: Change) -> Request:
        veth = cast(Veth, change.subject)
        descriptor = self._made[veth.peer.netns]
        payload = rtnl.veth(veth.place.link, veth.peer.link, veth.mac, veth.mtu, descriptor)
        return Request(k.RTM_NEWLINK, k.NLM_F_ACK | k.NLM_F_CREATE | k.NLM_F_EXCL, payload, change)

    def _send_each(
        self, changes: Sequence[Change], make: Callable[[Change], Request], tolerant: bool
    ) -> None:
        requests = [make(change) for change in changes]
        failure: KernelRefused | None = None
        done = set(map(id, self.done))
        for change, request, reply in zip(changes, requests, self._socket.send(requests)):
            try:
                refused(request, reply)
            except KernelRefused as error:
                failure = failure or error
            else:
                if id(change) not in done:
                    self.done.append(change)
        if failure and not tolerant:
            raise failure

    def _pin(self, change: Change) -> None:
        handle = cast(Handle, change.subject)
        if change.before is not None:
            netns.unpin(handle.path)
        descriptor = self._made.get(handle.netns)
        if descriptor is not None:
            netns.pin(descriptor, handle.path)
            return
        descriptor = netns.open_path(self._sources[handle.netns])
        if descriptor is None:
            raise KernelRefused(f"cannot name {handle.netns}: its namespace is gone", errno.ENOENT)
        try:
            netns.pin(descriptor, handle.path)
        finally:
            os.close(descriptor)

    def _remove_pairs(self, changes: list[Change], tolerant: bool) -> None:
        """Handles, then veths: the veth tells whose the rest is, so it goes last."""
        for change in changes:
            if isinstance(change.subject, Handle):
                self._guarded(_change_file, change, tolerant)
        veths = [change for change in changes if isinstance(change.subject, Veth)]
        self._delete_links([_place(change) for change in veths], tolerant)
        self.done += veths

    def _delete_links(self, places: list[Place], tolerant: bool) -> None:
        """Several links go in one request: the kernel waits once instead of once per link."""
        if len(places) == 1:
            payload = rtnl.link_gone(places[0].link)
            requests = [Request(k.RTM_DELLINK, k.NLM_F_ACK, payload, f"delete link {places[0]}")]
        else:
            requests = [
                Request(
                    k.RTM_SETLINK,
                    k.NLM_F_ACK,
                    rtnl.link_group(place.link, _DOOMED_GROUP),
                    f"delete link {place}",
                )
                for place in places
            ]
            if places:
                group = rtnl.group_gone(_DOOMED_GROUP)
                requests.append(Request(k.RTM_DELLINK, k.NLM_F_ACK, group, "delete links"))
        for place in places:
            self._encoder.forget(place)
        for request, reply in zip(requests, self._socket.send(requests)):
            refused(request, reply, range(1, 4096) if tolerant else _GONE)


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
        return () if doubtful else _GONE
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
            netns.write_sysctl(item.name, item.value)
    elif isinstance(item, HandleDirectory):
        if change.after is not None:
            netns.share_directory()
        else:
            netns.unshare_directory()
    elif isinstance(item, Handle) and change.after is None:
        netns.unpin(item.path)


def _marking(change: Change) -> Request:
    """RTM_SETLINK of everything that may differ on a veth that exists."""
    veth = cast(Veth, change.subject)
    payload = rtnl.veth_values(veth.place.link, veth.alias, veth.mac, veth.mtu)
    return Request(k.RTM_SETLINK, k.NLM_F_ACK, payload, change)


def _place(change: Change) -> Place:
    return cast(Veth, change.subject).place


def _chunks(changes: list[Change]) -> Iterator[list[Change]]:
    """Veths with the handles of their containers, some containers at a time."""
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        item = change.subject
        name = item.netns if isinstance(item, Handle) else cast(Veth, item).peer.netns
        by_name.setdefault(name, []).append(change)
    groups = list(by_name.values())
    for start in range(0, len(groups), _CHUNK):
        yield [change for group in groups[start : start + _CHUNK] for change in group]
