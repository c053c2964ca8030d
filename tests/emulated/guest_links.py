# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an emulated machine does: hosts whose links a kernel of our own may not have.  Says what it finds, as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from lab import machines, probes
from lab.machines import HOST, PEER, Lab, Machine
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe

WEB, OF_HOST = 31001, 32502
INNER, FAR = "10.8.0.1", "10.8.0.2"  # at both ends of a tunnel

# The last 32 bytes of what openssl writes are the key.
KEYS = """
openssl genpkey -algorithm X25519 -outform DER -out /run/key
tail -c 32 /run/key | base64
openssl pkey -inform DER -in /run/key -pubout -outform DER | tail -c 32 | base64
"""
TUNNEL = "import json, sys; from pyroute2 import WireGuard; WireGuard().set('wg0', **json.load(sys.stdin))"


def say(what: str, told: object) -> None:
    print(f"GUEST {json.dumps({what: told})}", flush=True)


def readdressed(machine: Machine, address: str, link: str) -> None:
    machine.ip(f"address del {address}/24 dev eth0", f"address add {address}/24 dev {link}")


def vlan(lab: Lab) -> dict[str, str]:
    for machine, address in ((lab.host, HOST), (lab.peer, PEER)):
        machine.ip("link add link eth0 name eth0.5 type vlan id 5", "link set eth0.5 up")
        readdressed(machine, address, "eth0.5")
    lab.host.ip(f"route replace default via {PEER}")
    return {}


def bond(lab: Lab) -> dict[str, str]:
    lab.host.ip(
        "link add bond0 type bond mode active-backup miimon 100",
        "link set eth0 down",
        "link set eth0 master bond0",
        "link set bond0 up",
    )
    readdressed(lab.host, HOST, "bond0")
    lab.host.ip(f"route replace default via {PEER}")
    return {}


def vrf(lab: Lab) -> dict[str, str]:
    lab.host.ip(
        "link add red type vrf table 100",
        "link set red up",
        "link set eth0 master red",
        f"route replace default via {PEER} table 100",
    )
    return {"public_interface": "eth0"}


def keys(machine: Machine) -> list[str]:
    """A private key of WireGuard, and the public one that goes with it."""
    return machine.shell(KEYS).split()


def wireguard(lab: Lab) -> dict[str, str]:
    """A tunnel beside the public interface, to the machine through which the host is reached."""
    ends = ((lab.host, INNER, HOST), (lab.peer, FAR, PEER))
    made = [keys(machine) for machine, _inner, _outer in ends]
    for at, (machine, inner, _outer) in enumerate(ends):
        machine.ip(
            "link add wg0 type wireguard", f"address add {inner}/24 dev wg0", "link set wg0 up"
        )
        peer = {"public_key": made[1 - at][1], "allowed_ips": [f"{ends[1 - at][1]}/32"]}
        peer.update(endpoint_addr=ends[1 - at][2], endpoint_port=51820)
        given = {"private_key": made[at][0], "listen_port": 51820, "peer": peer}
        machine.run(sys.executable, "-c", TUNNEL, text=json.dumps(given), timeout=120)
    # The ends greet each other when there is something to send, and again after five seconds.
    lab.host.shell(f"timeout 100 sh -c 'until ping -c 1 -W 2 {FAR}; do :; done'")
    return {}


SHAPES: dict[str, Callable[[Lab], dict[str, str]]] = {
    "vlan": vlan,
    "bond": bond,
    "vrf": vrf,
    "wireguard": wireguard,
}


def asked(lab: Lab, with_host: bool, with_tunnel: bool) -> dict[str, str]:
    """Who answers, in each direction between a machine outside, a container and the host.

    In a VRF the processes of the host would have to say that they are in it.
    """
    web, host, peer = lab.container("web"), lab.host.place, lab.peer.place
    with probes.servers() as servers:
        servers.listen(web, WEB, HOST, "127.0.0.1")
        servers.listen(peer, 53, PEER)
        ways = [(peer, HOST, WEB), (web, PEER, 53)]
        if with_host:
            servers.listen(host, OF_HOST, HOST, "127.0.0.1")
            ways += [(peer, HOST, OF_HOST), (web, HOST, OF_HOST), (host, PEER, 53)]
            ways += [(host, HOST, WEB), (host, "127.0.0.1", WEB)]
        if with_tunnel:
            servers.listen(peer, 54, FAR)
            ways += [(host, FAR, 54), (peer, INNER, WEB)]
        wanted = [
            Probe(source, protocol, *to) for protocol in ("tcp", "udp") for source, *to in ways
        ]
        return {str(one): str(answer) for one, answer in probes.run(wanted).items()}


def of(shape: Callable[[Lab], dict[str, str]]) -> dict[str, object]:
    with machines.lab() as lab:
        options = shape(lab)
        modules = Modules(lab.host)
        prepared = modules.host(**POOLS, **options)
        modules.container(name="web", ports=["31000-31007"])
        told = {
            "host": prepared["host"],
            "warnings": prepared.get("warnings", []),
            "problems": modules.problems(),
            "answers": asked(lab, shape is not vrf, shape is wireguard),
        }
        told["again"] = modules.host()["changed"]
        if shape is wireguard:
            told["moved"] = modules.result("portmap_host", {"public_interface": "wg0"})["msg"]
        modules.container(containers=[], purge=True)
        modules.host(state="absent")
        return told


def main() -> None:
    say("kernel", os.uname().release)
    for name in sys.argv[1:]:
        try:
            say(name, of(SHAPES[name]))
        except Exception as error:  # the others are looked at all the same
            say(name, {"failed": repr(error)})
    say("end", True)


if __name__ == "__main__":
    main()
