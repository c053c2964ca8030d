# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What carries no port where the filters look: nothing is lost that the original did not lose too,
and what is lost is counted."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator

import pytest

from lab import frames, machines, original, steering
from lab.frames import IPV4, UDP, ethernet, ip
from lab.machines import HOST, HOST_MAC, PEER, PEER_MAC, Lab, Place
from lab.modules import Modules
from lab.netns import inside
from lab.pools import POOLS

LOCAL = "127.0.0.1"
WEB, DB, HOSTS, PEERS = 31001, 31009, 22, 53
NOTHING = b"\x01\x01\x01\x01"  # four IP options that do nothing
# Sizes: what fits into a packet, and what does not.
KINDS = {"plain": (1000, b""), "fragments": (4000, b""), "options": (1000, NOTHING)}
PATHS = (
    ("peer", "web", HOST, WEB),
    ("web", "peer", PEER, PEERS),
    ("host", "web", HOST, WEB),
    ("host", "web", LOCAL, WEB),
    ("web", "host", HOST, HOSTS),
    ("web", "host", LOCAL, HOSTS),
    ("web", "db", HOST, DB),
    ("web", "db", LOCAL, DB),
    ("web", "web", HOST, WEB),
    ("web", "web", LOCAL, WEB),
    ("peer", "host", HOST, HOSTS),
)
BLOCKS = {
    "web": ((31000, 0xFFF8), (30016, 0xFFF0)),
    "db": ((31008, 0xFFF8), (30032, 0xFFF0)),
}


def arrives(lab: Lab, path: tuple[str, str, str, int], kind: str) -> bool:
    """Send one datagram; whether all of it arrived."""
    source, target, address, port = path
    size, options = KINDS[kind]
    with inside(place(lab, target).netns):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with inside(place(lab, source).netns):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((address, port))
        server.settimeout(0.3)
        if options:
            client.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, options)
        client.sendto(bytes(size), (address, port))
        try:
            return len(server.recv(1 << 16)) == size
        except (socket.timeout, TimeoutError):
            return False


def place(lab: Lab, name: str) -> Place:
    return {"peer": lab.peer.place, "host": lab.host.place}.get(name) or lab.container(name)


def placed(lab: Lab) -> Modules:
    modules = Modules(lab.host)
    modules.host(**POOLS)
    items = [
        {"name": "web", "ports": ["31000-31007"], "ephemeral_ports": "30016-30031"},
        {"name": "db", "ports": ["31008-31015"], "ephemeral_ports": "30032-30047"},
    ]
    modules.container(containers=items)
    return modules


Arrived = dict[tuple[tuple[str, str, str, int], str], bool]


@pytest.fixture(scope="module")
def both(steering: str) -> Iterator[tuple[Arrived, Arrived]]:
    """What arrives through our filters, and through the original's on the same host."""
    with machines.lab() as lab:
        placed(lab)
        ours = {(path, kind): arrives(lab, path, kind) for path in PATHS for kind in KINDS}
        original.install(lab, BLOCKS)
        theirs = {(path, kind): arrives(lab, path, kind) for path in PATHS for kind in KINDS}
        yield ours, theirs


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", PATHS, ids=["-".join(map(str, path)) for path in PATHS])
def test_what_the_original_delivers_is_delivered(
    both: tuple[Arrived, Arrived], path: tuple[str, str, str, int], kind: str
) -> None:
    ours, theirs = both
    assert ours[path, kind] or not theirs[path, kind]


def test_lost_are_fragments_and_options_of_containers_and_nothing_else(
    both: tuple[Arrived, Arrived],
) -> None:
    ours, _ = both
    between_others = ("peer", "host", HOST, HOSTS)
    lost = {(path, kind) for (path, kind), arrived in ours.items() if not arrived}
    of_u32 = {
        (path, kind)
        for path, kind in itertools.product(PATHS, ("fragments", "options"))
        if path != between_others
    }
    assert lost == steering.by_way(of_u32, set())


