# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host that the tests of trouble share: two containers whose traffic must never suffer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import traffic as traffics
from lab import machines, state
from lab.machines import HOST, PEER, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.state import State
from traffic import Traffic

WEB, DB = 31001, 31009  # a port of each with a server
PORTS = {"web": ["31000-31007"], "db": ["31008-31015", "31100"]}
LOCAL = "127.0.0.1"
HOST_PORT, PEER_PORT = 22, 53


@dataclass(frozen=True)
class Stage:
    lab: Lab
    modules: Modules


@contextlib.contextmanager
def bare() -> Iterator[Stage]:
    with machines.lab() as lab:
        yield Stage(lab, Modules(lab.host))


# Hosts differ in whether their card computes checksums and cuts large packets, and in whether they forward.
HOSTS = ("host", "router without checksum offload")
ALL_HOSTS = (*HOSTS, "host without checksum offload", "router")


def become(stage: Stage, kind: str) -> None:
    """Make the host one of these."""
    stage.lab.host.place.set_sysctl("ipv4/ip_forward", "1" if "router" in kind else "0")
    value = "off" if "without" in kind else "on"
    cuts = [word for name in ("tx", "tso", "gso") for word in (name, value)]
    stage.lab.host.run("ethtool", "-K", "eth0", *cuts)


def inventory(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "ports": PORTS[name]} for name in names or PORTS]


def prepare(stage: Stage) -> None:
    """Prepare the host, place `web` and `db`."""
    stage.modules.call("portmap_host", POOLS)
    stage.modules.call("portmap_container", {"containers": inventory()})


def look(modules: Modules, only: str = "") -> State:
    """The host and its containers, or `only` one of these, as they compare when made anew."""
    machine = modules.machine
    return state.unnumbered(state.of(machine, only=only, sysctls=state.TOUCHED))


@contextlib.contextmanager
def traffic(stage: Stage, *names: str) -> Iterator[Traffic]:
    """From and to the containers `names` and the host itself, in every direction."""
    lab = stage.lab
    host, peer = lab.host.place, lab.peer.place
    listening = [(host, HOST_PORT, [HOST]), (peer, PEER_PORT, [PEER])]
    streams = [("peer to host", peer, HOST, HOST_PORT), ("host to peer", host, PEER, PEER_PORT)]
    ports = {"web": WEB, "db": DB}
    for name in names:
        place, port = lab.container(name), ports[name]
        listening.append((place, port, [HOST, LOCAL]))
        streams += [
            (f"peer to {name}", peer, HOST, port),
            (f"{name} to peer", place, PEER, PEER_PORT),
            (f"host to {name}", host, LOCAL, port),
        ]
    if len(names) == 2:
        streams.append((f"{names[0]} to {names[1]}", lab.container(names[0]), HOST,
                        ports[names[1]]))  # fmt: skip
    with traffics.traffic(listening, streams) as running:
        yield running
