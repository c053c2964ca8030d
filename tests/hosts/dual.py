# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that has IPv6 beside IPv4, and who is around it.

It has two addresses on its uplink, one on its loopback, a second uplink with a network behind it, and a VPN
of a small MTU whose packets have no headers of Ethernet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab import machines
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.tunnel import tunnel

HOST, SECOND, VIP, ON_ETH1, ON_VPN = (
    "2001:db8::1", "2001:db8::2", "2001:db8:ffff::100", "2001:db8:9::1", "fd00:8::1",
)  # fmt: skip
ADDRESSES = (HOST, SECOND, VIP, ON_ETH1, ON_VPN)
PEER, FAR, BEHIND_FAR, BEYOND, VPN = (
    "2001:db8::fe", "2001:db8:9::2", "2001:db8:77::1", "2001:db8:1234::1", "fd00:8::2",
)  # fmt: skip
ELSEWHERE = (PEER, FAR, BEHIND_FAR, BEYOND, VPN)
SMALL = 1300  # the MTU of the VPN


class Six:
    """The machines: those of the lab, and who is behind the other interfaces."""

    def __init__(self, lab: Lab, far: Machine, vpn: Machine) -> None:
        self.lab, self.modules = lab, Modules(lab.host)
        self.web, self.host = lab.container("web"), lab.host.place
        self.outside = {PEER: lab.peer, FAR: far, VPN: vpn}
        self.at = {**self.outside, BEYOND: lab.peer, BEHIND_FAR: far}


@contextlib.contextmanager
def host_with_ipv6() -> Iterator[Six]:
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(machines.lab())
        far, vpn = Machine("far"), Machine("vpn")
        stack.callback(far.close)
        stack.callback(vpn.close)
        stack.enter_context(tunnel(lab.host.place, vpn.place, "vpn"))
        _connect(lab, far, vpn)
        yield Six(lab, far, vpn)


def _connect(lab: Lab, far: Machine, vpn: Machine) -> None:
    lab.host.shell("ip link set eth0 addrgenmode none; ip -6 address flush dev eth0")
    lab.peer.place.set_sysctl("ipv6/conf/all/disable_ipv6", "0")
    lab.host.ip(
        f"link add eth1 type veth peer name eth0 netns {far.pid}",
        f"link set vpn mtu {SMALL} addrgenmode none up",
        "link set eth1 addrgenmode none up",
    )
    for machine, link in ((far, "eth0"), (vpn, "vpn")):
        machine.ip("link set lo up", f"link set {link} addrgenmode none up")
    vpn.ip(f"link set vpn mtu {SMALL}")
    for machine, address, link in (
        (lab.host, f"{HOST}/64", "eth0"), (lab.host, f"{SECOND}/64", "eth0"),
        (lab.host, f"{VIP}/128", "lo"), (lab.host, f"{ON_ETH1}/64", "eth1"),
        (lab.host, f"{ON_VPN}/64", "vpn"),
        (lab.peer, f"{PEER}/64", "eth0"), (lab.peer, f"{BEYOND}/128", "lo"),
        (far, f"{FAR}/64", "eth0"), (far, f"{BEHIND_FAR}/128", "lo"), (vpn, f"{VPN}/64", "vpn"),
    ):  # fmt: skip
        machine.ip(f"address add {address} dev {link} nodad")
    lab.host.ip(
        f"route add default via {PEER} src {HOST}",
        f"route add 2001:db8:77::/64 via {FAR}",
        "route add unreachable 2001:db8:66::/64",
        "route add prohibit 2001:db8:67::/64",
    )
    lab.peer.ip(*(f"route add {one}/128 via {HOST}" for one in (VIP, ON_ETH1, ON_VPN)))
    far.ip(f"route add default via {ON_ETH1}")
    vpn.ip(f"route add default via {ON_VPN}")
    for machine in (lab.host, lab.peer, far, vpn):
        machine.place.set_sysctl("ipv6/icmp/ratelimit", "0")
