# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a flood of echo or ARP replies costs, and the commands of SECURITY.md that bound it.

With a few dozen containers; when thorough, with a thousand.
"""

from __future__ import annotations

import itertools
import re
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import stage as stages
from lab import frames, probes, steering
from lab.frames import ARP, ICMP, IPV4, arp, ethernet, icmp, ip
from lab.machines import HOST, HOST_MAC, PEER, PEER_MAC
from lab.netns import inside
from lab.pools import LARGE, POOLS
from lab.steering import BPF, U32
from stage import Stage

SECURITY = Path(__file__).parents[3] / "SECURITY.md"
FLOOD = Path(__file__).with_name("flood.py")
SECONDS = 2.0
BURST, A_SECOND = 21, 20  # packets that the documented rate lets pass


def documented() -> dict[str, list[str]]:
    """The commands of the section, one a line: those for ICMP and those for ARP."""
    text = SECURITY.read_text(encoding="utf-8").split("## Bounding what goes to every container")[
        1
    ]
    found = re.findall(r"```shell\n(.*?)```", text, re.DOTALL)
    return dict(zip(("icmp", "arp"), (block.splitlines() for block in found), strict=True))


@pytest.fixture
def crowd(bare: Stage, thorough: bool) -> tuple[Stage, int]:
    """A host with many containers, each with one port."""
    count = 1000 if thorough else 40
    bare.modules.call("portmap_host", LARGE)
    for first in range(0, count, 200):
        some = range(first, min(first + 200, count))
        listed = [{"name": f"c{n}", "ports": [str(31000 + n)]} for n in some]
        bare.modules.container(containers=listed)
    return bare, count


REPLIES = {
    "icmp": ethernet(IPV4, ip(PEER, HOST, ICMP, icmp(0, 0, b"")), to=HOST_MAC, sender=PEER_MAC),
    "arp": ethernet(ARP, arp(2, PEER_MAC, PEER, HOST_MAC, HOST), to=HOST_MAC, sender=PEER_MAC),
}


def copies(stage: Stage) -> int:
    """Packets that went to containers, those that their links had no room for included.

    The first has traffic of its own.
    """
    told = stage.lab.host.json("ip", "-s", "-j", "link", "show", "group", "28781")
    counters = [link["stats64"]["tx"] for link in told if link and link["ifname"] != "pm-c0"]
    return sum(counter["packets"] + counter["dropped"] for counter in counters)


@dataclass(frozen=True)
class Flood:
    """Packets sent, copies made of them, until when those were counted; exchanges beside it."""

    sent: int
    copies: int
    seconds: float
    exchanges: int


def flood(stage: Stage, reply: bytes) -> Flood:
    before, begun = copies(stage), time.monotonic()
    command = (sys.executable, str(FLOOD), "eth0", reply.hex(), str(SECONDS))
    flooder = stage.lab.peer.start(*command)
    beside = exchanges(stage)
    out, _ = flooder.communicate()
    time.sleep(0.5)
    made = copies(stage) - before
    return Flood(int(out), made, time.monotonic() - begun, beside)


def exchanges(stage: Stage) -> int:
    """How many datagrams a second go to the container `c0` and back, one after the other."""
    with inside(stage.lab.peer.place.netns):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with client, probes.servers(echo=True) as servers:
        servers.listen(stage.lab.container("c0"), 31000, HOST, protocols="udp")
        client.connect((HOST, 31000))
        client.settimeout(0.1)
        done = 0
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            client.send(b"?")
            try:
                client.recv(8)
                done += 1
            except (TimeoutError, socket.timeout):
                continue
    return int(done / SECONDS)


@pytest.mark.thorough("25 times as many containers: 1,000")
@pytest.mark.parametrize("protocol", REPLIES)
def test_a_flood_of_replies_is_bounded_by_the_documented_commands(
    crowd: tuple[Stage, int], protocol: str
) -> None:
    stage, count = crowd
    lab, reply = stage.lab, REPLIES[protocol]
    quiet = exchanges(stage)
    before = copies(stage)
    frames.send(lab.peer.place, *[reply] * 5)
    time.sleep(0.5)
    assert copies(stage) - before == steering.by_way(5 * (count - 1), 0)
    if steering.used == BPF:
        return  # nothing to bound

    free = flood(stage, reply)
    for line in documented()[protocol]:
        lab.host.run("sh", "-ec", line)
    bounded = flood(stage, reply)
    told = f"{count} containers, {quiet} exchanges/s without a flood; {free}; bounded: {bounded}"
    print(told)
    most = BURST + A_SECOND * bounded.seconds
    assert free.copies > 2 * most * count, told
    assert bounded.copies <= most * count, told
    # The wire of the lab works on the sender's time: what it can send is what the host can take.
    assert bounded.sent > free.sent, told


def test_within_the_bound_pings_of_the_host_and_of_containers_are_answered_once(
    placed: Stage,
) -> None:
    steering.only(
        U32, "there is nothing to bound, and what comes back from the queue is no host's"
    )
    lab = placed.lab
    for line in itertools.chain(*documented().values()):
        lab.host.run("sh", "-ec", line)
    for name in (None, "web"):
        lab.host.run("ip", "neigh", "flush", "dev", "eth0", container=name)
        told = lab.host.run("ping", "-c", "3", "-i", "0.2", PEER, container=name).stdout
        assert "3 packets transmitted, 3 received, 0% packet loss" in told
        assert "DUP" not in told
    before = lab.host.place.snmp("Icmp", "InEchoReps")
    frames.send(lab.peer.place, *[REPLIES["icmp"]] * 5)
    time.sleep(0.2)
    assert lab.host.place.snmp("Icmp", "InEchoReps") == before + 5
    with stages.traffic(placed, "web", "db") as running:
        placed.modules.call("portmap_host", POOLS)
        placed.modules.call("portmap_container", {"containers": stages.inventory()})
        assert running.finish()["lost"] == []
    assert {item["kind"] for item in placed.modules.problems()} == {"earlier_filter"}  # its own


def test_a_chain_of_nftables_at_the_ingress_hook_comes_too_late(placed: Stage) -> None:
    chain = (
        "add table netdev bound; add chain netdev bound arriving"
        ' { type filter hook ingress device "eth0" priority -500; policy accept; };'
        " add rule netdev bound arriving icmp type echo-reply counter drop"
    )
    placed.lab.host.run("nft", chain)
    before = copies(placed)
    frames.send(placed.lab.peer.place, *[REPLIES["icmp"]] * 20)
    time.sleep(0.2)
    assert copies(placed) - before == steering.by_way(20 * 2, 0)
    assert "packets 20 " in placed.lab.host.run("nft", "list", "table", "netdev", "bound").stdout
