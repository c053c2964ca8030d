# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers and questions of the demonstration: who answers whom, and who should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from lab import frames, machines, probes
from lab.machines import BEYOND, HOST, HOST_MAC, OTHER, PEER, Lab, Place
from saying import give_up, table, wrong

PROGRAM = Path(machines.__file__).with_name("serve.py")
PORTS = {"web": 31000, "db": 31100, "cache": 31200}
NOBODY, NOBODY_SILENT, LATER = 31050, 31051, 31010
STRANGE = 31060  # a source port of nobody
NAMES = {"peer": "outside A", "other": "outside B"}


class Row(NamedTuple):
    """Somebody asks for something, and what is right."""

    source: Place
    what: str  # http, udp
    address: str
    port: int
    right: str
    why: str
    source_port: int = 0


def compare(rows: list[Row]) -> None:
    """Ask for everything at once and print what came back beside what is right."""
    asked = {row: probes.Probe(*row[:4], source_port=row.source_port) for row in rows}
    answers = probes.run(asked.values())
    lines = []
    for row in rows:
        answer = answers[asked[row]]
        who = answer.who.replace(probes.SILENCE, "no answer")
        seen = ":".join(map(str, answer.seen or ()))
        verdict = "right" if who == row.right else "WRONG"
        if verdict == "WRONG":
            wrong.append(f"{row.source} -> {row.what} {row.address}:{row.port}: {who}")
        source = NAMES.get(row.source.name, row.source.name)
        source += f", port {row.source_port}" if row.source_port else ""
        target = f"{row.what} {row.address}:{row.port}"
        lines.append((source, target, who, row.right, verdict, seen, row.why))
    table(("from", "to", "answered", "expected", "", "client as seen", "why"), lines)


def rows(lab: Lab) -> list[Row]:
    host, peer, other = lab.host.place, lab.peer.place, lab.other.place
    web, db, cache = (lab.container(name) for name in PORTS)
    owner = "the port is {}'s"
    return [
        Row(peer, "http", HOST, PORTS["web"], "web", owner.format("web")),
        Row(other, "http", HOST, PORTS["db"], "db", owner.format("db") + "; real client address"),
        Row(peer, "udp", HOST, PORTS["cache"], "cache", owner.format("cache")),
        Row(peer, "http", HOST, NOBODY, "host", "nobody's port: all listen, the host answers"),
        Row(peer, "udp", HOST, NOBODY, "host", "the same over UDP"),
        Row(peer, "http", HOST, NOBODY_SILENT, "refused", "only containers listen, none owns it"),
        Row(host, "http", "127.0.0.1", PORTS["web"], "web", "from the host, by loopback"),
        Row(host, "udp", HOST, PORTS["db"], "db", "from the host, by the public address"),
        Row(web, "http", HOST, PORTS["db"], "db", "container to container"),
        Row(web, "http", "127.0.0.1", PORTS["db"], "db", "loopback is shared by ports, too"),
        Row(db, "http", "127.0.0.2", PORTS["cache"], "cache", "all of 127/8"),
        Row(cache, "http", HOST, PORTS["cache"], "cache", "to itself: stays inside"),
        Row(web, "http", HOST, NOBODY, "host", "container to host"),
        Row(web, "udp", "127.0.0.1", NOBODY_SILENT, "refused", "the host's refusal comes back"),
        Row(web, "http", BEYOND, 80, "outside", "to the world, from an ephemeral port of web"),
        Row(db, "udp", PEER, 80, "outside", "the same over UDP, from one of db"),
        Row(db, "udp", PEER, 9, "refused", "an ICMP error finds its container"),
        Row(web, "http", BEYOND, 80, "outside", "from a service port of its own", 31001),
        Row(web, "http", BEYOND, 80, "no answer", "from a port of db: dropped", 31101),
        Row(web, "udp", PEER, 80, "no answer", "from a port of nobody: dropped", STRANGE),
        Row(web, "udp", HOST, PORTS["db"], "no answer", "the same towards a neighbour", STRANGE),
    ]


def pings(lab: Lab) -> None:
    """Every ping has one answer, though four stacks share an address."""
    lines = []
    containers = [(lab.container(name), PEER) for name in PORTS]
    for source, target in (*containers, (lab.peer.place, HOST)):
        outcome = probes.ping(source, target)
        if outcome != "answered":
            wrong.append(f"{source} pings {target}: {outcome}")
        name = NAMES.get(source.name, source.name)
        lines.append((name, target, outcome, "right" if outcome == "answered" else "WRONG"))
    table(("who pings", "whom", "three requests are", ""), lines)


def forgeries(lab: Lab) -> None:
    """Frames that a container makes by hand; none arrives, an honest one does."""
    web = lab.container("web")

    def datagram(source: str) -> bytes:
        packet = frames.ip(source, PEER, frames.UDP, frames.udp(31001, 1, frames.token()))
        return frames.ethernet(frames.IPV4, packet)

    honest = "an honest datagram"
    arp = frames.arp(2, HOST_MAC, PEER, machines.OTHER_MAC, OTHER) + frames.token()
    sent = {
        "a datagram with a neighbour's address": datagram(OTHER),
        "ARP: 'I am the gateway'": frames.ethernet(frames.ARP, arp),
        "an IPv6 packet": frames.ethernet(frames.IPV6, bytes(40) + frames.token()),
        "a frame with a VLAN tag": frames.vlan(7, datagram(HOST)),
        honest: datagram(HOST),
    }
    with frames.ear(lab.peer.place) as peer, frames.ear(lab.other.place) as other:
        heard = frames.heard(web, sent, {"peer": peer, "other": other})
    lines = []
    for label in sent:
        got = "arrived" if heard[label] else "dropped"
        right = "arrived" if label == honest else "dropped"
        if got != right:
            wrong.append(f"{label}: {got}")
        lines.append((label, got, right, "right" if got == right else "WRONG"))
    table(("web sends by hand", "outcome", "expected", ""), lines)


def servers(lab: Lab) -> list[subprocess.Popen[str]]:
    """Real servers: everybody listens on everybody's ports, so that only filters decide."""
    everywhere = [*PORTS.values(), NOBODY]
    plan: list[tuple[machines.Machine, str | None, str, list[int]]] = [
        (lab.host, None, "host", everywhere),
        (lab.peer, None, "outside", [80]),
        *((lab.host, name, name, [*everywhere, NOBODY_SILENT, LATER]) for name in PORTS),
    ]
    running = [
        machine.start(sys.executable, str(PROGRAM), name, *map(str, ports), container=container)
        for machine, container, name, ports in plan
    ]
    for server in running:
        assert server.stdout is not None
        if server.stdout.readline() != "ready\n":
            give_up(f"a server did not start: {server.stdout.read()}")
    print(f"{len(running)} servers; host and containers all listen on {everywhere}")
    return running
