# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a process is told of the container that it runs in, as variables of its environment.  Pure."""

from __future__ import annotations

from itertools import chain, islice

from ..values.tenants import Container

_MOST_NUMBERED = 64  # ports with a variable of their own: PORT0 to PORT63
OUTSIDE = "_OUTSIDE"


def environment(container: Container, address: str) -> dict[str, str]:
    """The variables by name; `address` is the one that containers share with their host.

    Ports by number ascend.  A port is the same inside and outside.
    """
    told = {"PORTMAP_CONTAINER": container.name, "PORTMAP_ADDRESS": address}
    if container.ephemeral:
        told["EPHEMERAL_PORTS"] = str(container.ephemeral)
    if not container.service:
        return told
    told["PORTS"] = ",".join(map(str, container.service))
    told["PORT"] = str(container.service[0].first)
    every = chain.from_iterable(range(one.first, one.last + 1) for one in container.service)
    for at, port in enumerate(islice(every, _MOST_NUMBERED)):
        told[f"PORT{at}"] = str(port)
    for one in container.named:
        told[variable(one.name)] = told[variable(one.name) + OUTSIDE] = str(one.ports)
    return told


def variable(name: str) -> str:
    """That of ports requested by this name."""
    return f"PORT_{name.upper().replace('-', '_')}"
