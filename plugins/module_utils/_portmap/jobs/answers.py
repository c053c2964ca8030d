# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmapctl tells, as JSON has it: who owns a port, what is free, who sends how much.

Changes nothing, and takes no lock.  Who is not root is told less, and what that is (`unseen`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..decide import ownership
from ..decide.reach import reach
from ..linux import netns, processes, sockets
from ..linux.view import View, viewed
from ..memory import record
from ..memory.record import Record
from ..sight.host import host_ephemeral
from ..sight.seen import Placed
from ..sight.survey import steered, survey
from ..steering import choose
from ..steering.plane import Plane
from ..values import ports
from ..values.errors import InvalidRequest, Unsupported
from ..values.options import Pools
from ..values.ports import Range, Ranges
from ..values.sockets import HostSocket
from ..values.tenants import Host
from ..wanted.busy import Busy
from . import results, usage
from .uplink import Uplink, look_anyway, look_without_record

Answer = dict[str, Any]
_IN_THE_WAY = (
    "drift",
    "earlier_filter",
)  # kinds of problems that can keep packets from a container


class Look(NamedTuple):
    """The host and its containers, at one time; `pools` None: only root can read what they are.

    `faults` say why no packet arrives in any container.
    """

    view: View
    plane: Plane
    host: Host
    pools: Pools | None
    placed: dict[str, Placed]
    faults: Sequence[str] = ()

    @property
    def owners(self) -> dict[str, Ranges]:
        return {name: one.container.owned for name, one in self.placed.items()}


@contextmanager
def _looked() -> Iterator[Look]:
    with viewed() as view:
        pools: Pools | None = None
        faults: list[str] = []
        try:
            prepared = record.required()
        except PermissionError:
            host = look_without_record(view, None, "").host
            plane = choose.standing(view, host)
        else:
            uplink = look_anyway(view, prepared)
            host, pools = uplink.host, prepared.options.pools
            plane = choose.plane(prepared.options.steering)
            faults = list(_faults(uplink, prepared))
        yield Look(view, plane, host, pools, steered(view, plane, host, pools), faults)


def _faults(uplink: Uplink, prepared: Record) -> Iterator[str]:
    now = uplink.host.ipv4.address
    if uplink.fault:
        yield uplink.fault
    elif prepared.address != now:
        yield f"containers have the address {prepared.address}, and the host has {now}"


def _root() -> bool:
    return os.geteuid() == 0


# --- list ---------------------------------------------------------------------------------------


def listed(names: Iterable[str] = ()) -> Answer:
    """The containers, or those of these names."""
    with _looked() as look:
        wanted = list(names) or list(look.placed)
        for name in wanted:
            if name not in look.placed:
                raise InvalidRequest(f"cannot describe {name}: there is no such container")
        return {
            "containers": [_container(look.placed[name]) for name in wanted],
            "unseen": _unseen("whether namespaces are there, and which ports are ephemeral"),
        }


def _container(placed: Placed) -> Answer:
    container, alive = placed.container, None
    if _root():
        with netns.at(netns.handle_path(container.handle)) as descriptor:
            alive = descriptor is not None
            if descriptor is not None:
                container = container._replace(inode=netns.inode(descriptor))
    return {**results.container_result(container), "up": placed.veth.up, "alive": alive}


def _unseen(what: str) -> list[str]:
    return [] if _root() else [f"not root: {what}"]


# --- who ----------------------------------------------------------------------------------------


def who(port: int) -> Answer:
    """Whose a port is, who has a socket on it, and whether that is reached."""
    if not ports.LOWEST <= port <= ports.HIGHEST:
        raise InvalidRequest(
            f"cannot look for port {port}: ports go from {ports.LOWEST} to {ports.HIGHEST}"
        )
    with _looked() as look:
        standing = ownership.whose(port, look.owners, look.pools, host_ephemeral())
        if (
            not standing.owner
        ):  # packets to it are not led to anybody; a container may still own it
            standing = ownership.whose(port, _listed(look), look.pools, host_ephemeral())
        on_host = sockets.of_host(Range(port, port))
        told = {
            "port": port,
            "owner": standing.owner or None,
            "kind": standing.kind,
            "range": str(standing.among) if standing.among else None,
        }
        if not standing.owner:
            unseen = _unseen("the pools, and processes of other users")
            return {**told, "sockets": [], "on_host": _told(on_host), "unseen": unseen}
        return {**told, **_of_owner(look, port, standing.owner, on_host)}


def _listed(look: Look) -> dict[str, Ranges]:
    """What each veth lets out, too: more than the host's interfaces lead to it when filters are lost there."""
    found = survey(look.view, look.plane, look.host, None, look.pools)
    return {name: one.owned for name, one in found.containers.items()}


def _of_owner(look: Look, port: int, name: str, on_host: list[HostSocket]) -> Answer:
    placed = look.placed[name]
    inside = _sockets_inside(placed, port)
    heard = None if inside is None else [one for one in inside if not one.peer]
    broken = [*look.faults, *_broken(placed, port)]
    found = reach(name, look.host.ipv4.address, heard, broken, _doubts(name))
    return {
        "sockets": _told(inside or []),
        "on_host": _told(on_host),
        "reachable": {"outside": found.outside, "host": found.host},
        "reasons": found.reasons,
        "unseen": _unseen(f"what is inside {name}, and what is wrong with it"),
    }


def _broken(placed: Placed, port: int) -> Iterator[str]:
    """Why no packet to the port arrives in the container."""
    container, veth = placed.container, placed.veth
    if not veth.up:
        yield f"the link {veth.name} is down"
    if not ports.intersect(container.owned, [Range(port, port)]):
        yield f"no filter leads it to {veth.name}"
    if _root() and not netns.is_there(netns.handle_path(container.handle)):
        yield f"the namespace of {container.name} is gone"


def _doubts(name: str) -> list[str]:
    """What is wrong with a container, as far as that can keep packets from it."""
    if not _root():
        return []
    from . import info  # only now: half of the engine is for this

    found = info.found_problems(name)
    return [one.description for one in found if one.kind in _IN_THE_WAY]


def _sockets_inside(placed: Placed, port: int) -> list[HostSocket] | None:
    """None where nobody could look: there is no namespace, or we are not root."""
    if not _root():
        return None
    with netns.at(netns.handle_path(placed.container.handle)) as descriptor:
        if descriptor is None:
            return None
        with netns.entered(descriptor):
            return sockets.of_host(Range(port, port))


def _told(found: list[HostSocket]) -> list[Answer]:
    """Sockets with the processes that have them; None: it cannot be seen."""
    holding = processes.holders(one.inode for one in found)
    return [
        {
            "protocol": one.protocol,
            "address": one.address,
            "peer": one.peer or None,
            "process": processes.name(holding[one.inode]) if one.inode in holding else None,
            "pid": int(holding[one.inode]) if one.inode in holding else None,
        }
        for one in sorted(found)
    ]


# --- free ---------------------------------------------------------------------------------------


def free(size: int) -> Answer:
    """Where so many service ports side by side could be given; who listens on the host is left out."""
    with _looked() as look:
        pools = look.pools
        if pools is None:
            raise Unsupported(f"cannot tell what is free: only root can read {record.PATH}")
        taken = [*Busy(sockets.of_host(pools.span)).heard]
        taken += (item for owned in look.owners.values() for item in owned)
        found = ownership.stretches(pools.service, taken, size)
        return {
            "size": size,
            "alignment": ownership.alignment(size),
            "pool": ports.written(pools.service),
            "stretches": [
                {"ports": str(one.among), "runs": one.runs, "first": str(one.first)}
                for one in found
            ],
            "containers_left": ownership.room(pools, taken),
        }


# --- check --------------------------------------------------------------------------------------


def check() -> Answer:
    """What is wrong with the host and its containers, as portmap_info has it."""
    if not _root():
        raise Unsupported(
            "cannot check the host: not root, and nobody else can look into the namespaces of containers"
        )
    from . import info  # only now: the other answers do without half of the engine

    return {"problems": [one.result(False) for one in info.found_problems()]}


# --- top ----------------------------------------------------------------------------------------


def top(seconds: float) -> Answer:
    """What containers receive and send, measured for so long."""
    usage.check_seconds(seconds)
    with _looked() as look:
        found, took = usage.rates_of(look.view, look.plane, seconds)
    return {"seconds": took, "containers": [one._asdict() for one in found]}
