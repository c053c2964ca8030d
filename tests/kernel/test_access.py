# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container that may not use the servers of its host; steering by eBPF alone can tell."""

from __future__ import annotations

import re
import socket
import struct
import sys
from typing import Any

import pytest

from lab import frames, maps, state
from lab.frames import IPV4, UDP, ethernet, ip, udp
from lab.machines import HOST, PEER, Lab, Place
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS
from lab.probes import SILENCE, Probe, run
from scene import ADDRESSES, DB, OUTSIDE_POOL, UNOWNED, WEB, Three, inventory

TCP = 6
QUIET = 1054  # nobody listens
CLOSED: dict[str, Any] = {"name": "web", "host_services": False}


@pytest.fixture(scope="module")
def closed(three: Three) -> Three:
    """Web may not use its host but for one port; others may."""
    three.modules.container(**CLOSED, host_ports=[OUTSIDE_POOL])
    return three


def asked(source: Place, *ports: int, source_port: int = 0) -> dict[str, set[str]]:
    """Who answers by each protocol, of all addresses by which a host is reached from a container."""
    probes = [
        Probe(source, protocol, address, port, source_port)
        for protocol in ("tcp", "udp")
        for address in ADDRESSES
        for port in ports
    ]
    found = run(probes)
    return {
        protocol: {str(found[one]) for one in probes if one.protocol == protocol}
        for protocol in ("tcp", "udp")
    }


def dropped(three: Three) -> int:
    (web,) = three.modules.info(container="web")["containers"]
    return int(web["statistics"]["tx_filtered_by"]["host"])


def opened(place: Place, kind: int, bound: tuple[str, int] | None = None) -> socket.socket:
    with inside(place.netns):
        made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.settimeout(3)
    if bound:
        made.bind(bound)
    return made


def test_no_server_of_the_host_answers_at_any_address(closed: Three) -> None:
    before = dropped(closed)
    assert asked(closed.web, UNOWNED) == {"tcp": {SILENCE}, "udp": {SILENCE}}
    assert asked(closed.web, UNOWNED, source_port=WEB + 3) == {"tcp": {SILENCE}, "udp": {SILENCE}}
    assert dropped(closed) >= before + 12


def test_but_on_the_port_that_is_open(closed: Three) -> None:
    assert asked(closed.web, OUTSIDE_POOL) == {"tcp": {"host"}, "udp": {"host"}}


def test_siblings_itself_and_the_outside_answer_as_before(closed: Three) -> None:
    assert asked(closed.web, DB) == {"tcp": {"db"}, "udp": {"db"}}
    assert asked(closed.web, WEB) == {"tcp": {"web"}, "udp": {"web"}}
    found = run(Probe(closed.web, protocol, PEER, 53) for protocol in ("tcp", "udp"))
    assert {str(answer) for answer in found.values()} == {"peer"}


def test_an_address_that_the_host_has_got_since_is_the_host_too(closed: Three) -> None:
    """No run has told the program of it: the host's routes do."""
    since = "198.51.100.7"
    closed.lab.host.ip(f"addr add {since}/32 dev lo scope host")
    try:
        with opened(closed.lab.host.place, socket.SOCK_STREAM, (since, QUIET)) as server:
            server.listen()
            with opened(closed.db, socket.SOCK_STREAM) as open_to_it:
                open_to_it.connect((since, QUIET))
            before = dropped(closed)
            with opened(closed.web, socket.SOCK_STREAM) as closed_to_it:
                closed_to_it.settimeout(1)
                with pytest.raises(socket.timeout):
                    closed_to_it.connect((since, QUIET))
            assert dropped(closed) > before
    finally:
        closed.lab.host.ip(f"addr del {since}/32 dev lo")


def test_others_may_use_the_host(closed: Three) -> None:
    assert asked(closed.db, UNOWNED) == {"tcp": {"host"}, "udp": {"host"}}


def test_what_the_host_opens_is_answered(closed: Three) -> None:
    assert asked(closed.lab.host.place, WEB) == {"tcp": {"web"}, "udp": {"web"}}


def test_a_datagram_of_the_host_in_fragments_is_answered_in_fragments(closed: Three) -> None:
    payload = bytes(number % 251 for number in range(9000))
    with (
        opened(closed.web, socket.SOCK_DGRAM, (HOST, WEB + 2)) as server,
        opened(closed.lab.host.place, socket.SOCK_DGRAM) as client,
    ):
        client.sendto(payload, (HOST, WEB + 2))
        received, sender = server.recvfrom(1 << 16)
        assert received == payload
        server.sendto(payload[::-1], sender)
        assert client.recv(1 << 16) == payload[::-1]


