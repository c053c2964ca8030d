# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing bounds how much a container sends; what of the operator's own does, as SECURITY.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import frames, steering
from lab.frames import IPV4, UDP, ethernet, ip, token, udp
from lab.machines import HOST, HOST_MAC, PEER, PEER_MAC, Place
from scene import DB, WEB, Three

COUNT = 200
SLOW = "rate 8kbit burst 2k"


def heard(sender: Place, ear: frames.Ear, frame: bytes) -> int:
    """How many of many copies arrive, nearly at once."""
    frames.send(sender, *[frame] * COUNT)
    return sum(one[-12:] == frame[-12:] for one in ear.frames())


def leaving(three: Three, name: str, port: int) -> int:
    frame = ethernet(IPV4, ip(HOST, PEER, UDP, udp(port, 1053, bytes(100) + token())), to=PEER_MAC)
    with frames.ear(three.lab.peer.place) as ear:
        return heard(three.lab.container(name), ear, frame)


def arriving(three: Three) -> int:
    packet = ip(PEER, HOST, UDP, udp(1053, WEB, bytes(100) + token()))
    with frames.ear(three.lab.container("web")) as ear:
        return heard(
            three.lab.peer.place, ear, ethernet(IPV4, packet, to=HOST_MAC, sender=PEER_MAC)
        )


@pytest.fixture
def queued(three: Three) -> Iterator[Three]:
    yield three
    for link in ("eth0", "pm-web"):
        three.lab.host.run("tc", "qdisc", "delete", "dev", link, "root", check=False)


def test_a_qdisc_of_the_veth_bounds_what_a_container_receives_and_not_what_it_sends(
    queued: Three,
) -> None:
    assert (leaving(queued, "web", WEB), arriving(queued)) == (COUNT, COUNT)
    queued.lab.host.shell(f"tc qdisc add dev pm-web root tbf {SLOW} limit 2k")
    assert leaving(queued, "web", WEB) == COUNT
    # A program of eBPF hands packets over, past the queue of the veth.
    assert (arriving(queued) < COUNT / 4) == steering.by_way(True, False)


def test_a_class_of_the_public_interface_bounds_what_leaves_from_the_ports_of_one(
    queued: Three,
) -> None:
    queued.lab.host.shell(
        "tc qdisc add dev eth0 root handle 1: htb default 2;"
        "tc class add dev eth0 parent 1: classid 1:2 htb rate 10gbit;"
        f"tc class add dev eth0 parent 1: classid 1:3 htb {SLOW} ceil 8kbit;"
        "tc qdisc add dev eth0 parent 1:3 pfifo limit 5;"
        f"tc filter add dev eth0 parent 1: protocol ip u32 match ip sport {WEB} 0xffff flowid 1:3"
    )
    assert leaving(queued, "web", WEB) < COUNT / 4
    assert leaving(queued, "db", DB) == COUNT
