# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who outside may send to a container; steering by eBPF alone can tell."""

from __future__ import annotations

import re
import socket
import struct
import sys

import pytest

from lab import frames, maps, state
from lab.frames import IPV4, UDP, ethernet, ip, udp
from lab.machines import BEYOND, HOST, HOST_MAC, OTHER, PEER, PEER_MAC, Lab, Place
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS
from lab.probes import REFUSED, SILENCE, Probe, ping, run
from scene import ADDRESSES, EPHEMERAL, WEB, WEB_SILENT, Three, inventory

TCP = 6
SYN, ACK = 2, 16
ANSWERED, _LAST = EPHEMERAL["web"]
SERVED = ANSWERED + 9  # an ephemeral port on which web listens


@pytest.fixture(scope="module")
def chosen(three: Three) -> Three:
    """Of those outside, only `other` may come to web."""
    three.modules.container(name="web", allow_from=[OTHER])
    return three


def asked(source: Place, port: int, *addresses: str) -> dict[str, str]:
    probes = [
        Probe(source, protocol, address, port)
        for protocol in ("tcp", "udp")
        for address in addresses or (HOST,)
    ]
    found = run(probes)
    return {
        protocol: " ".join(sorted({str(found[one]) for one in probes if one.protocol == protocol}))
        for protocol in ("tcp", "udp")
    }


def both(answer: str) -> dict[str, str]:
    return {"tcp": answer, "udp": answer}


def dropped(three: Three) -> int:
    (web,) = three.modules.info(container="web")["containers"]
    return int(web["statistics"]["rx_filtered_by"]["sender"])


def opened(place: Place, kind: int, bound: tuple[str, int] | None = None) -> socket.socket:
    with inside(place.netns):
        made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.settimeout(3)
    if bound:
        made.bind(bound)
    return made


def test_of_those_outside_only_who_is_chosen_comes(chosen: Three) -> None:
    before = dropped(chosen)
    assert asked(chosen.lab.other.place, WEB) == both("web")
    assert dropped(chosen) == before
    assert asked(chosen.lab.peer.place, WEB) == both(SILENCE)
    assert dropped(chosen) >= before + 2


def test_the_host_and_its_containers_come_as_before(chosen: Three) -> None:
    assert asked(chosen.lab.host.place, WEB, *ADDRESSES) == both("web")
    assert asked(chosen.db, WEB, *ADDRESSES) == both("web")


def test_to_others_everybody_comes(chosen: Three) -> None:
    assert asked(chosen.lab.peer.place, 31500) == both("db")


def test_it_calls_everybody_and_hears_the_answer(chosen: Three) -> None:
    assert asked(chosen.web, 53, PEER, BEYOND) == both("peer")
    assert ping(chosen.web, PEER) == "answered"
    assert str(Probe(chosen.web, "udp", PEER, 1055).run()) == REFUSED  # an ICMP error says so


def test_what_it_calls_from_a_service_port_cannot_answer(chosen: Three) -> None:
    assert str(Probe(chosen.web, "udp", PEER, 53, WEB + 3).run()) == SILENCE
    assert str(Probe(chosen.web, "udp", OTHER, 53, WEB + 3).run()) == "other"


def test_on_its_ephemeral_ports_nobody_else_opens_a_connection(chosen: Three) -> None:
    peer, other = chosen.lab.peer.place, chosen.lab.other.place
    with (
        opened(chosen.web, socket.SOCK_STREAM, (HOST, SERVED)) as server,
        opened(other, socket.SOCK_STREAM) as welcome,
    ):
        server.listen()
        assert str(Probe(peer, "tcp", HOST, SERVED).run()) == SILENCE
        welcome.connect((HOST, SERVED))


def test_large_datagrams_of_who_may_come_arrive_whole(chosen: Three) -> None:
    payload = bytes(number % 251 for number in range(9000))
    with (
        opened(chosen.web, socket.SOCK_DGRAM, (HOST, WEB + 2)) as server,
        opened(chosen.lab.other.place, socket.SOCK_DGRAM) as client,
        opened(chosen.lab.peer.place, socket.SOCK_DGRAM) as stranger,
    ):
        stranger.sendto(payload, (HOST, WEB + 2))
        client.sendto(payload, (HOST, WEB + 2))
        assert server.recvfrom(1 << 16)[1][0] == OTHER


