# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an emulated machine does: containers by eBPF, and probes of both families.  Says what it finds, as JSON."""

from __future__ import annotations

import json
import os

from lab import machines, probes
from lab.exchange import echoed
from lab.machines import HOST, PEER, Lab, Place
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe

WEB, DB, OF_HOST, OUTSIDE = 31001, 31009, 32502, 53
HOST_SIX, PEER_SIX = "2001:db8::1", "2001:db8::fe"
CONTAINERS = [{"name": "web", "ports": ["31000-31007"]}, {"name": "db", "ports": ["31008-31015"]}]


def with_ipv6(lab: Lab) -> None:
    lab.host.shell("ip link set eth0 addrgenmode none; ip -6 address flush dev eth0")
    lab.peer.place.set_sysctl("ipv6/conf/all/disable_ipv6", "0")
    for machine, address in ((lab.host, HOST_SIX), (lab.peer, PEER_SIX)):
        machine.ip(f"address add {address}/64 dev eth0 nodad")
    lab.host.ip(f"route add default via {PEER_SIX}")


def wrong(lab: Lab) -> dict[str, str]:
    """Probes that another has answered than should."""
    web, db, host, peer = lab.container("web"), lab.container("db"), lab.host.place, lab.peer.place
    wanted: dict[Probe, str] = {}
    with probes.servers() as servers:
        own, loopbacks = (HOST, HOST_SIX), ("127.0.0.1", "::1")
        for place, port in ((web, WEB), (db, DB), (host, OF_HOST)):
            servers.listen(place, port, *own, *loopbacks)
        servers.listen(peer, OUTSIDE, PEER, PEER_SIX)
        for protocol in ("tcp", "udp"):
            for source in (peer, host, web, db):
                for port, who in ((WEB, "web"), (DB, "db"), (OF_HOST, "host")):
                    for address in own if source == peer else (*own, *loopbacks):
                        wanted[Probe(source, protocol, address, port)] = who
            for source in (host, web, db):
                for address in (PEER, PEER_SIX):
                    wanted[Probe(source, protocol, address, OUTSIDE)] = "peer"
            for address in own:
                wanted[Probe(peer, protocol, address, WEB + 1)] = probes.REFUSED
        answers = probes.run(wanted)
    return {str(one): str(answers[one]) for one, who in wanted.items() if answers[one].who != who}


def came_back(source: Place, server: Place, address: str, port: int) -> int:
    """How much of a long datagram comes back; 0 if it is lost."""
    try:
        return echoed(source, server, address, 5000, port)
    except TimeoutError:
        return 0


def datagrams(lab: Lab) -> dict[str, int]:
    web, host, peer = lab.container("web"), lab.host.place, lab.peer.place
    return {
        f"{source}->{address}": came_back(source, server, address, port)
        for source, server, port, addresses in (
            (web, peer, 7, (PEER, PEER_SIX)),
            (peer, web, WEB, (HOST, HOST_SIX)),
            (host, web, WEB, (HOST, HOST_SIX, "127.0.0.1", "::1")),
            (web, host, OF_HOST, (HOST, HOST_SIX, "127.0.0.1", "::1")),
        )
        for address in addresses
    }


def main() -> None:
    say = {"kernel": os.uname().release}
    print(f"GUEST {json.dumps(say)}", flush=True)
    with machines.lab() as lab:
        with_ipv6(lab)
        modules = Modules(lab.host)
        chosen = modules.host(**POOLS, steering="auto")
        modules.container(containers=CONTAINERS)
        found = {
            "steering": chosen["host"]["steering"],
            "wrong": wrong(lab),
            "datagrams": datagrams(lab),
            "pings": {
                address: probes.ping(lab.container("web"), address) for address in (PEER, PEER_SIX)
            },
            "again": modules.container(containers=CONTAINERS)["changes"],
            "problems": modules.problems(),
        }
    print(f"GUEST {json.dumps({**found, 'end': True})}", flush=True)


if __name__ == "__main__":
    main()
