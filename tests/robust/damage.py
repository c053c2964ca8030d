# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Damage of every kind of object that the collection installs, chosen by a seeded dice."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab import maps, steering
from lab.machines import Machine

_WEB = "nsenter --net=/run/netns/web"
_SYSCTLS = {
    "": ["conf/lo/route_localnet", "conf/lo/accept_local", "conf/lo/send_redirects"],
    _WEB: ["conf/eth0/accept_local", "conf/eth0/arp_ignore", "conf/lo/route_localnet"],
}
_FILTER = re.compile(r"^filter protocol (\w+) pref (\d+) u32 .*fh (\S+) .*(?:flowid|link)", re.M)


@dataclass(frozen=True)
class Damage:
    """What was done, by which commands, and whether portmap_host is needed to repair it."""

    what: str
    script: str
    host: bool = False


def choose(dice: random.Random, host: Machine) -> Damage:
    """One damage; what it names exists now."""
    return dice.choice(kinds())(dice, host)


def _delete_filter(dice: random.Random, host: Machine) -> Damage:
    enter, link = dice.choice([("", "eth0"), ("", "lo"), ("", "pm-web"), ("", "pm-db"),
                               (_WEB, "eth0"), (_WEB, "lo")])  # fmt: skip
    shown = host.shell(f"{enter} tc filter show dev {link} ingress")
    protocol, priority, handle = dice.choice(_FILTER.findall(shown))
    script = (
        f"{enter} tc filter delete dev {link} ingress protocol {protocol} pref {priority}"
        f" handle {handle} u32"
    )
    return Damage("delete a filter", script, host=link in ("eth0", "lo") and not enter)


def _delete_priority(dice: random.Random, host: Machine) -> Damage:
    enter, link = dice.choice([("", "pm-web"), ("", "pm-db"), (_WEB, "lo"), (_WEB, "eth0")])
    shown = host.shell(f"{enter} tc filter show dev {link} ingress")
    protocol, priority, _handle = dice.choice(_FILTER.findall(shown))
    script = f"{enter} tc filter delete dev {link} ingress protocol {protocol} pref {priority} u32"
    return Damage("delete all filters of a priority", script)


def _delete_qdisc(dice: random.Random, host: Machine) -> Damage:
    enter, link = dice.choice([("", "eth0"), ("", "lo"), ("", "pm-web"), (_WEB, "lo")])
    of_host = link in ("eth0", "lo") and not enter
    script = f"{enter} tc qdisc delete dev {link} {'clsact' if of_host else 'ingress'}"
    return Damage("delete a qdisc", script, host=of_host)


def _delete_drop(dice: random.Random, host: Machine) -> Damage:
    return Damage("delete the last filter", "tc filter delete dev pm-web ingress pref 65535")


def _first(dice: random.Random, host: Machine) -> Damage:
    link, protocol = dice.choice([("pm-web", "all"), ("eth0", "ip")])
    handle = dice.choice(["0x100", "0x200"]) if link == "pm-web" else "0x100"
    where = f"dev {link} ingress protocol {protocol} pref 256 handle {handle} bpf"
    script = dice.choice([f"delete {where}", f"replace {where} da bytecode '1,6 0 0 0'"])
    return Damage("delete or open a first filter", f"tc filter {script}", host=link == "eth0")


def _add_filter(dice: random.Random, host: Machine) -> Damage:
    node = dice.randrange(0x601, 0x7FF)
    script = (
        f"tc filter add dev pm-web ingress protocol ip pref 771 handle ::{node:x} u32"
        " match ip protocol 47 0xff action mirred egress redirect dev eth0"
    )
    return Damage("add a filter among ours", script)


def _sysctl(dice: random.Random, host: Machine) -> Damage:
    enter = dice.choice(list(_SYSCTLS))
    path = f"/proc/sys/net/ipv4/{dice.choice(_SYSCTLS[enter])}"
    value = "1" if path.endswith(("send_redirects", "arp_ignore")) else "0"
    return Damage("set a sysctl", f"{enter} sh -c 'echo {value} > {path}'", host=not enter)


def _port_range(dice: random.Random, host: Machine) -> Damage:
    path = "/proc/sys/net/ipv4/ip_local_port_range"
    return Damage("set the ephemeral range", f"{_WEB} sh -c 'echo 1024 65535 > {path}'")


def _link_value(dice: random.Random, host: Machine) -> Damage:
    link, value = dice.choice([("pm-web", "address 02:00:00:00:00:77"), ("pm-db", "mtu 1400"),
                               ("pm-web", "down"), ("pm-web", "alias ''")])  # fmt: skip
    return Damage("set a value of a veth", f"ip link set {link} {value}")


def _link_value_inside(dice: random.Random, host: Machine) -> Damage:
    value = dice.choice(["eth0 address 02:00:00:00:00:77", "eth0 mtu 1400", "eth0 down", "lo down",
                         "lo mtu 9000"])  # fmt: skip
    return Damage("set a value of a link inside", f"{_WEB} ip link set {value}")


def _loopback(dice: random.Random, host: Machine) -> Damage:
    value = dice.choice(["address 02:00:00:00:00:77", "mtu 9000"])
    return Damage("set a value of the loopback", f"ip link set lo {value}", host=True)


def _address(dice: random.Random, host: Machine) -> Damage:
    script = dice.choice(["address delete 10.0.0.1/24 dev eth0", "address add 10.9.9.9/24 dev eth0",
                          "address flush dev eth0"])  # fmt: skip
    return Damage("change the addresses inside", f"{_WEB} ip {script}")