def test_the_original_takes_payload_for_ports_and_we_do_not() -> None:
    """A later fragment whose data look like a port of web: the original hands it to web."""
    with machines.lab() as lab:
        placed(lab)
        payload = frames.udp(1053, WEB, frames.token())
        frame = ethernet(
            IPV4, ip(PEER, HOST, UDP, payload, fragment=100), to=HOST_MAC, sender=PEER_MAC
        )
        for install, expected in ((None, set()), (original.install, {"web"})):
            if install:
                install(lab, BLOCKS)
            with frames.ear(lab.container("web")) as web:
                heard = frames.heard(lab.peer.place, {"fragment": frame}, {"web": web})
            assert heard["fragment"] == expected


# --- counted ------------------------------------------------------------------------------------


def test_datagrams_that_came_in_fragments_are_counted_where_they_are_lost(lab: Lab) -> None:
    """In the container, which waited for the rest, and on the host, which had the rest."""
    modules = placed(lab)
    lost = steering.by_way(3, 0)
    before = told_at_once(lab, modules)
    for _ in range(3):
        assert arrives(lab, ("peer", "web", HOST, WEB), "fragments") != bool(lost)
    lab.host.run("sleep", "1.5")  # until the kernel gives up
    after = modules.info(container="web")
    assert unassembled(after["containers"][0]) - unassembled(before["containers"][0]) == lost
    assert unassembled(after["host"]) - unassembled(before["host"]) == lost
    assert unassembled(after["host"]) == lab.host.place.snmp("Ip", "ReasmFails")


def test_first_fragments_without_others_are_counted_in_the_container_alone(lab: Lab) -> None:
    modules = placed(lab)
    before = told_at_once(lab, modules)
    for identity in range(3):
        start = ip(PEER, HOST, UDP, frames.udp(1053, WEB, bytes(24)), more=True, identity=identity)
        frames.send(lab.peer.place, ethernet(IPV4, start, to=HOST_MAC, sender=PEER_MAC))
    lab.host.run("sleep", "1.5")
    after = modules.info(container="web")
    assert unassembled(after["containers"][0]) - unassembled(before["containers"][0]) == 3
    assert unassembled(after["host"]) == unassembled(before["host"])


def told_at_once(lab: Lab, modules: Modules) -> dict:
    """What is told of web, where the kernel waits a second for fragments."""
    for where in (lab.container("web"), lab.host.place):
        where.set_sysctl("ipv4/ipfrag_time", "1")
    return modules.info(container="web")


def unassembled(item: dict) -> int:
    return item["statistics"]["rx_unassembled"]


def test_what_a_container_sent_and_no_filter_let_pass_is_counted(lab: Lab) -> None:
    modules = placed(lab)
    before = filtered(modules)
    with_options, with_fragments = steering.by_way((1, 3), (0, 0))
    assert arrives(lab, ("web", "peer", PEER, PEERS), "options") != bool(with_options)
    assert filtered(modules) == before + with_options
    # All three fragments: without the others the first is of no use.
    assert arrives(lab, ("web", "peer", PEER, PEERS), "fragments") != bool(with_fragments)
    assert filtered(modules) == before + with_options + with_fragments
    assert arrives(lab, ("web", "peer", PEER, PEERS), "plain")
    foreign = ethernet(IPV4, ip(HOST, PEER, UDP, frames.udp(WEB + 99, PEERS, b"")), to=PEER_MAC)
    frames.send(lab.container("web"), foreign)
    expected = before + with_options + with_fragments + 1
    assert filtered(modules) == expected
    told = lab.host.run("tc", "-s", "qdisc", "show", "dev", "pm-web", "ingress").stdout
    assert f"dropped {expected}" in told


def filtered(modules: Modules) -> int:
    return modules.info(container="web")["containers"][0]["statistics"]["tx_filtered"]
