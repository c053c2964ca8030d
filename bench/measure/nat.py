# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers on a bridge, with addresses of their own, behind address translation."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lab import machines

from . import sites

NET = "172.30"
PATIENCE = 300  # seconds; a thousand rules are written once, not by somebody who waits


def address(number: int) -> str:
    return f"{NET}.{1 + number // 200}.{1 + number % 200}"


def bridge(lab: machines.Lab, count: int) -> None:
    """`count` containers, plugged into br0.  IPv6 is off, as engines have it.

    Otherwise a thousand namespaces would greet each other for a minute.
    """
    host = lab.host
    for name, value in (
        ("ipv4/conf/all/route_localnet", "1"),
        ("ipv4/conf/default/route_localnet", "1"),
        ("ipv4/ip_forward", "1"),
        ("ipv6/conf/all/disable_ipv6", "1"),
        ("ipv6/conf/default/disable_ipv6", "1"),
    ):
        host.place.set_sysctl(name, value)
    names = [f"c{number}" for number in range(count)]
    batch(host, [f"netns add {name}" for name in names])
    for name in names:
        lab.container(name).set_sysctl("ipv6/conf/default/disable_ipv6", "1")
    lines = ["link add br0 type bridge", "link set br0 up", f"address add {NET}.0.1/16 dev br0"]
    for number, name in enumerate(names):
        lines += [
            f"link add v{number} master br0 type veth peer name eth0 netns {name}",
            f"link set v{number} up",
        ]
    batch(host, lines)
    with tempfile.TemporaryDirectory(prefix="portmap-bench-") as folder:
        script = []
        for number, name in enumerate(names):
            inside = Path(folder) / name
            inside.write_text(
                f"link set lo up\nlink set eth0 up\naddress add {address(number)}/16 dev eth0\n"
                f"route add default via {NET}.0.1\n"
            )
            script.append(f"ip -n {name} -batch {inside}\n")
        host.run("sh", "-e", "-c", "".join(script), timeout=PATIENCE)


def batch(host: machines.Machine, lines: list[str]) -> None:
    host.run("ip", "-batch", "-", text="\n".join(lines) + "\n", timeout=PATIENCE)


def write_iptables(host: machines.Machine, count: int, by_port: bool = False) -> None:
    host.run("iptables-restore", text=iptables(count, by_port), timeout=PATIENCE)


def write_nftables(host: machines.Machine, count: int) -> None:
    host.run("nft", "-f", "-", text=nftables(count), timeout=PATIENCE)


def iptables(count: int, by_port: bool) -> str:
    """A DNAT and an ACCEPT rule per protocol and range, as podman lays them out.

    `by_port`: per protocol and port, as Docker does.
    """
    nat = ["*nat", ":PORTS - [0:0]"]
    nat += ["-A PREROUTING -m addrtype --dst-type LOCAL -j PORTS"]
    nat += ["-A OUTPUT -m addrtype --dst-type LOCAL -j PORTS"]
    nat += [f"-A POSTROUTING -s {NET}.0.0/16 -j MASQUERADE"]
    accept = ["*filter", ":FORWARD DROP [0:0]"]
    accept += ["-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    accept += ["-A FORWARD -i br0 ! -o br0 -j ACCEPT"]
    for number in range(count):
        to = address(number)
        ranges = sites.ranges(number)
        if by_port:
            ranges = [(port, port) for one in ranges for port in range(one[0], one[1] + 1)]
        for first, last in ranges:
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
        for first, last in sites.ranges(number)
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
    ip saddr {NET}.0.0/16 masquerade
  }}
  chain forward {{ type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname br0 oifname != br0 accept
    ct status dnat accept
  }}
}}
"""