def _route(dice: random.Random, host: Machine) -> Damage:
    script = dice.choice(["delete default", "replace default via 10.0.0.253"])
    return Damage("change the route inside", f"{_WEB} ip route {script}")


def _bridge(dice: random.Random, host: Machine) -> Damage:
    bridge = f"portmap-sink{dice.randrange(8)}"
    script = dice.choice(["delete {}", "set {} up", "set {} group 7", "set {} alias ''"])
    return Damage("change a bridge", f"ip link {script.format(bridge)}", host=True)


def _bridge_ipv6(dice: random.Random, host: Machine) -> Damage:
    path = f"/proc/sys/net/ipv6/conf/portmap-sink{dice.randrange(8)}/disable_ipv6"
    return Damage("give a bridge IPv6", f"echo 0 > {path}", host=True)


def _bridge_port(dice: random.Random, host: Machine) -> Damage:
    link = dice.choice(["pm-web", "pm-db"])
    script = dice.choice(
        ["nomaster", "type bridge_slave group_fwd_mask 0", "master portmap-sink5"]
    )
    return Damage("change a bridge's port", f"ip link set {link} {script}")


def _delete_veth(dice: random.Random, host: Machine) -> Damage:
    return Damage("delete a veth", f"ip link delete {dice.choice(['pm-web', 'pm-db'])}")


def _rename_veth(dice: random.Random, host: Machine) -> Damage:
    link = dice.choice(["pm-web", "pm-db"])
    script = f"ip link set {link} down; ip link set {link} name other; ip link set other up"
    return Damage("rename a veth", script)


def _rename_inside(dice: random.Random, host: Machine) -> Damage:
    return Damage("rename the link inside", f"{_WEB} sh -ec 'ip link set eth0 down;"
                  " ip link set eth0 name other'")  # fmt: skip


def _handle(dice: random.Random, host: Machine) -> Damage:
    return Damage("take the handle away", "umount /run/netns/web; rm -f /run/netns/web")


# --- of eBPF steering -----------------------------------------------------------------------------

_PLACES = [
    *(("", f"{link} ingress") for link in ("eth0", "lo", "pm-web", "pm-db")),
    *((_WEB, f"{link} ingress") for link in ("eth0", "lo")),
    ("", "eth0 egress"),
]
_STEERING = "protocol all pref 128 handle 0x80 bpf"
_PROGRAM = re.compile(r" pm_steer .* id (\d+) name ")
_LINK_BYTES, _PORT_BYTES = 4, 2
_TENANT_LINKS = 8  # numbers in an entry of pm_tenants, the first two of which are links


def _program(dice: random.Random, host: Machine) -> Damage:
    """Gone, or in its place one by others that lets everything pass, or drops it."""
    enter, hook = dice.choice(_PLACES)
    verdict = dice.choice(["4294967295", "0", "2"])
    script = dice.choice(
        [
            f"delete dev {hook} {_STEERING}",
            f"replace dev {hook} {_STEERING} da bytecode '1,6 0 0 {verdict}'",
        ]
    )
    of_host = hook.startswith(("eth0", "lo")) and not enter
    return Damage("delete or replace a program", f"{enter} tc filter {script}", host=of_host)


def _written(host: Machine, name: str, at: int, data: bytes) -> str:
    """A command that writes into a map of the host's steering."""
    shown = host.shell("for link in eth0 lo; do tc filter show dev $link ingress; done")
    program = _PROGRAM.findall(shown)[0]
    return f"{sys.executable} -S {maps.__file__} {program} {name} {at} {data.hex()}"


def given(host: Machine, port: int, number: int) -> str:
    """A command that gives a port to a number."""
    data = number.to_bytes(_PORT_BYTES, sys.byteorder)
    return _written(host, "pm_ports", port * _PORT_BYTES, data)


def _port(dice: random.Random, host: Machine) -> Damage:
    """To a number that no container has."""
    port = dice.choice([31001, 31009, 31100, 30020, dice.randrange(0x10000)])
    return Damage("give a port away", given(host, port, dice.choice([77, 4095])))


def _tenant(dice: random.Random, host: Machine) -> Damage:
    """The index of a container's link, on the host or inside."""
    at = dice.choice([1, 2, 77]) * _TENANT_LINKS + dice.randrange(2)
    index = dice.choice([0, 1, 2, 7777]).to_bytes(_LINK_BYTES, sys.byteorder)
    script = _written(host, "pm_tenants", at * _LINK_BYTES, index)
    return Damage("change the index of a link", script)


def _config(dice: random.Random, host: Machine) -> Damage:
    """The address of IPv4 or IPv6, that of everybody, the interface, the MAC."""
    at, new = dice.choice(
        [
            (12, "0a000002"),
            (16, "20010db8"),
            (32, "00000000"),
            (36, "01000000"),
            (40, "020000000077"),
        ]
    )
    script = _written(host, "pm_config", at, bytes.fromhex(new))
    return Damage("change what the program knows of the host", script, host=True)


Kinds = Sequence[Callable[[random.Random, Machine], Damage]]
_OF_ALL: Kinds = (
    _delete_qdisc, *[_sysctl] * 2, _port_range, *[_link_value] * 2, _link_value_inside, _loopback,
    _address, _route, _bridge, _bridge_ipv6, _bridge_port, _delete_veth, _rename_veth,
    _rename_inside, _handle,
)  # fmt: skip
_OF_U32: Kinds = (*[_delete_filter] * 5, _delete_priority, _delete_drop, _first, _add_filter)
_OF_BPF: Kinds = (*[_program] * 4, *[_port] * 2, *[_tenant] * 2, _config)


def kinds() -> Kinds:
    return _OF_ALL + steering.by_way(_OF_U32, _OF_BPF)