def segment(flags: int, port: int, payload: bytes = bytes(12)) -> bytes:
    """A segment of TCP; its checksum is wrong."""
    return struct.pack("!HHIIBBHHH", 4000, port, 1, 1, 0x50, flags, 1024, 0, 0) + payload


def arrived(three: Three, *packets: bytes) -> list[bytes]:
    """Those that come to web when the peer sends these to the host."""
    with frames.ear(three.web) as ear:
        sent = [ethernet(IPV4, one, to=HOST_MAC, sender=PEER_MAC) for one in packets]
        frames.send(three.lab.peer.place, *sent)
        return [frame[14:] for frame in ear.frames() if frame[14:] in packets]


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (ip(PEER, HOST, TCP, segment(ACK, ANSWERED)), 1),
        (ip(PEER, HOST, TCP, segment(SYN | ACK, ANSWERED)), 1),
        (ip(PEER, HOST, TCP, segment(SYN, ANSWERED)), 0),
        (ip(PEER, HOST, TCP, segment(SYN, ANSWERED)[:8], more=True), 0),
        (ip(PEER, HOST, TCP, segment(ACK, WEB)), 0),
        (ip(PEER, HOST, TCP, segment(SYN | ACK, WEB)), 0),
        (ip(PEER, HOST, UDP, udp(53, ANSWERED, bytes(20))), 1),
        (ip(PEER, HOST, UDP, udp(53, WEB, bytes(20))), 0),
        (ip(PEER, HOST, UDP, udp(53, WEB, bytes(20)), options=b"\x01" * 8), 0),
        (ip(PEER, "10.0.0.255", UDP, udp(53, WEB, bytes(20))), 0),
        (ip(PEER, HOST, 132, segment(0, WEB)), 0),
        (ip(OTHER, HOST, UDP, udp(4000, WEB_SILENT, bytes(20))), 1),
    ],
    ids=[
        "ACK", "SYN-ACK", "SYN", "tiny", "ACK to a service", "SYN-ACK to a service", "answer",
        "UDP", "options", "broadcast", "SCTP", "forged",
    ],
)  # fmt: skip
def test_of_single_packets_only_answers_come_from_others(
    chosen: Three, packet: bytes, expected: int
) -> None:
    """Who forges the address of one who may come does come: nothing in a packet tells."""
    assert arrived(chosen, packet) == [packet] * expected


def test_later_fragments_follow_their_first_one(chosen: Three) -> None:
    """Dropped with it, also where they come alone afterwards; the host's memory keeps none of them."""
    whole = udp(53, WEB, bytes(1000))
    refused = [
        ip(PEER, HOST, UDP, whole[:400], more=True, identity=7),
        ip(PEER, HOST, UDP, whole[400:800], fragment=50, more=True, identity=7),
        ip(PEER, HOST, UDP, whole[800:], fragment=100, identity=7),
    ]
    before = dropped(chosen), asked_to_join(chosen)
    assert arrived(chosen, *refused) == []
    assert (dropped(chosen), asked_to_join(chosen)) == (before[0] + 3, before[1])
    answer = udp(53, ANSWERED, bytes(1000))
    passing = [
        ip(PEER, HOST, UDP, answer[:400], more=True, identity=8),
        ip(PEER, HOST, UDP, answer[400:], fragment=50, identity=8),
    ]
    assert arrived(chosen, *passing) == passing
    again = ip(PEER, HOST, UDP, whole[:400], more=True, identity=8)
    assert arrived(chosen, again, passing[1]) == []


def asked_to_join(three: Three) -> int:
    return three.lab.host.place.snmp("Ip", "ReasmReqds")


