# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of Apache Mesos's port-mapping isolator, written down as tc(8) commands.

They go onto the links of containers that are placed already, in the place of ours, so that both can
be compared on the same host. Source: port_mapping.cpp of Mesos 1.x, isolate() and scripts().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .machines import HOST, HOST_MAC, Lab

IHL = "match u8 0x05 0x0f at 0"
Block = tuple[int, int]  # first port and mask


def install(lab: Lab, containers: Mapping[str, Sequence[Block]]) -> None:
    """Take our filters away and put the original's there; `containers` own blocks of ports."""
    fresh = ["qdisc del dev {} {}", "qdisc add dev {} ingress"]
    veths = {name: f"pm-{name}" for name in containers}
    ours = {"eth0": "clsact", "lo": "clsact", **dict.fromkeys(veths.values(), "ingress")}
    lab.host.tc(*(line.format(link, kind) for link, kind in ours.items() for line in fresh))
    lab.host.tc(*_shared(list(veths.values())))
    for name, blocks in containers.items():
        lab.host.tc(*_outside(veths[name], blocks))
        lab.host.tc(
            *(line.format(link, "ingress") for link in ("eth0", "lo") for line in fresh),
            container=name,
        )
        lab.host.tc(*_inside(blocks), container=name)


def _filter(link: str, protocol: str, priority: int, match: str, then: str) -> str:
    where = f"filter add dev {link} parent ffff: protocol {protocol} prio {priority}"
    return f"{where} u32 {match} flowid ffff:0 {then}"


def _redirect(link: str) -> str:
    return f"action mirred egress redirect dev {link}"


def _shared(veths: Sequence[str]) -> Iterator[str]:
    mirrors = " ".join(f"action mirred egress mirror dev {veth}" for veth in veths)
    yield _filter("eth0", "arp", 258, "match u32 0 0 at 0", mirrors)
    yield _filter("eth0", "ip", 514, f"match ip protocol 1 0xff match ip dst {HOST}", mirrors)


def _outside(veth: str, blocks: Sequence[Block]) -> Iterator[str]:
    number = HOST_MAC.replace(":", "")
    mac = f"match u16 0x{number[:4]} 0xffff at -14 match u32 0x{number[4:]} 0xffffffff at -12"
    yield _filter(veth, "arp", 258, "match u32 0 0 at 0", _redirect("eth0"))
    yield _filter(veth, "ip", 514, f"{IHL} match ip protocol 1 0xff", _redirect("eth0"))
    for first, mask in blocks:
        target = f"match u16 {first:#06x} {mask:#06x} at 22"
        source = f"match u16 {first:#06x} {mask:#06x} at 20"
        for address in (HOST, "127.0.0.1"):
            match = f"{IHL} match ip dst {address} {source}"
            yield _filter(veth, "ip", 770, match, _redirect("lo"))
        yield _filter(veth, "ip", 771, f"{IHL} {source}", _redirect("eth0"))
        arriving = f"{IHL} {mac} match ip dst {HOST} {target}"
        yield _filter("eth0", "ip", 770, arriving, _redirect(veth))
        yield _filter("lo", "ip", 770, f"{IHL} {target}", _redirect(veth))


def _inside(blocks: Sequence[Block]) -> Iterator[str]:
    for address in (HOST, "127.0.0.1"):
        yield _filter("lo", "ip", 770, f"match ip dst {address}", _redirect("eth0"))
        ping = f"match ip protocol 1 0xff match ip dst {address}"
        yield _filter("lo", "ip", 514, ping, "")
    for first, mask in blocks:
        target = f"match u16 {first:#06x} {mask:#06x} at 22"
        yield _filter("lo", "ip", 769, target, "")
        yield _filter("eth0", "ip", 770, f"match ip dst 127.0.0.1 {target}", _redirect("lo"))
