# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leaves a container and is taken by no filter ends on a bridge that is down.

Filters are the ways out of a container; the bridges see to it that there is no other. Here the host's
end of `web` has no filter at all, not even the last one, which drops.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

import stage as stages
from lab import frames
from lab.frames import ARP, BROADCAST, ICMP, IPV4, IPV6, UDP, ethernet, icmp, ip, token, udp
from lab.machines import HOST, HOST_MAC, OTHER, PEER, Machine
from lab.netns import inside
from lab.pools import POOLS
from stage import Stage

INVENTED = "198.51.100.7"
SERVER = 7777  # of the host
INVENTORY = {"containers": stages.inventory()}
# To a server of the host, in frames to: the host, everybody, and the groups that bridges keep for
# themselves (01:80:c2:00:00:00 to 0f), which a bridge treats unlike all others.
RESERVED = [f"01:80:c2:00:00:{last:02x}" for last in range(16)]


@pytest.fixture(params=stages.ALL_HOSTS)
def forwarding(request: pytest.FixtureRequest, placed: Stage) -> Stage:
    """A host that forwards packets, or not; `web` has no filters on the host."""
    stages.become(placed, request.param)
    placed.lab.host.shell("tc qdisc delete dev pm-web ingress")
    return placed


def datagram(source: str = INVENTED, to: str = HOST_MAC, target: str = HOST) -> bytes:
    return ethernet(IPV4, ip(source, target, UDP, udp(68, SERVER, token())), to=to)


def bridges(host: Machine) -> dict[str, bool]:
    """The bridges of the host, and whether they are up."""
    found = host.json("ip", "-j", "link", "show", "type", "bridge")
    return {link["ifname"]: "UP" in link["flags"] for link in found}


def ports(host: Machine) -> dict[str, tuple[str, int]]:
    """The bridge of each veth, and which reserved groups it treats as all others."""
    shown = host.json("ip", "-j", "-d", "link", "show", "type", "veth")
    return {
        link["ifname"]: (
            link["master"],
            int(link["linkinfo"]["info_slave_data"]["group_fwd_mask"], 0),
        )
        for link in shown
        if "master" in link
    }


@pytest.fixture
def server(forwarding: Stage) -> Iterator[socket.socket]:
    with inside(forwarding.lab.host.place.netns):
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listening:
        listening.bind(("0.0.0.0", SERVER))
        listening.setblocking(False)
        yield listening


def received(server: socket.socket) -> set[bytes]:
    """The signs of the datagrams that came."""
    time.sleep(0.2)
    found = set()
    while True:
        try:
            found.add(server.recv(2048)[-12:])
        except BlockingIOError:
            return found


def test_nothing_reaches_the_host_past_its_filters(
    forwarding: Stage, server: socket.socket
) -> None:
    lab = forwarding.lab
    sent = {
        "an invented address": datagram(),
        "a neighbour's address": datagram(OTHER),
        "no address, to everybody": datagram("0.0.0.0", BROADCAST, "255.255.255.255"),
        "to the network's broadcast": datagram(to=BROADCAST, target="10.0.0.255"),
        "with a tag of VLAN 0": frames.vlan(0, datagram()),
        **{f"in a frame to {group}": datagram(to=group) for group in RESERVED},
    }

    def arrived() -> set[str]:
        frames.send(lab.container("web"), *sent.values())
        came = received(server)
        return {label for label, frame in sent.items() if frame[-12:] in came}

    assert arrived() == set()
    lab.host.shell("ip link set pm-web nomaster")  # so this is what the bridge has stopped
    assert arrived() == set(sent)


def test_nothing_is_forwarded_past_the_filters(forwarding: Stage) -> None:
    lab = forwarding.lab
    sent = {
        "an invented address": datagram(target=OTHER),
        "the gateway's address": datagram(PEER, target=OTHER),
        **{f"in a frame to {group}": datagram(to=group, target=OTHER) for group in RESERVED},
    }
    with frames.ear(lab.other.place) as ear:
        heard = frames.heard(lab.container("web"), sent, {"other": ear})
    assert set().union(*heard.values()) == set()


def test_nothing_is_learned_past_the_filters(forwarding: Stage) -> None:
    """No neighbour by ARP, no smaller MTU by ICMP, no packet in another protocol."""
    lab = forwarding.lab
    quoted = ip(HOST, INVENTED, UDP, udp(SERVER, 53, b""))
    error = ip(INVENTED, HOST, ICMP, icmp(3, 4, quoted, rest=600))
    asking = frames.arp(1, "02:00:00:00:00:77", "10.0.0.77", "00:00:00:00:00:00", HOST)
    tunnelled = ip(INVENTED, HOST, frames.GRE, token())
    with frames.stack_ear(lab.host.place, frames.GRE) as ear:
        for to in (HOST_MAC, *RESERVED):
            frames.send(
                lab.container("web"),
                ethernet(IPV4, error, to=to),
                ethernet(ARP, asking, to=to),
                ethernet(IPV4, tunnelled, to=to),
                ethernet(IPV6, bytes(40), to=to),
            )
        assert ear.frames() == []
    assert "mtu" not in lab.host.shell(f"ip route get {INVENTED}")
    assert "10.0.0.77" not in lab.host.shell("ip neigh")


# --- the bridges --------------------------------------------------------------------------------


