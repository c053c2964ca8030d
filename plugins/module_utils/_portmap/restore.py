# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a boot: bring back the host and its containers from the saved state.

Run as `python3 -m _portmap.restore` by a unit of systemd.  Ends with 0 when all is there, with 1
when nothing was done, with 2 when some containers could not be brought back; says why on stderr.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from .engine.reconcile import tune_collector
from .jobs import containers as placing
from .jobs import host as hosts
from .jobs.uplink import look
from .linux import netns, paths, sockets
from .linux.view import viewed
from .memory import next_boot, record
from .memory.lock import host_lock
from .memory.next_boot import Entry, Saved
from .memory.record import Record
from .sight.survey import placed_names
from .values import ports, tenants
from .values.errors import InvalidRequest, PortmapError, Unsupported
from .values.options import HostOptions
from .wanted.busy import Busy
from .wanted.claims import Ask

_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.2
_PLACE = "place it with netiso.portmap.portmap_container when it runs"


def main() -> int:
    tune_collector()
    try:
        return _restore()
    except PortmapError as error:
        _say(str(error))
    except OSError as error:
        _say(f"cannot go on: {error}")
    return 1


def _restore() -> int:
    if os.geteuid() != 0:
        raise Unsupported("cannot restore the host: not root")
    with host_lock(False):
        state = _needed()
        if state is None:
            return 0
        _wait_for_address(state.host)
        _warn_of_listeners(state)
        prepared = hosts.prepare_locked(state.host, dry_run=False).record
        left = _place(prepared, list(state.containers.values()))
    for message in left:
        _say(message)
    placed = len(state.containers) - len(left)
    _say(f"restored the host and {placed} of {len(state.containers)} containers")
    return 2 if left else 0


def _needed() -> Saved | None:
    """The saved state, unless there is none, or the host is at work already."""
    if record.load() is not None:
        _say("nothing to restore: this host is prepared already")
        return None
    state = next_boot.load()
    if state is None:
        _say(f"nothing to restore: there is no {next_boot.PATH}")
        return None
    with viewed() as view:
        placed = placed_names(view)
    if placed:
        raise InvalidRequest(
            f"cannot restore the host: containers are placed ({', '.join(sorted(placed))}) although"
            f" {record.PATH} is missing, so this is no boot; run netiso.portmap.portmap_host"
        )
    return state


def _wait_for_address(host: HostOptions) -> None:
    """The network may be called online before the interface has its address."""
    give_up = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            with viewed() as view:
                look(view, host, None)
            return
        except InvalidRequest:
            if time.monotonic() > give_up:
                raise
        time.sleep(_POLL_SECONDS)


def _place(prepared: Record, containers: Sequence[Entry]) -> list[str]:
    """Place what can be placed; why the others could not."""
    there: list[Entry] = []
    left: list[str] = []
    for one in containers:
        why = _hindrance(one)
        if why:
            left.append(f"cannot restore {one.name}: {why}")
        else:
            there.append(one)
    try:
        placing.place_again(prepared, [_ask(one) for one in there])
    except (PortmapError, OSError):  # one of them must not keep the others down
        for one in there:
            try:
                placing.place_again(prepared, [_ask(one)])
            except (PortmapError, OSError) as error:
                left.append(f"cannot restore {one.name}: {error}")
    return left


def _hindrance(one: Entry) -> str:
    """Why the namespace of a container cannot be opened; "" when it can, or is to be made."""
    if one.origin == tenants.CREATED:
        return ""
    if one.origin == tenants.KEPT:
        path = netns.handle_path(one.netns)
        space = f"the namespace {path}, which others make,"
    else:
        path = "" if paths.of_a_process(one.netns) else one.netns
        space = f"the namespace {path or 'of its process'}"
    try:
        why = paths.unsafe(path) if path else ""
        if why:
            return f"others than root could lead {path} to another namespace ({why})"
        return "" if path and netns.is_there(path) else f"{space} is not there; {_PLACE}"
    except OSError as error:
        return f"{space} cannot be opened: {error.strerror}; {_PLACE}"


def _ask(one: Entry) -> Ask:
    return Ask(
        one.name,
        netns=one.netns,
        ports=one.service,
        ephemeral=one.ephemeral,
        ignore_listeners=True,
        named=one.named,
        limits=one.limits,
        access=one.access,
    )


def _warn_of_listeners(state: Saved) -> None:
    busy = Busy(sockets.of_host(state.host.pools.span)).heard
    for one in state.containers.values():
        shared = ports.intersect(busy, one.owned)
        if shared:
            _say(
                f"warning: a process of the host uses {ports.text(shared)}, which {one.name} owns;"
                " it hears nothing there any more (see ss -lntup)"
            )


def _say(message: str) -> None:
    sys.stderr.write(f"portmap-restore: {message}\n")


if __name__ == "__main__":
    raise SystemExit(main())
