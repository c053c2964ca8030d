# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host that most traffic tests share: three containers with servers, and who should answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab import machines, probes
from lab.machines import HOST, Lab, Place
from lab.modules import Modules
from lab.pools import POOLS

PORTS = {
    "web": ["31000-31007", "31100"],
    "db": ["31008-31031", "31500-31999"],
    "cache": ["32000"],
}
EPHEMERAL = {"web": (30016, 30031), "db": (30032, 30047), "cache": (30048, 30063)}

WEB, WEB_SILENT = 31001, 31100  # web's: one with a server, one without
DB, CACHE = 31500, 32000
UNOWNED = 31099  # in the pool, nobody's; host and containers listen
UNOWNED_SILENT = 31098  # only containers listen
OUTSIDE_POOL = 32502  # host and containers listen

ADDRESSES = (HOST, "127.0.0.1", "127.0.0.2")


@dataclass(frozen=True)
class Three:
    lab: Lab
    modules: Modules
    web: Place
    db: Place
    cache: Place

    @property
    def containers(self) -> tuple[Place, ...]:
        return (self.web, self.db, self.cache)


def inventory() -> list[dict[str, object]]:
    return [{"name": name, "ports": ports} for name, ports in PORTS.items()]


@contextmanager
def three() -> Iterator[Three]:
    """Three containers. In each a server listens on ports of all of them, and so does the host:
    who answers is decided by the filters alone."""
    with machines.lab() as lab, probes.servers() as servers:
        modules = Modules(lab.host)
        modules.host(**POOLS)
        modules.container(containers=inventory())
        made = Three(lab, modules, *(lab.container(name) for name in PORTS))
        for container in made.containers:
            machines.unlimit_errors(container)
            for port in (WEB, DB, CACHE, UNOWNED, UNOWNED_SILENT, OUTSIDE_POOL):
                servers.listen(container, port, *ADDRESSES)
        for port in (WEB, DB, CACHE, UNOWNED, OUTSIDE_POOL):
            servers.listen(lab.host.place, port, *ADDRESSES)
        servers.listen(lab.peer.place, 53, machines.PEER, machines.BEYOND)
        servers.listen(lab.other.place, 53, machines.OTHER)
        yield made