def test_every_container_is_a_port_of_a_bridge_that_is_down(placed: Stage) -> None:
    host = placed.lab.host
    assert len(bridges(host)) == 8
    assert set(bridges(host).values()) == {False}
    found = ports(host)
    assert set(found) == {"pm-web", "pm-db"}
    assert {bridge for bridge, _groups in found.values()} <= set(bridges(host))
    # Pause frames are dropped anyway, and the kernel refuses their bit.
    assert {groups for _bridge, groups in found.values()} == {0xFFFD}
    values = host.shell("sysctl -a --pattern 'ipv6.conf.portmap-.*.disable_ipv6'").split("\n")
    assert [line.split()[-1] for line in values if line] == ["1"] * 8
    placed.modules.call("portmap_container", {"containers": [], "purge": True})
    placed.modules.call("portmap_host", {"state": "absent"})
    assert bridges(host) == {}


@pytest.mark.parametrize(
    "name", ["sink0", "portmap-sink0", "ortmap-sink0", "a-name-that-is-longer-than-any-link"]
)
def test_a_container_may_have_any_name(placed: Stage, name: str) -> None:
    placed.modules.call("portmap_container", {"name": name, "ports": ["31200"]})
    assert len(ports(placed.lab.host)) == 3
    assert placed.modules.problems() == []
    assert placed.modules.call("portmap_container", {"name": name, "state": "absent"})["changed"]
    assert len(bridges(placed.lab.host)) == 8


def test_the_mtu_of_a_veth_is_the_host_s_whatever_its_bridge_has(placed: Stage) -> None:
    host = placed.lab.host
    host.shell("ip link set eth0 mtu 1400")
    placed.modules.call("portmap_host", POOLS)
    host.shell("for bridge in /sys/class/net/portmap-*; do echo 1280 > $bridge/mtu; done")
    links = host.json("ip", "-j", "link", "show", "type", "veth")
    assert {link["mtu"] for link in links if link["ifname"].startswith("pm-")} == {1400}
    assert placed.modules.problems() == []


def as_an_earlier_version_left_it(host: Machine) -> None:
    """Without bridges, and without the word in the record that says so."""
    for bridge in bridges(host):
        host.shell(f"ip link delete {bridge}")
    record = json.loads(host.shell("cat /run/portmap/host.json"))
    assert record["applied"].pop() == "judged"
    host.run("sh", "-c", "cat > /run/portmap/host.json", text=json.dumps(record))
    assert ports(host) == {}


@pytest.mark.parametrize("killed", ["not", "after the bridges were made"])
def test_the_next_run_of_portmap_host_brings_an_earlier_host_up_to_date(
    placed: Stage, killed: str
) -> None:
    """Under traffic, which loses nothing: filters take what they took before."""
    host, modules = placed.lab.host, placed.modules
    whole = ports(host)
    as_an_earlier_version_left_it(host)
    if killed != "not":
        for number in range(8):
            host.shell(f"ip link add portmap-sink{number} group 28783 type bridge")
    assert {one["kind"] for one in modules.problems()} == {"drift"}
    if killed == "not":
        refused = modules.run("portmap_container", stages.inventory("web")[0])
        assert refused.failed
        assert "run netiso.portmap.portmap_host" in refused.msg
    with stages.traffic(placed, "web", "db") as running:
        modules.call("portmap_host", POOLS)
        assert running.finish()["lost"] == []
    assert ports(host) == whole
    assert modules.problems() == []
    assert not modules.call("portmap_host", POOLS)["changed"]


def test_a_veth_that_carries_traffic_leaves_its_bridge_and_comes_back_without_loss(
    placed: Stage,
) -> None:
    with stages.traffic(placed, "web", "db") as running:
        for _ in range(20):
            placed.lab.host.shell("ip link set pm-web nomaster")
            placed.modules.call("portmap_container", stages.inventory("web")[0])
        assert running.finish()["lost"] == []


def test_a_bridge_that_was_deleted_comes_back_with_its_ports(placed: Stage) -> None:
    host, modules = placed.lab.host, placed.modules
    whole = ports(host)
    host.shell(f"ip link delete {whole['pm-web'][0]}")
    refused = modules.run("portmap_container", stages.inventory("web")[0])
    assert "run netiso.portmap.portmap_host" in refused.msg
    modules.call("portmap_host", POOLS)
    assert ports(host) == whole
    assert modules.problems() == []


def test_a_stranger_s_link_with_the_name_of_a_bridge_is_named_and_left_alone(bare: Stage) -> None:
    host, modules = bare.lab.host, bare.modules
    start = stages.look(modules)
    host.shell("ip link add portmap-sink3 type veth peer name theirs")
    theirs = stages.look(modules)
    refused = modules.run("portmap_host", POOLS)
    assert refused.failed
    assert "portmap-sink3" in refused.msg
    assert stages.look(modules) == theirs != start
    modules.call("portmap_host", {"state": "absent"})
    host.shell("ip link delete portmap-sink3")
    stages.prepare(bare)
    host.shell(
        "ip link delete portmap-sink3; ip link add portmap-sink3 type veth peer name theirs"
    )
    assert any("portmap-sink3" in one["description"] for one in modules.problems())
    modules.call("portmap_container", {"containers": [], "purge": True})
    modules.call("portmap_host", {"state": "absent"})
    assert "portmap-sink3" in host.shell("ip link show type veth")
    assert bridges(host) == {}