# --- while it runs ------------------------------------------------------------------------------


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def said(modules: Modules, *networks: str) -> list[str]:
    done = modules.container(name="web", allow_from=list(networks))
    return [line for line in done["changes"] if line.startswith("web:")]


def test_it_is_told_in_words_kept_and_taken_back(lab: Lab, placed: Modules) -> None:
    first = "web: allow_from everybody -> 10.0.0.0/8"
    foretold = placed.checking().differing().container(name="web", allow_from=["10.0.0.0/8"])
    assert foretold["changes"][0] == first
    assert "ephemeral ports 30016-30031, allow_from 10.0.0.0/8\n" in foretold["diff"]["after"]
    assert said(placed, "10.0.0.0/8") == [first]
    assert not placed.container(name="web", allow_from=["10.1.0.0/16", "10.0.0.0/8"])["changed"]
    (kept,) = placed.container(containers=[{"name": "web"}])["containers"]
    assert kept["allow_from"] == ["10.0.0.0/8"]
    assert not placed.host(**POOLS)["changed"]
    assert said(placed, OTHER, "192.0.2.0/24") == [
        f"web: allow_from 10.0.0.0/8 -> {OTHER}/32, 192.0.2.0/24"
    ]
    assert asked(lab.other.place, WEB) == both(REFUSED)
    assert said(placed) == [f"web: allow_from {OTHER}/32, 192.0.2.0/24 -> nobody"]
    (told,) = placed.info(container="web")["containers"]
    assert told["allow_from"] == []
    assert asked(lab.other.place, WEB) == both(SILENCE)
    assert placed.problems() == []
    assert said(placed, "0.0.0.0/0", "::/0") == ["web: allow_from nobody -> everybody"]
    assert asked(lab.other.place, WEB) == both(REFUSED)
    assert "from=" not in lab.host.run("ip", "link", "show", "pm-web").stdout


def test_answers_come_to_the_ephemeral_ports_that_it_has_now(lab: Lab, placed: Modules) -> None:
    placed.container(name="web", allow_from=[OTHER])
    placed.container(name="web", ephemeral_ports="30912-30943")
    with opened(lab.peer.place, socket.SOCK_STREAM, (PEER, 1056)) as server:
        server.listen()
        with opened(lab.container("web"), socket.SOCK_STREAM) as client:
            client.connect((PEER, 1056))
            assert 30912 <= client.getsockname()[1] <= 30943


@pytest.mark.parametrize(
    "damage",
    [("pm_networks",), ("pm_tenants", "60", "00000000"), ("pm_tenants", "60", "0100ffff")],
    ids=["networks", "everybody", "answers"],
)
def test_damage_in_the_maps_is_told_and_mended(
    lab: Lab, placed: Modules, damage: tuple[str, ...]
) -> None:
    placed.container(name="web", allow_from=[OTHER])
    before = state.of(lab.host)
    shown = lab.host.run("tc", "filter", "show", "dev", "lo", "ingress").stdout
    (program,) = re.findall(r" pm_steer .* id (\d+) name ", shown)
    lab.host.run(sys.executable, "-S", maps.__file__, program, *damage)
    assert state.difference(before, state.of(lab.host)) != ""
    (problem,) = placed.problems()
    assert problem["kind"] == "drift"
    assert placed.container(name="web")["changes"][0] == "web: repaired"
    assert state.difference(before, state.of(lab.host)) == ""


def test_nothing_of_one_that_is_gone_is_left_in_the_maps(lab: Lab, placed: Modules) -> None:
    before = state.of(lab.host)["steering"]
    placed.container(name="new", allow_from=[OTHER, "192.0.2.0/24"], host_services=False)
    assert "/152 of 4" in state.of(lab.host)["steering"]
    placed.container(name="new", state="absent")
    assert state.of(lab.host)["steering"] == before


def test_what_is_no_network_changes_nothing(placed: Modules) -> None:
    with pytest.raises(
        ModuleError, match="cannot use allow_from 'fe80::1/10': expected a network"
    ):
        placed.container(name="web", allow_from=["fe80::1/10"])
    assert not placed.container(name="web")["changed"]
