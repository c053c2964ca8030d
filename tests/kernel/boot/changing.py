# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with two containers, of which somebody changes what the containers share."""

from __future__ import annotations

from lab import probes
from lab.machines import BEYOND, HOST, PEER, Lab
from lab.probes import Probe

NEW, NEW_MAC, OLD_MAC = "10.0.0.2", "02:00:00:00:00:12", "02:00:00:00:00:10"
DEFAULT = f"route replace default via {PEER} dev eth0"
CONTAINERS = [{"name": "web", "ports": ["31000-31007"]}, {"name": "db", "ports": ["31008"]}]


def renumber(lab: Lab, address: str = NEW) -> None:
    lab.host.ip("address flush dev eth0", f"address add {address}/24 dev eth0", DEFAULT)


def answers(lab: Lab, address: str) -> set[str]:
    """Who answers: web to everybody, and the peer to web."""
    web, db = lab.container("web"), lab.container("db")
    with probes.servers() as servers:
        servers.listen(web, 31001)
        servers.listen(lab.peer.place, 53, PEER, BEYOND)
        asked = [
            Probe(source, protocol, address, 31001)
            for source in (lab.peer.place, lab.host.place, db)
            for protocol in ("tcp", "udp")
        ]
        asked += [
            Probe(web, protocol, target, 53)
            for protocol in ("tcp", "udp")
            for target in (PEER, BEYOND)
        ]
        return {answer.who for answer in probes.run(asked).values()}


def lives(lab: Lab, address: str = HOST) -> bool:
    return answers(lab, address) == {"web", "peer"}