def test_an_answer_goes_to_who_has_asked_and_nowhere_else(closed: Three) -> None:
    """By UDP the port of the sender proves nothing: not who asked, and from where is remembered."""
    host = closed.lab.host.place
    with (
        opened(closed.web, socket.SOCK_DGRAM, (HOST, WEB + 2)) as server,
        opened(closed.web, socket.SOCK_DGRAM, (HOST, WEB + 3)) as other,
        opened(host, socket.SOCK_DGRAM, (HOST, QUIET)) as asking,
        opened(host, socket.SOCK_DGRAM, (HOST, QUIET + 1)) as silent,
    ):
        silent.settimeout(0.3)
        asking.sendto(b"?", (HOST, WEB + 2))
        server.recv(10)
        other.sendto(b"from another port", (HOST, QUIET))
        server.sendto(b"to another port", (HOST, QUIET + 1))
        server.sendto(b"answer", (HOST, QUIET))
        assert asking.recv(100) == b"answer"
        with pytest.raises(socket.timeout):
            silent.recv(100)


def segment(flags: int, payload: bytes = b"", *, port: int = UNOWNED) -> bytes:
    """A segment of TCP from web; its checksum is wrong."""
    return struct.pack("!HHIIBBHHH", WEB + 3, port, 1, 1, 0x50, flags, 1024, 0, 0) + payload


def arrived(three: Three, *packets: bytes) -> int:
    """How many of these, from web, come in through the loopback interface of the host."""
    with frames.ear(three.lab.host.place, "lo") as ear:
        frames.send(three.web, *(ethernet(IPV4, one) for one in packets))
        return sum(frame[14:] in packets for frame in ear.frames())


SYN, ACK, RST = 2, 16, 4


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (ip(HOST, HOST, TCP, segment(ACK, port=QUIET)), 1),
        (ip(HOST, HOST, TCP, segment(SYN | ACK, port=QUIET)), 1),
        (ip(HOST, HOST, TCP, segment(SYN, port=QUIET)), 0),
        (ip(HOST, HOST, TCP, segment(SYN | RST, port=QUIET)), 0),
        (ip(HOST, HOST, TCP, segment(ACK)), 0),
        (ip("127.0.0.1", "127.0.0.2", TCP, segment(ACK)), 0),
        (ip(HOST, HOST, UDP, udp(WEB + 3, QUIET, b"?")), 0),
        (ip(HOST, HOST, 132, segment(ACK, port=QUIET)), 0),
        (ip(HOST, HOST, TCP, segment(ACK, port=QUIET)[:8], more=True), 0),
        (ip(HOST, HOST, TCP, segment(ACK, port=QUIET)[:12]) + bytes(2), 0),
    ],
    ids=[
        "ACK",
        "SYN-ACK",
        "SYN",
        "SYN-RST",
        "cookie",
        "cookie-127",
        "UDP",
        "SCTP",
        "tiny",
        "short",
    ],
)
def test_of_single_packets_only_those_of_what_is_open_pass(
    closed: Three, packet: bytes, expected: int
) -> None:
    assert arrived(closed, packet) == expected


def test_later_fragments_do_not_carry_what_the_first_one_may_not(closed: Three) -> None:
    """The flags in a second fragment, or written over by it."""
    ack, syn = segment(ACK, bytes(12), port=QUIET), segment(SYN, bytes(12), port=QUIET)
    tiny = [ip(HOST, HOST, TCP, syn[:8], more=True), ip(HOST, HOST, TCP, syn[8:], fragment=1)]
    over = [ip(HOST, HOST, TCP, ack[:24], more=True), ip(HOST, HOST, TCP, syn[8:], fragment=1)]
    with frames.ear(closed.lab.host.place, "lo") as ear:
        frames.send(closed.web, *(ethernet(IPV4, one) for one in (*tiny, *over)))
        heard = [frame[20:22] for frame in ear.frames() if frame[23] == TCP]
    assert heard == [b"\x20\x00"]  # the first one of the second kind, and nothing behind it


# --- while it runs ------------------------------------------------------------------------------


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def host_said(modules: Modules, **asked: object) -> list[str]:
    done = modules.container(name="web", **asked)
    return [line for line in done["changes"] if line.startswith("web:")]


