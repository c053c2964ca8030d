# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the host itself sends, or a network behind NAT on it, from ports that containers own: who hears the answer.

Steering by eBPF alone can tell.
"""

from __future__ import annotations

import re
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import guests
import shape
from lab import frames, machines, maps, probes, state
from lab.exchange import answered, opened
from lab.frames import ICMP, IPV4, ethernet, ip
from lab.machines import HOST, PEER, Lab, Place
from lab.modules import Modules
from lab.pools import DOCUMENTED, POOLS
from lab.probes import Probe
from lab.tunnel import tunnel

MASQUERADE = (
    "nft 'add table ip theirs; add chain ip theirs post { type nat hook postrouting priority 100; };"
    f" add rule ip theirs post ip saddr {guests.NETWORK} oifname eth0 masquerade'"
)
SERVED, CLIENTS = 31001, 31005  # of web: with a server, and free for what it calls
ON_PEER, CLOSED = 53, 54


@dataclass
class Here:
    lab: Lab
    modules: Modules
    guest: Place

    @property
    def web(self) -> Place:
        return self.lab.container("web")


@pytest.fixture(scope="module")
def here(steering: str) -> Iterator[Here]:
    with machines.lab() as lab, probes.servers(echo=True) as servers:
        guest = guests.bridge(lab)
        lab.host.shell(MASQUERADE)
        modules = Modules(lab.host)
        shape.place(modules)
        servers.listen(lab.peer.place, ON_PEER, PEER)
        servers.listen(lab.container("web"), SERVED, HOST)
        yield Here(lab, modules, guest)


def refused(here: Here) -> int:
    """Packets of web that somebody else's answer would follow."""
    (web,) = here.modules.info(container="web")["containers"]
    return int(web["statistics"]["tx_filtered_by"]["request"])


KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
by_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize("who", ["host", "guest"])
@by_kind
def test_who_has_sent_from_a_port_of_a_container_hears_the_answer(
    here: Here, who: str, kind: str
) -> None:
    """The guest's packets leave with the port that it has chosen: NAT keeps it."""
    source = here.lab.host.place if who == "host" else here.guest
    port = {"host": 31002, "guest": 31003}[who]
    with opened(source, KINDS[kind], port) as client, frames.ear(here.lab.peer.place) as ear:
        client.connect((PEER, ON_PEER))
        for _ in range(3):
            answered(client)
        assert any(frame[34:36] == port.to_bytes(2, "big") for frame in ear.frames(0.05))


@pytest.mark.parametrize("who", ["host", "guest"])
def test_the_errors_about_it_are_heard_too(here: Here, who: str) -> None:
    source = here.lab.host.place if who == "host" else here.guest
    port = {"host": 31006, "guest": 31000}[who]
    with opened(source, socket.SOCK_DGRAM, port) as client:
        client.connect((PEER, CLOSED))
        client.send(b"?")
        with pytest.raises(ConnectionRefusedError):
            client.recv(10)


def test_a_datagram_in_fragments_comes_back_to_the_host(here: Here) -> None:
    with (
        opened(here.lab.peer.place, socket.SOCK_DGRAM, 57, PEER) as server,
        opened(here.lab.host.place, socket.SOCK_DGRAM, 31007) as client,
    ):
        client.connect((PEER, 57))
        client.send(bytes(9000))
        said, sender = server.recvfrom(10000)
        server.sendto(said, sender)
        assert len(client.recv(10000)) == 9000


def program(lab: Lab) -> str:
    shown = lab.host.run("tc", "filter", "show", "dev", "eth0", "egress").stdout
    (found,) = re.findall(r" pm_steer .* id (\d+) name ", shown)
    return str(found)


def test_a_connection_of_the_host_of_which_nothing_is_noted_lives_when_it_sends(
    here: Here,
) -> None:
    """So do those that were there before a container got their port."""
    with opened(here.lab.host.place, socket.SOCK_STREAM, 31007) as client:
        client.connect((PEER, ON_PEER))
        here.lab.host.run(sys.executable, "-S", maps.__file__, program(here.lab), "pm_flows")
        answered(client)


def test_connections_behind_nat_live_and_nothing_is_told_of_it(lab: Lab, modules: Modules) -> None:
    """With containers that own nearly all the ports that these connections have."""
    guest = guests.bridge(lab)
    lab.host.shell(MASQUERADE)
    assert "NAT" not in shape.told(modules.host(**DOCUMENTED))
    modules.container(containers=guests.CONTAINERS)
    assert modules.problems() == []
    for protocol in ("tcp", "udp"):
        assert guests.answered(lab, guest, protocol) == 150


# --- the owner ----------------------------------------------------------------------------------


def intrude(here: Here, kind: str, port: int, target: tuple[str, int]) -> None:
    """The guest sends from a port of web; that it has left with this port is seen outside."""
    with opened(here.guest, KINDS[kind], port) as hostile, frames.ear(here.lab.peer.place) as ear:
        hostile.setblocking(False)
        for _ in range(2):
            hostile.connect_ex(target)
            if kind == "udp":
                hostile.send(b"hostile")
        wanted = struct.pack("!HH", port, target[1])
        assert any(frame[34:38] == wanted for frame in ear.frames(0.1)), "it did not leave"


