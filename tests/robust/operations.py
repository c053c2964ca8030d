# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs do to a host and its containers, and how it is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.modules import Modules
from lab.pools import POOLS
from stage import PORTS, inventory

Step = tuple[str, dict[str, Any]]
NEW = {"name": "new", "ports": ["31200-31299"]}
MOVED_POOLS = {**POOLS, "ports": ["31000-32100"], "rp_filter": "keep"}


@dataclass(frozen=True)
class Operation:
    """Something to do, and how to take it back; `others` have traffic meanwhile."""

    do: Step
    undo: Step
    others: tuple[str, ...] = ("web", "db")
    before: tuple[Step, ...] = ()
    setup: str = ""  # of the host, before anything is done
    # An ingress qdisc that comes or goes makes the kernel stop the link's sending for a moment.
    silent: bool = False


SAVING = "mount -t tmpfs tmpfs /var/lib && mkdir -m 700 /var/lib/netiso-portmap"
# Where it is off already, relaxing it and giving it back would change nothing.
STRICT = "sysctl -w net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.lo.rp_filter=1"
HOST: Step = ("portmap_host", POOLS)
PLACED: Step = ("portmap_container", {"containers": inventory()})
OPERATIONS = {
    "prepare the host, or take that back": Operation(
        HOST,
        ("portmap_host", {"state": "absent"}),
        others=(),
        silent=True,
    ),
    "change the host": Operation(
        ("portmap_host", MOVED_POOLS),
        HOST,
        before=(HOST, PLACED),
        setup=STRICT,
    ),
    "place a container, or remove it": Operation(
        ("portmap_container", NEW),
        ("portmap_container", {"name": "new", "state": "absent"}),
        before=(HOST, PLACED),
    ),
    "change ports": Operation(
        (
            "portmap_ranges",
            {"container": "db", "ports": ["31003-31010", "31200"], "state": "exact"},
        ),
        ("portmap_ranges", {"container": "db", "ports": PORTS["db"], "state": "exact"}),
        before=(HOST, ("portmap_container", {"containers": inventory("db")})),
        others=("db",),
    ),
    "change the host, and save it": Operation(
        ("portmap_host", MOVED_POOLS),
        HOST,
        before=(HOST, PLACED),
        setup=f"{SAVING} && {STRICT}",
    ),
    "change ports, and save them": Operation(
        ("portmap_ranges", {"container": "db", "ports": ["31200"]}),
        ("portmap_ranges", {"container": "db", "ports": ["31200"], "state": "absent"}),
        before=(HOST, PLACED),
        setup=SAVING,
    ),
    "limit what a container sends, or let it go": Operation(
        ("portmap_container", {"name": "web", "limits": {"send": "1gbit"}}),
        ("portmap_container", {"name": "web", "limits": {}}),
        before=(HOST, PLACED),
    ),
    "limit what a container receives, or let it go": Operation(
        ("portmap_container", {"name": "web", "limits": {"receive": "1gbit"}}),
        ("portmap_container", {"name": "web", "limits": {}}),
        before=(HOST, PLACED),
        silent=True,  # so does a root qdisc that comes or goes
    ),
    "purge, or place all at once": Operation(
        ("portmap_container", {"containers": inventory("web"), "purge": True}),
        ("portmap_container", {"containers": [*inventory(), NEW]}),
        before=(HOST, ("portmap_container", {"containers": [*inventory(), NEW]})),
        others=("web",),
    ),
}


def begin(modules: Modules, operation: Operation) -> None:
    """Do all that comes before; the lock and what cannot be restored are there from then on."""
    if operation.setup:
        modules.machine.shell(operation.setup)
    for step in (*operation.before, operation.do, operation.undo):
        modules.call(*step)
