# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Veth pairs, made and removed, with the namespaces that they lead to and the handles of those.

A namespace that we make is pinned only after its veth carries our mark and its loopback too: a run
killed before leaves nothing, since the namespace dies with the process.  It is pinned as a draft,
which nobody knows by name, and gets its handle when all else is done: who enters by that finds a
network that is whole.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import cast

from ..linux import carrier, netns, rtnl
from ..linux import uapi as k
from ..linux.netlink import Socket, opened, refused
from ..linux.requests import Request
from ..objects.handle import Handle
from ..objects.kind import Change
from ..objects.link import Veth
from ..values.errors import KernelRefused
from ..values.marks import LINK_GROUP
from ..values.places import Place
from ..values.tenants import CREATED, read_alias
from . import quiet

GONE = (errno.ENOENT, errno.ENODEV, errno.EINVAL, errno.EADDRNOTAVAIL, errno.ESRCH)
_CHUNK = 64  # containers whose namespaces are held open at once before they are pinned
_DOOMED_GROUP = LINK_GROUP + 1  # veths on their way out


def _attempt(
    make: Callable[[Change], None], change: Change, done: list[Change], keep_going: bool
) -> None:
    """Make a change and note it in `done`; when it fails, `keep_going` goes on."""
    try:
        make(change)
    except (KernelRefused, OSError):
        if not keep_going:
            raise
    else:
        done.append(change)


