# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with all that hosts have, and who is around it.

It has an address more on its uplink, one on its loopback, a second uplink with a network behind it, a
bridge with a guest, and a VPN whose packets have no headers of Ethernet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab import machines
from lab.machines import BEYOND, HOST, OTHER, PEER, Lab, Machine
from lab.modules import Modules
from lab.tunnel import tunnel

SECOND, VIP, ON_ETH1, ON_BRIDGE, ON_VPN = (
    "10.0.0.2", "10.0.0.100", "10.9.0.1", "172.17.0.1", "10.8.0.1",
)  # fmt: skip
ADDRESSES = (HOST, SECOND, VIP, ON_ETH1, ON_BRIDGE, ON_VPN)
FAR, BEHIND_FAR, GUEST, VPN = "10.9.0.2", "10.77.0.1", "172.17.0.2", "10.8.0.2"
ELSEWHERE = (PEER, OTHER, BEYOND, FAR, BEHIND_FAR, GUEST, VPN)
SMALL = 1300  # the MTU of the VPN
INTERFACES = ("br-guests", "eth1", "vpn")


class Whole:
    """The machines: those of the lab, and who is behind the other interfaces."""

    def __init__(self, lab: Lab, far: Machine, guest: Machine, vpn: Machine) -> None:
        self.lab, self.modules = lab, Modules(lab.host)
        self.outside = {
            PEER: lab.peer, OTHER: lab.other, FAR: far, GUEST: guest, VPN: vpn,
        }  # fmt: skip


@contextlib.contextmanager
def whole_host() -> Iterator[Whole]:
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(machines.lab())
        lab.host.shell("ip link set eth0 addrgenmode none; ip -6 address flush dev eth0")
        others = [Machine(name) for name in ("far", "guest", "vpn")]
        for one in others:
            stack.callback(one.close)
        far, guest, vpn = others
        stack.enter_context(tunnel(lab.host.place, vpn.place, "vpn"))
        _connect(lab, far, guest, vpn)
        yield Whole(lab, far, guest, vpn)


def _connect(lab: Lab, far: Machine, guest: Machine, vpn: Machine) -> None:
    lab.host.ip(
        f"link add eth1 type veth peer name eth0 netns {far.pid}",
        f"link add guest0 type veth peer name eth0 netns {guest.pid}",
        "link add br-guests type bridge forward_delay 0",
        "link set guest0 master br-guests",
        f"link set vpn mtu {SMALL}",
        *(f"link set {link} addrgenmode none" for link in (*INTERFACES, "guest0")),
        *(f"link set {link} up" for link in (*INTERFACES, "guest0")),
        f"address add {SECOND}/24 dev eth0",
        f"address add {VIP}/32 dev lo",
        f"address add {ON_ETH1}/24 dev eth1",
        f"address add {ON_BRIDGE}/16 dev br-guests",
        f"address add {ON_VPN}/24 dev vpn",
        f"route add 10.77.0.0/24 via {FAR}",
        "route add unreachable 10.66.0.0/24",
        "route add prohibit 10.67.0.0/24",
    )
    for machine, address, link, via in (
        (far, f"{FAR}/24", "eth0", ON_ETH1),
        (guest, f"{GUEST}/16", "eth0", ON_BRIDGE),
        (vpn, f"{VPN}/24", "vpn", ON_VPN),
    ):
        machine.ip(
            f"link set {link} up",
            "link set lo up",
            f"address add {address} dev {link}",
            f"route add default via {via}",
        )
    far.ip(f"address add {BEHIND_FAR}/32 dev lo")
    vpn.ip(f"link set vpn mtu {SMALL}")
    for machine in (lab.peer, lab.other):
        machine.ip(*(f"route add {one}/32 via {HOST}" for one in ADDRESSES[1:]))
    for machine in (far, guest, vpn, lab.host):
        machines.unlimit_errors(machine.place)
