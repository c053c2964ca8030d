# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What packets are compared on: each way of running many services behind one address.

A way is built in a lab of its own with N containers; the service is that of the last one.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sites
from lab import machines

BRIDGE_NET = "172.30"


@dataclass
class Way:
    """A way to reach a service: where it runs, and from where it is asked, and how."""

    name: str
    lab: machines.Lab
    server: str
    port: int
    other: str = ""  # another container's namespace
    switch_on: Callable[[], None] = field(default=lambda: None)

    def sources(self) -> dict[str, str]:
        """Network namespaces that ask, by what they are called."""
        found = {"outside": self.lab.peer.place.netns, "host": self.lab.host.place.netns}
        return {**found, "container": self.other} if self.other else found


@contextlib.contextmanager
def ways(count: int) -> Iterator[list[Way]]:
    """All of them, with `count` containers each."""
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(machines.lab())
        ours = stack.enter_context(machines.lab())
        linear = stack.enter_context(machines.lab())
        nat = stack.enter_context(machines.lab())
        for lab in (ours, linear):
            sites.engine(lab.host, "prepare", options=sites.POOLS)
            sites.engine(lab.host, "place", containers=sites.containers(max(count, 2)))
        make_linear(linear.host, max(count, 2))
        yield [
            Way("process", plain, plain.host.place.netns, 10000),
            steered("ours", ours, count),
            steered("linear", linear, count),
            *translated(nat, max(count, 2)),
        ]


def service(number: int) -> int:
    return 10000 + 16 * number


def steered(name: str, lab: machines.Lab, count: int) -> Way:
    target = lab.container(f"c{count - 1}").netns
    other = lab.container("c1" if count == 1 else "c0").netns
    return Way(name, lab, target, service(count - 1), other)


# --- the original's layout: one list of filters per interface ------------------------------------


def make_linear(host: machines.Machine, count: int) -> None:
    """The same containers, but every block is one filter in one list, as Apache Mesos has it.

    The list is sorted so that the container that is measured stands in its middle.
    """
    order = [*range(0, count - 1, 2), count - 1, *range(1, count - 1, 2)]
    ephemeral = {number: 28672 + 32 * place for place, number in enumerate(range(count))}
    to_mac = "match u32 0x00000200 0x0000ffff at -16 match u32 0x00000010 0xffffffff at -12"
    lines = []
    for link, keys in (("eth0", f"{to_mac} match ip dst {machines.HOST}/32"), ("lo", "")):
        lines.append(f"filter del dev {link} ingress protocol ip prio 770")
        node = 0
        for number in order:
            first = service(number)
            for port, mask in ((first, 0xFFFC), (first + 8, 0xFFFC), (ephemeral[number], 0xFFE0)):
                node += 1
                lines.append(
                    f"filter add dev {link} ingress protocol ip prio 770 handle ::{node:x} u32"
                    f" match u8 5 0xf at 0 {keys} match u16 {port} {mask:#06x} at 22 flowid ffff:"
                    f" action mirred egress redirect dev pm-c{number}"
                )
    host.run("tc", "-batch", "-", text="\n".join(lines) + "\n", timeout=300)


# --- bridge and address translation --------------------------------------------------------------


def translated(lab: machines.Lab, count: int) -> list[Way]:
    bridge(lab, count)
    target, other = lab.container(f"c{count - 1}").netns, lab.container("c0").netns
    port = service(count - 1)

    def per_range() -> None:
        clear(lab.host)
        lab.host.run("iptables-restore", text=iptables(count), timeout=300)

    def by_map() -> None:
        clear(lab.host)
        lab.host.run("nft", "-f", "-", text=nftables(count), timeout=300)

    return [
        Way("dnat", lab, target, port, other, per_range),
        Way("nft map", lab, target, port, other, by_map),
    ]


def address(number: int) -> str:
    return f"{BRIDGE_NET}.{1 + number // 200}.{1 + number % 200}"


def bridge(lab: machines.Lab, count: int) -> None:
    """Containers on a bridge with addresses of their own."""
    host = lab.host
    for link in ("all", "default"):
        host.place.set_sysctl(f"ipv4/conf/{link}/route_localnet", "1")
    host.place.set_sysctl("ipv4/ip_forward", "1")
    lines = ["link add br0 type bridge", "link set br0 up"]
    lines.append(f"address add {BRIDGE_NET}.0.1/16 dev br0")
    for number in range(count):
        lines += [
            f"netns add c{number}",
            f"link add v{number} master br0 type veth peer name eth0 netns c{number}",
            f"link set v{number} up",
        ]
    host.run("ip", "-batch", "-", text="\n".join(lines) + "\n", timeout=300)
    with tempfile.TemporaryDirectory(prefix="portmap-bench-") as folder:
        script = []
        for number in range(count):
            inside = Path(folder) / str(number)
            inside.write_text(
                f"link set lo up\nlink set eth0 up\naddress add {address(number)}/16 dev eth0\n"
                f"route add default via {BRIDGE_NET}.0.1\n"
            )
            script.append(f"ip -n c{number} -batch {inside}\n")
        host.run("sh", "-e", "-c", "".join(script), timeout=300)


def published(number: int) -> list[tuple[int, int]]:
    first = service(number)
    return [(first, first + 3), (first + 8, first + 11)]


def iptables(count: int) -> str:
    """One DNAT and one ACCEPT rule per range and protocol, as container engines lay them out."""
    nat = ["*nat", ":PORTS - [0:0]", ":MASQ - [0:0]"]
    nat += ["-A PREROUTING -m addrtype --dst-type LOCAL -j PORTS"]
    nat += ["-A OUTPUT -m addrtype --dst-type LOCAL -j PORTS"]
    nat += [f"-A POSTROUTING -s {BRIDGE_NET}.0.0/16 -j MASQUERADE"]
    accept = ["*filter", ":FORWARD DROP [0:0]"]
    accept += ["-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    accept += ["-A FORWARD -i br0 ! -o br0 -j ACCEPT"]
    for number in range(count):
        to = address(number)
        for first, last in published(number):
            for protocol in ("tcp", "udp"):
                nat.append(f"-A PORTS -p {protocol} --dport {first}:{last} -j DNAT --to {to}")
                accept.append(
                    f"-A FORWARD -d {to} -o br0 -p {protocol} --dport {first}:{last} -j ACCEPT"
                )
    return "\n".join([*nat, "COMMIT", *accept, "COMMIT", ""])


def nftables(count: int) -> str:
    """One rule with a map from ports to addresses, for each protocol."""
    elements = ", ".join(
        f"{first}-{last} : {address(number)}"
        for number in range(count)
        for first, last in published(number)
    )
    rules = "\n".join(
        f"    fib daddr type local dnat ip to {protocol} dport map @to"
        for protocol in ("tcp", "udp")
    )
    return f"""
table ip published {{
  map to {{ type inet_service : ipv4_addr; flags interval; elements = {{ {elements} }} }}
  chain before {{ type nat hook prerouting priority -100;
{rules}
  }}
  chain own {{ type nat hook output priority -100;
{rules}
  }}
  chain after {{ type nat hook postrouting priority 100;
    ip saddr {BRIDGE_NET}.0.0/16 masquerade
  }}
  chain forward {{ type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname br0 oifname != br0 accept
    ct status dnat accept
  }}
}}
"""


def clear(host: machines.Machine) -> None:
    host.run("nft", "flush", "ruleset")


def measure(load: Path, way: Way, test: str, source: str, seconds: float) -> float:
    command = [str(load), test, way.server, source, machines.HOST, str(way.port), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{way.name} {test}: {done.stderr.strip()}")
    return float(done.stdout)
