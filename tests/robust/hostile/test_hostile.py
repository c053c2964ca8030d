# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container whose root is hostile, and attackers outside: what they can do to others.

What may leave a container at all is in tests/kernel/test_leaving.py; here is what is forged to look
as if it might, and what a container can do to its own end of the pair.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import stage as stages
from lab import frames, probes, steering
from lab.frames import ARP, ICMP, IPV4, TCP, UDP, ethernet, icmp, ip, tcp_syn, token, udp
from lab.machines import BEYOND, HOST, HOST_MAC, OTHER, OTHER_MAC, PEER, PEER_MAC, Place
from lab.netns import inside
from lab.steering import BPF
from stage import DB, WEB, Stage

UNASKED = 0x12345678  # identifier and number of a request that nobody has sent
QUIET = 1053  # no server listens here
FORGED_MAC = "02:00:00:00:00:66"


@pytest.fixture(scope="module", params=stages.HOSTS)
def stage(steering: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    with stages.bare() as made:
        stages.become(made, request.param)
        stages.prepare(made)
        yield made


def quoting(source: str, target: str, source_port: int, port: int, protocol: int = UDP) -> bytes:
    """The part of a packet that an ICMP error quotes."""
    return ip(source, target, protocol, udp(source_port, port, b""))


def error(kind: int, code: int, quoted: bytes, *, source: str = HOST, to: str = PEER) -> bytes:
    rest = 600 if (kind, code) == (3, 4) else 0  # the next hop's MTU
    return ip(source, to, ICMP, icmp(kind, code, quoted + token(), rest=rest))


def sent(packet: bytes, sender: str = HOST_MAC, kind: int = IPV4) -> bytes:
    return ethernet(kind, packet, to=PEER_MAC, sender=sender)


def own() -> bytes:
    return udp(WEB, QUIET, b"") + token()


ANSWERED = quoting(PEER, HOST, QUIET, WEB)  # what the peer sent to `web`
FORGED = {
    "UDP with the gateway's MAC": sent(ip(HOST, PEER, UDP, own()), PEER_MAC),
    "UDP with a neighbour's MAC": sent(ip(HOST, PEER, UDP, own()), OTHER_MAC),
    "TCP with an invented MAC": sent(ip(HOST, PEER, TCP, tcp_syn(WEB, QUIET, token())), FORGED_MAC),
    "an echo request with a neighbour's MAC": sent(ip(HOST, PEER, ICMP, icmp(8, 0, token())),
                                                   OTHER_MAC),
    "an error with a neighbour's MAC": sent(error(3, 3, ANSWERED), OTHER_MAC),
    "ARP in a frame with a neighbour's MAC": sent(
        frames.arp(1, HOST_MAC, HOST, PEER_MAC, PEER) + token(), OTHER_MAC, ARP
    ),
    "a smaller MTU for all": sent(error(3, 4, ANSWERED)),
    "an error about a packet to somebody else": sent(error(3, 3, quoting(PEER, OTHER, QUIET, WEB))),
    "an error about a packet to another container": sent(
        error(3, 3, quoting(PEER, HOST, QUIET, DB))
    ),
    "a redirect": sent(ip(HOST, PEER, ICMP, icmp(5, 1, quoting(PEER, BEYOND, 1, WEB) + token()))),
    "a redirect with the gateway's address": sent(
        ip(PEER, OTHER, ICMP, icmp(5, 1, quoting(OTHER, BEYOND, 1, WEB) + token()))
    ),
    "an echo reply": sent(ip(HOST, PEER, ICMP, icmp(0, 0, token()))),
    "a router advertisement": sent(ip(HOST, PEER, ICMP, icmp(9, 0, token()))),
}  # fmt: skip
# The program asks for no source MAC: it writes the host's own into whatever leaves.
MENDED = {
    "UDP with the gateway's MAC",
    "UDP with a neighbour's MAC",
    "TCP with an invented MAC",
    "an echo request with a neighbour's MAC",
    "an error with a neighbour's MAC",
}
GENUINE = {
    "UDP": sent(ip(HOST, PEER, UDP, own())),
    "port unreachable": sent(error(3, 3, ANSWERED)),
}


@pytest.fixture(scope="module")
def heard(stage: Stage) -> dict[str, set[str]]:
    """Who heard what `web` sent."""
    lab = stage.lab
    places = {"peer": lab.peer.place, "other": lab.other.place, "db": lab.container("db")}
    with ExitStack() as stack:
        ears = {name: stack.enter_context(frames.ear(place)) for name, place in places.items()}
        return frames.heard(lab.container("web"), {**FORGED, **GENUINE}, ears)


@pytest.mark.parametrize("label", FORGED)
def test_what_is_forged_does_not_leave_a_container(heard: dict[str, set[str]], label: str) -> None:
    assert heard[label] == ({"peer"} if steering.used == BPF and label in MENDED else set())


@pytest.mark.parametrize("label", sorted(MENDED))
def test_nothing_leaves_with_a_forged_mac(stage: Stage, label: str) -> None:
    with frames.ear(stage.lab.peer.place) as ear:
        frames.send(stage.lab.container("web"), FORGED[label])
        heard = [frame for frame in ear.frames() if frame[-12:] == FORGED[label][-12:]]
    assert [frame[6:12] for frame in heard] == steering.by_way([], [frames.mac(HOST_MAC)])


@pytest.mark.parametrize("label", GENUINE)
def test_what_is_genuine_does(heard: dict[str, set[str]], label: str) -> None:
    assert heard[label] == {"peer"}


def test_a_container_in_promiscuous_mode_hears_nothing_of_another(stage: Stage) -> None:
    """But ARP replies and what has no port: those are everybody's."""
    lab = stage.lab
    to_db = ethernet(IPV4, ip(PEER, HOST, UDP, udp(QUIET, DB, b"") + token()), to=HOST_MAC,
                     sender=PEER_MAC)  # fmt: skip
    to_web = ethernet(IPV4, ip(PEER, HOST, UDP, udp(QUIET, WEB, b"") + token()), to=HOST_MAC,
                      sender=PEER_MAC)  # fmt: skip
    stage.modules.machine.shell("nsenter --net=/run/netns/web ip link set eth0 promisc on")
    with frames.ear(lab.container("web")) as web, frames.ear(lab.container("db")) as db:
        told = frames.heard(
            lab.peer.place, {"to db": to_db, "to web": to_web}, {"web": web, "db": db}
        )
    assert told == {"to db": {"db"}, "to web": {"web"}}


def arriving(packet: bytes, kind: int = IPV4) -> bytes:
    return ethernet(kind, packet, to=HOST_MAC, sender=PEER_MAC)


ATTACKS = {
    "an error quoting a port of web": (
        arriving(error(3, 1, quoting(HOST, PEER, WEB, QUIET), source=PEER, to=HOST)),
        {"web"},
    ),
    "an error quoting a port of nobody": (
        arriving(error(3, 1, quoting(HOST, PEER, 31999, QUIET), source=PEER, to=HOST)),
        set(),
    ),
    "an error quoting an error": (
        arriving(error(3, 1, ip(HOST, PEER, ICMP, icmp(3, 1, bytes(28))), source=PEER, to=HOST)),
        {"web", "db"},
    ),
    "a later fragment that looks like a port of web": (
        arriving(ip(PEER, HOST, UDP, udp(QUIET, WEB, b"") + token(), fragment=100)),
        set(),
    ),
    "IP options in front of a port of web": (
        arriving(ip(PEER, HOST, UDP, udp(QUIET, WEB, b"") + token(), options=b"\1\1\1\0")),
        set(),
    ),
    "GRE that looks like a port of web": (
        arriving(ip(PEER, HOST, frames.GRE, udp(QUIET, WEB, b"") + token())),
        set(),
    ),
    "an echo request": (arriving(ip(PEER, HOST, ICMP, icmp(8, 0, token()))), set()),
    "an ARP request": (
        arriving(frames.arp(1, PEER_MAC, PEER, HOST_MAC, HOST) + token(), ARP),
        set(),
    ),
    "an echo reply that nobody asked for": (
        arriving(ip(PEER, HOST, ICMP, icmp(0, 0, token(), rest=UNASKED))),
        {"web", "db"},
    ),
    "a datagram for web": (
        arriving(ip(PEER, HOST, UDP, udp(QUIET, WEB, b"") + token())),
        {"web"},
    ),
}


# With bpf: what nobody has asked for is the host's alone, and options are read.
BETTER: dict[str, set[str]] = {
    "an error quoting an error": set(),
    "IP options in front of a port of web": {"web"},
    "an echo reply that nobody asked for": set(),
}


@pytest.fixture(scope="module")
def arrived(stage: Stage) -> dict[str, set[str]]:
    lab = stage.lab
    with ExitStack() as stack:
        ears = {
            name: stack.enter_context(frames.ear(lab.container(name))) for name in ("web", "db")
        }
        return frames.heard(lab.peer.place, {k: f for k, (f, _) in ATTACKS.items()}, ears)


@pytest.mark.parametrize("label", ATTACKS)
def test_what_an_attacker_outside_sends_goes_to_its_owner_or_nowhere(
    arrived: dict[str, set[str]], label: str
) -> None:
    better = BETTER.get(label, ATTACKS[label][1])
    assert arrived[label] == steering.by_way(ATTACKS[label][1], better)


def test_every_container_gets_one_copy_of_an_echo_reply_or_none(stage: Stage) -> None:
    """The amplification of a flood of them is the number of containers (u32), no more; with bpf there is none."""
    lab = stage.lab
    reply = arriving(ip(PEER, HOST, ICMP, icmp(0, 0, token(), rest=UNASKED)))
    with frames.ear(lab.container("web")) as web, frames.ear(lab.container("db")) as db:
        frames.send(lab.peer.place, *[reply] * 50)
        heard = [sum(frame[-12:] == reply[-12:] for frame in ear.frames()) for ear in (web, db)]
    assert heard == steering.by_way([50, 50], [0, 0])


def test_one_datagram_does_not_set_two_containers_against_each_other(stage: Stage) -> None:
    """Each of two echo servers would answer the other for ever."""
    lab = stage.lab
    web, db = lab.container("web"), lab.container("db")
    spoofed = ethernet(IPV4, ip(HOST, HOST, UDP, udp(DB, WEB, token())), to=HOST_MAC,
                       sender=PEER_MAC)  # fmt: skip
    genuine = arriving(ip(PEER, HOST, UDP, udp(QUIET, WEB, token())))
    with probes.servers(echo=True) as servers:
        servers.listen(web, WEB, HOST, protocols="udp")
        servers.listen(db, DB, HOST, protocols="udp")
        before = [place.snmp("Udp", "InDatagrams") for place in (web, db)]
        frames.send(lab.peer.place, spoofed, genuine)
        time.sleep(0.5)
        after = [place.snmp("Udp", "InDatagrams") for place in (web, db)]
    assert [now - then for now, then in zip(after, before)] == [1, 0]


# --- memory in which fragments wait ---------------------------------------------------------------

LARGE = 4000  # more than a packet holds


def waiting(place: Place) -> int:
    """How many datagrams wait for their other fragments."""
    with inside(place.netns), open("/proc/thread-self/net/sockstat", encoding="ascii") as file:
        (line,) = [line for line in file if line.startswith("FRAG:")]
    return int(line.split()[2])


def arrives_whole(source: Place, target: Place, address: str, port: int) -> bool:
    """Whether a datagram in several fragments comes through."""
    with inside(target.netns):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with inside(source.netns):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((address, port))
        server.settimeout(1)
        client.sendto(bytes(LARGE), (address, port))
        try:
            return len(server.recv(1 << 16)) == LARGE
        except (socket.timeout, TimeoutError):
            return False


@pytest.mark.parametrize("to", [PEER, HOST])
def test_what_a_container_sends_in_fragments_fills_nobody_s_memory(stage: Stage, to: str) -> None:
    """Any process can: the first fragment alone has the ports that let it out."""
    lab = stage.lab
    host, peer = lab.host.place, lab.peer.place
    before = [waiting(place) for place in (host, peer, lab.container("db"))]
    with inside(lab.container("web").netns):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        for _ in range(500):
            sender.sendto(bytes(LARGE), (to, QUIET))
    after = [waiting(place) for place in (host, peer, lab.container("db"))]
    assert all(now <= then for now, then in zip(after, before))
    assert arrives_whole(host, peer, PEER, QUIET)
    assert arrives_whole(peer, host, HOST, QUIET)


def test_first_fragments_for_a_container_fill_its_own_memory_only(stage: Stage) -> None:
    """They are steered, for they say whose they are; the others are the host's."""
    lab = stage.lab
    web, db, host = lab.container("web"), lab.container("db"), lab.host.place
    first = [
        arriving(ip(PEER, HOST, UDP, udp(QUIET, WEB, bytes(1400)), more=True, identity=number))
        for number in range(1000)
    ]
    before = waiting(db), waiting(host)
    frames.send(lab.peer.place, *first)
    time.sleep(0.2)
    assert waiting(web) > 500
    assert waiting(db) <= before[0]
    assert waiting(host) <= before[1]
    assert arrives_whole(lab.peer.place, host, HOST, QUIET)