class Pairs:
    """Makes and removes the veth pairs of one host.

    Appends each finished change to `done`; calls `forget(place)` for every deleted link.  `sources`
    tells how to open each container's namespace; those that are made are added to it.  `given_up`
    are the containers whose namespaces were held by the handles that were taken away, and by
    nothing else that is known.
    """

    def __init__(
        self,
        host_socket: Socket,
        sources: dict[str, str],
        done: list[Change],
        forget: Callable[[Place], None],
    ) -> None:
        self._socket = host_socket
        self._sources = sources
        self._done = done
        self._forget = forget
        self._held: dict[str, int] = {}
        self._named: dict[str, Change] = {}
        self._replaced: set[str] = set()
        self._origins: dict[str, str] = {}
        self.given_up: list[str] = []

    def expect(self, changes: Sequence[Change]) -> None:
        """All changes of a plan: what is done early depends on what comes late."""
        for change in changes:
            item = change.subject
            if isinstance(item, Handle) and change.after is not None:
                self._named[item.container] = change
            elif isinstance(item, Veth) and change.after is None:
                told = read_alias(item.alias)
                self._origins[item.peer.netns] = told[2] if told else ""

    def make(self, changes: list[Change], keep_going: bool) -> None:
        """Veths, or handles.

        Where a link was replaced, filters of the host lead to the old one.  The second look finds
        them, and the handle, which waits for that.
        """
        veths = [change for change in changes if isinstance(change.subject, Veth)]
        for start in range(0, len(veths), _CHUNK):
            try:
                self._place(veths[start : start + _CHUNK], keep_going)
            finally:
                for descriptor in self._held.values():
                    os.close(descriptor)
                self._held.clear()
        for change in changes:
            item = change.subject
            if isinstance(item, Handle) and (keep_going or item.container not in self._replaced):
                _attempt(self._name, change, self._done, keep_going)

    def _place(self, veths: list[Change], keep_going: bool) -> None:
        replaced = [c for c in veths if isinstance(c.before, Veth) and not c.before.paired]
        if replaced:
            self._delete_links([_place(c) for c in replaced], keep_going)
            self._replaced.update(cast(Veth, c.subject).peer.netns for c in replaced)
        new = [c for c in veths if c.before is None or c in replaced]
        there = [c for c in veths if c not in new]
        for change in new:
            self._hold(change)
        self._send_each(new, self._creation, keep_going)
        self._send_each([*new, *there], _marking, keep_going)
        for name in self._held:
            if name in self._named:
                self._draft(name, keep_going)

    def _hold(self, change: Change) -> None:
        """Open the container's namespace, or make it and mark its loopback."""
        veth = cast(Veth, change.subject)
        name = veth.peer.netns
        source = self._sources.setdefault(name, "")
        descriptor = netns.open_path(source) if source else netns.make()
        if descriptor is None:
            raise KernelRefused(f"cannot place {name}: {source} is gone", errno.ENOENT)
        self._held[name] = descriptor
        if not source:
            with opened(descriptor) as sock:
                mark = Request(
                    k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_alias("lo", veth.alias), f"mark {name}"
                )
                refused(mark, sock.send([mark])[0])

    def _creation(self, change: Change) -> Request:
        veth = cast(Veth, change.subject)
        descriptor = self._held[veth.peer.netns]
        payload = rtnl.veth(veth.place.link, veth.peer.link, veth.mac, veth.mtu, descriptor)
        return Request(k.RTM_NEWLINK, k.ADD, payload, change)

    def _send_each(
        self, changes: Sequence[Change], make: Callable[[Change], Request], keep_going: bool
    ) -> None:
        requests = [make(change) for change in changes]
        failure: KernelRefused | None = None
        done = set(map(id, self._done))
        for change, request, reply in zip(changes, requests, self._socket.send(requests)):
            try:
                refused(request, reply)
            except KernelRefused as error:
                failure = failure or error
            else:
                if id(change) not in done:
                    self._done.append(change)
        if failure and not keep_going:
            raise failure

    def _draft(self, name: str, keep_going: bool) -> None:
        """From then on the namespace is entered by its draft: its process may end.

        A handle that leads elsewhere is none any more.
        """
        change = self._named[name]
        before, handle = change.before, cast(Handle, change.subject)
        draft = netns.draft_path(name)
        try:
            if isinstance(before, Handle) and before.inode not in (0, handle.inode):
                netns.unpin(handle.path)
            if self._sources[name] not in (draft, handle.path):
                netns.unpin(draft)
                netns.pin(self._held[name], draft)
                self._sources[name] = draft
        except (KernelRefused, OSError):
            if not keep_going:
                raise

    def _name(self, change: Change) -> None:
        """The container is whole: its namespace gets its name, and needs no draft any more."""
        before, handle = change.before, cast(Handle, change.subject)
        name, draft = handle.container, netns.draft_path(handle.container)
        if self._sources[name] != handle.path:
            with netns.at(self._sources[name]) as namespace:
                if namespace is None:
                    raise KernelRefused(f"cannot name {name}: its namespace is gone", errno.ENOENT)
                carrier.await_carriers(namespace)
                if isinstance(before, Handle) and before.inode:
                    netns.unpin(handle.path)
                netns.pin(namespace, handle.path)
            self._sources[name] = handle.path
        netns.unpin(draft)

    def remove(self, changes: list[Change], keep_going: bool) -> None:
        """Handles, then veths: the veth tells whose the rest is, so it goes last."""
        veths = [change for change in changes if isinstance(change.subject, Veth)]
        for change in changes:
            if isinstance(change.subject, Handle):
                origin = self._origins.get(change.subject.container)
                self._give_up(change, origin, keep_going)
        if veths:
            self._delete_links([_place(change) for change in veths], keep_going)
        self._done += veths

    def _give_up(self, change: Change, origin: str | None, keep_going: bool) -> None:
        """Take the handle away, and down what then nobody can enter any more."""
        before = len(self._done)
        handle = cast(Handle, change.subject)
        with netns.at(
            handle.path if handle.inode else netns.draft_path(handle.container)
        ) as namespace:
            _attempt(lambda change: _unpin(change, namespace), change, self._done, keep_going)
            gone = len(self._done) > before
            if gone and namespace is not None and origin in (None, CREATED):
                self.given_up.append(handle.container)
                quiet.take_down(namespace, origin == CREATED)

    def _delete_links(self, places: list[Place], keep_going: bool) -> None:
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
            group = rtnl.group_gone(_DOOMED_GROUP)
            requests.append(Request(k.RTM_DELLINK, k.NLM_F_ACK, group, "delete links"))
        for place in places:
            self._forget(place)
        for request, reply in zip(requests, self._socket.send(requests)):
            refused(request, reply, range(1, 4096) if keep_going else GONE)


def _unpin(change: Change, namespace: int | None) -> None:
    handle = cast(Handle, change.subject)
    if handle.inode:
        netns.unpin(handle.path, namespace)
    if handle.draft:
        netns.unpin(netns.draft_path(handle.container))


def _marking(change: Change) -> Request:
    """RTM_SETLINK of the alias, and on a veth that was there before of all that may differ."""
    veth, before = cast(Veth, change.subject), change.before
    if isinstance(before, Veth) and before.paired:
        payload = rtnl.veth_values(veth.place.link, veth.alias, veth.mac, veth.mtu)
    else:
        payload = rtnl.link_alias(veth.place.link, veth.alias)
    return Request(k.RTM_SETLINK, k.NLM_F_ACK, payload, change)


def _place(change: Change) -> Place:
    return cast(Veth, change.subject).place