@pytest.mark.parametrize("before", [False, True], ids=["later", "before"])
@by_kind
def test_a_guest_takes_no_client_of_a_server(here: Here, kind: str, before: bool) -> None:
    """It sends from the server's port to the client, while they speak or before."""
    own = 5550 + 2 * before + (kind == "udp")
    if before:
        intrude(here, kind, SERVED, (PEER, own))
    with opened(here.lab.peer.place, KINDS[kind], own) as client:
        client.connect((HOST, SERVED))
        for _ in range(3):
            answered(client)
            intrude(here, kind, SERVED, (PEER, own))
            client.settimeout(probes.patience())
            if kind == "udp":
                assert client.recv(100) == b"hostile"  # forged, as anybody outside could
                client.recv(100)
        answered(client)


@by_kind
def test_a_guest_takes_no_flow_that_a_container_has_begun(here: Here, kind: str) -> None:
    with opened(here.web, KINDS[kind], CLIENTS) as client:
        client.connect((PEER, ON_PEER))
        for _ in range(3):
            answered(client)
            intrude(here, kind, CLIENTS, (PEER, ON_PEER))
            if kind == "udp":  # what answers to the same address and port is the owner's, too
                assert {client.recv(100), client.recv(100)} == {b"hostile"}
        answered(client)


@by_kind
def test_what_a_guest_has_the_owner_gets_when_it_wants_it(here: Here, kind: str) -> None:
    with opened(here.guest, KINDS[kind], 31000) as guest:
        guest.connect((PEER, ON_PEER))
        answered(guest)
        with opened(here.web, KINDS[kind], 31000) as owner:
            owner.connect((PEER, ON_PEER))
            answered(owner)


def test_a_container_takes_no_connection_of_the_host(here: Here) -> None:
    with opened(here.lab.host.place, socket.SOCK_STREAM, 31004) as client:
        client.connect((PEER, ON_PEER))
        answered(client)
        before = refused(here)
        with opened(here.web, socket.SOCK_STREAM, 31004) as hostile:
            hostile.settimeout(0.3)
            with pytest.raises(socket.timeout):
                hostile.connect((PEER, ON_PEER))
            assert refused(here) > before
            answered(client)


# --- pings --------------------------------------------------------------------------------------


def echo_request(number: int) -> bytes:
    return frames.icmp(8, 0, frames.token(), rest=number)


def heard(place: Place, number: int, *senders: Place) -> int:
    """How many replies to a request of this id and sequence, sent by each in turn, a place hears."""
    request = echo_request(number)
    with frames.stack_ear(place, ICMP) as ear:
        for sender in senders:
            frames.send(sender, ethernet(IPV4, ip(HOST, PEER, ICMP, request)))
        told = [packet for packet in ear.frames() if packet[20] == 0]
        return sum(packet[24:28] == request[4:8] for packet in told)


def test_a_ping_of_the_host_is_its_own_though_a_container_sends_the_same(here: Here) -> None:
    host, before = here.lab.host.place, refused(here)
    assert heard(host, 0x70010001, host, here.web) == 1
    assert heard(here.web, 0x70010002, host, here.web) == 0
    assert refused(here) == before + 2


def test_it_is_its_own_when_a_container_has_sent_the_same_long_before(here: Here) -> None:
    host = here.lab.host.place
    assert heard(here.web, 0x70020001, here.web) == 1
    time.sleep(2.1)
    assert heard(host, 0x70020001, host) == 1


def test_who_has_asked_first_keeps_the_reply(here: Here) -> None:
    host = here.lab.host.place
    assert heard(here.web, 0x70030001, here.web, host) == 2
    assert heard(host, 0x70030002, here.web, host) == 0


# --- the filter ---------------------------------------------------------------------------------


def leaving(lab: Lab, interface: str) -> str:
    return lab.host.run("tc", "filter", "show", "dev", interface, "egress").stdout


def test_every_interface_has_it_and_damage_is_told_and_mended(here: Here) -> None:
    lab, modules = here.lab, here.modules
    assert modules.problems() == []
    for interface in ("eth0", "docker0"):
        assert "pref 128 bpf" in leaving(lab, interface)
        lab.host.tc(f"filter del dev {interface} egress pref 128")
        (problem,) = modules.problems()
        assert problem["kind"] == "drift"
        assert f"missing: filter dev {interface} egress" in problem["description"]
        planned = modules.checking().host(**POOLS)["changes"]
        assert len(planned) == 1
        assert f"add filter dev {interface} egress protocol all prio 128 bpf" in planned[0]
        assert modules.host(**POOLS)["changes"] == planned
        assert modules.problems() == []
    lab.host.tc(
        "filter replace dev eth0 egress protocol all pref 128 handle 0x80 bpf da bytecode '1,6 0 0 0,'"
    )
    (problem,) = modules.problems()
    assert problem["kind"] == "drift"
    modules.host(**POOLS)
    assert modules.problems() == []
    assert modules.host(**POOLS)["changes"] == []