def test_it_is_told_in_words_kept_and_taken_back(lab: Lab, placed: Modules) -> None:
    foretold = placed.checking().differing().container(**CLOSED, host_ports=["53", "8000-8099"])
    first = "web: host services open -> closed but for 53, 8000-8099"
    assert foretold["changes"][0] == first
    assert "host services closed but for 53, 8000-8099" in foretold["diff"]["after"]
    assert host_said(placed, host_services=False, host_ports=["53", "8000-8099"]) == [first]
    (kept,) = placed.container(containers=[{"name": "web"}])["containers"]
    assert (kept["host_services"], kept["host_ports"]) == (False, ["53", "8000-8099"])
    assert not placed.container(**CLOSED, host_ports=["8000-8099", "53"])["changed"]
    assert not placed.host(**POOLS)["changed"]
    assert host_said(placed, host_ports=["53"]) == [
        "web: host services closed but for 53, 8000-8099 -> closed but for 53"
    ]
    (told,) = placed.info(container="web")["containers"]
    assert (told["host_services"], told["host_ports"]) == (False, ["53"])
    assert placed.problems() == []
    assert host_said(placed, host_services=True) == [
        "web: host services closed but for 53 -> open"
    ]
    assert "host=" not in lab.host.run("ip", "link", "show", "pm-web").stdout


def test_an_open_connection_stays_when_it_is_closed(lab: Lab, placed: Modules) -> None:
    with opened(lab.host.place, socket.SOCK_STREAM, (HOST, QUIET)) as server:
        server.listen()
        with opened(lab.container("web"), socket.SOCK_STREAM) as client:
            client.connect((HOST, QUIET))
            with server.accept()[0] as accepted:
                placed.container(**CLOSED)
                client.sendall(b"still here")
                assert accepted.recv(100) == b"still here"


@pytest.mark.parametrize(
    "damage", [("pm_host_ports",), ("pm_tenants", "56", "00000000")], ids=["ports", "closed"]
)
def test_damage_in_the_maps_is_told_and_mended(
    lab: Lab, placed: Modules, damage: tuple[str, ...]
) -> None:
    placed.container(**CLOSED, host_ports=["53"])
    before = state.of(lab.host)
    shown = lab.host.run("tc", "filter", "show", "dev", "lo", "ingress").stdout
    (program,) = re.findall(r" pm_steer .* id (\d+) name ", shown)
    lab.host.run(sys.executable, "-S", maps.__file__, program, *damage)
    assert state.difference(before, state.of(lab.host)) != ""
    (problem,) = placed.problems()
    assert problem["kind"] == "drift"
    assert placed.container(name="web")["changes"][0] == "web: repaired"
    assert state.difference(before, state.of(lab.host)) == ""


def test_who_gets_the_place_of_one_that_is_gone_may_use_the_host(
    lab: Lab, placed: Modules
) -> None:
    placed.container(**CLOSED, host_ports=["53"])
    placed.container(name="web", state="absent")
    placed.container(name="web", ports=[WEB])
    with opened(lab.host.place, socket.SOCK_STREAM, (HOST, QUIET)) as server:
        server.listen()
        with opened(lab.container("web"), socket.SOCK_STREAM) as client:
            client.connect((HOST, QUIET))
    assert placed.problems() == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"host_ports": ["53"]}, "host_ports is nothing without host_services: false"),
        (
            {"host_services": False, "host_ports": ["0-70000"]},
            "cannot use host_ports 0-70000: ports go from 1",
        ),
        (
            {"host_services": False, "host_ports": list(range(10001, 10201, 2))},
            "cannot keep the 100 items of host_ports of web: the kernel has room for 255",
        ),
    ],
    ids=["open", "no ports", "too many"],
)
def test_what_makes_no_sense_is_refused(
    placed: Modules, asked: dict[str, object], said: str
) -> None:
    with pytest.raises(ModuleError, match=said):
        placed.container(name="web", **asked)


def test_steering_by_filters_refuses_it(lab: Lab, placed: Modules) -> None:
    placed.container(**CLOSED)
    with pytest.raises(ModuleError, match=r"for web what is asked.*steering u32 cannot tell"):
        placed.host(**POOLS, steering="u32")
    assert placed.problems() == []
    placed.container(name="web", host_services=True)
    placed.host(**POOLS, steering="u32")
    with pytest.raises(ModuleError, match=r"give steering bpf to netiso.portmap.portmap_host"):
        placed.container(**CLOSED)
