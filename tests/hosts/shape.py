# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two containers on a host of some shape, and the probes that tell whether they live as they should."""

from __future__ import annotations

import json

from lab import probes, steering
from lab.machines import BEYOND, HOST, OTHER, PEER, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe

WEB, DB, OF_HOST = 31001, 31008, 32502
CONTAINERS = [{"name": "web", "ports": ["31000-31007"]}, {"name": "db", "ports": ["31008-31015"]}]


def place(modules: Modules, **options: object) -> dict:
    """Prepare the host, and place both containers; what portmap_host returned."""
    prepared = modules.host(**{**POOLS, **options})
    modules.container(containers=CONTAINERS)
    return prepared


def matrix(
    lab: Lab, address: str = HOST, *, sends_from: str = "", host_goes: bool = True
) -> dict[str, str]:
    """Probes that were not answered by whom they should be: TCP and UDP, in all directions.

    Without `host_goes` the host itself leaves by another way, and is not asked to; nor are containers
    that leave as the host does.

    `sends_from`: the address from which the host sends to itself, if it is not the shared one.  What
    it sends to containers then is not answered (u32), and not asked.
    """
    web, db, host = lab.container("web"), lab.container("db"), lab.host.place
    wanted: dict[Probe, str] = {}
    with probes.servers() as servers:
        for place, port in ((web, WEB), (db, DB), (host, OF_HOST)):
            servers.listen(place, port, address, "127.0.0.1")
        servers.listen(lab.peer.place, 53, PEER, BEYOND)
        servers.listen(lab.other.place, 53, OTHER)
        for protocol in ("tcp", "udp"):
            for source in (lab.peer.place, lab.other.place, host, web, db):
                for port, who in ((WEB, "web"), (DB, "db"), (OF_HOST, "host")):
                    if source != host or who == "host" or not sends_from:
                        wanted[Probe(source, protocol, address, port)] = who
            for source in (host, web, db):
                for port, who in ((WEB, "web"), (DB, "db"), (OF_HOST, "host")):
                    wanted[Probe(source, protocol, "127.0.0.1", port)] = who
                for target, who in ((PEER, "peer"), (OTHER, "other"), (BEYOND, "peer")):
                    goes = host_goes or (source != host and steering.by_way(True, False))
                    if target != BEYOND or goes:
                        wanted[Probe(source, protocol, target, 53)] = who
        answers = probes.run(wanted)
    return {str(one): str(answers[one]) for one, who in wanted.items() if answers[one].who != who}


def told(result: dict) -> str:
    """What a module has warned of."""
    return json.dumps(
        result.get("warnings", [])
    )  # text, or an object, as the version of ansible-core has it


def default_routes(lab: Lab, container: str) -> list[str]:
    """The default routes of a container, as ip(8) tells them."""
    shown = lab.host.run("ip", "-4", "route", "show", "default", container=container).stdout
    return [" ".join(line.replace("proto static ", "").split()) for line in shown.splitlines()]


def second_uplink(lab: Lab, name: str = "eth1", address: str = "10.9.0.1/24") -> None:
    """Another interface of the host, which leads to nobody."""
    lab.host.ip(
        f"link add {name} type veth peer name {name}-far",
        f"link set {name} addrgenmode none",  # no address of IPv6, which would come later
        f"link set {name}-far addrgenmode none up",
        f"link set {name} up",
        f"address add {address} dev {name}",
    )


def bridge(lab: Lab) -> None:
    """The address of the host moves to a bridge, of which the uplink is a port."""
    lab.host.ip(
        "link add br0 type bridge",
        "link set eth0 master br0",
        "link set br0 up",
        f"address del {HOST}/24 dev eth0",
        f"address add {HOST}/24 dev br0",
        "route replace default via 10.0.0.254",
    )