def test_a_filter_of_others_before_it_is_told(here: Here) -> None:
    theirs = "protocol ip prio 50 u32 match u32 0 0 flowid :1"
    here.lab.host.tc(f"filter add dev docker0 egress {theirs}")
    try:
        (problem,) = here.modules.problems()
        assert problem["kind"] == "earlier_filter"
        assert "filter dev docker0 egress prio 50 u32" in problem["description"]
        assert "can keep answers from the host" in problem["description"]
        assert "docker0 egress prio 50" in shape.told(here.modules.host(**POOLS))
    finally:
        here.lab.host.tc("filter del dev docker0 egress pref 50")
    assert here.modules.problems() == []


def state_of(lab: Lab) -> dict[str, str]:
    """All but the clocks of the bridge, and the guest, whose address of IPv6 comes later."""
    found = state.without(state.of(lab.host), '"docker0"', '"veth1"')
    return state.without_loopback_mac(
        {name: text for name, text in found.items() if not name.startswith("guest")}
    )


def test_it_goes_and_what_others_have_there_stays(lab: Lab, modules: Modules) -> None:
    guests.bridge(lab)
    before = state_of(lab)
    theirs = "protocol ip prio 5000 u32 match ip dport 5 0xffff flowid 1:5"
    modules.host(**POOLS)
    for interface in ("eth0", "docker0"):
        lab.host.tc(f"filter add dev {interface} egress {theirs}")
    modules.host(state="absent")
    for interface in ("eth0", "docker0"):
        assert "pref 5000" in leaving(lab, interface)
        assert "pm_steer" not in leaving(lab, interface)
        lab.host.tc(f"qdisc del dev {interface} clsact")
    assert state.difference(before, state_of(lab)) == ""


def test_without_a_hook_for_what_leaves_that_is_told(lab: Lab, modules: Modules) -> None:
    guests.bridge(lab)
    lab.host.tc("qdisc add dev docker0 ingress")
    said = "docker0 has the qdisc ingress, which has no hook for packets that leave"
    assert said in shape.told(modules.host(**POOLS))
    modules.container(containers=shape.CONTAINERS)
    (problem,) = modules.problems()
    assert (problem["kind"], problem["repair"]) == ("plain_ingress", None)
    assert said in problem["description"]
    assert modules.host(**POOLS)["changes"] == []
    lab.host.tc("qdisc delete dev docker0 ingress")
    modules.host(**POOLS)
    assert "pref 128 bpf" in leaving(lab, "docker0")
    assert modules.problems() == []


def test_a_link_without_ethernet_has_it_too(lab: Lab, modules: Modules) -> None:
    vpn = machines.Machine("vpn")
    try:
        with tunnel(lab.host.place, vpn.place, "vpn"), probes.servers() as servers:
            lab.host.ip("link set vpn up", "address add 10.8.0.1/24 dev vpn")
            vpn.ip("link set vpn up", "address add 10.8.0.2/24 dev vpn")
            shape.place(modules)
            servers.listen(vpn.place, ON_PEER, "10.8.0.2")
            for protocol in ("tcp", "udp"):
                asked = Probe(lab.host.place, protocol, "10.8.0.2", ON_PEER, source_port=31003)
                assert asked.run().who == "vpn"
    finally:
        vpn.close()


# --- translated ports ---------------------------------------------------------------------------

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_operators.rst"
# As docker publishes a port: translated for all but its own network, and a process of the host listens, too.
PUBLISHED = (
    "nft 'add table ip theirs; add chain ip theirs pre { type nat hook prerouting priority -100; };"
    ' add rule ip theirs pre iifname != "docker0" fib daddr type local tcp dport 8080'
    f" dnat to {guests.GUEST}:80'"
)


def test_a_published_port_is_reached_by_the_rule_of_the_guide(lab: Lab, modules: Modules) -> None:
    guest = guests.bridge(lab)
    lab.host.shell(PUBLISHED)
    shape.place(modules, **DOCUMENTED)
    with probes.servers() as servers:
        servers.listen(guest, 80)
        servers.listen(lab.host.place, 8080)
        published = Probe(lab.container("web"), "tcp", HOST, 8080)
        direct = Probe(lab.container("web"), "tcp", guests.GUEST, 80)
        assert direct.run().who == "guest"
        assert published.run().who not in ("host", "guest")
        (table,) = re.findall(
            r"^ +table ip portmap-raw \{\n(?: {10,}.*\n)+ +\}$", GUIDE.read_text(), re.M
        )
        lab.host.run("nft", "-f", "-", text=table + "\n")
        assert published.run().who == "host"
        assert Probe(lab.host.place, "tcp", HOST, 8080).run().who in ("host", "guest")
