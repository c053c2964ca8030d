# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forwarding of IPv6 on a link, switched on without the loss of what routers have told the host.

A router believes no other router: with the first link that forwards, the kernel forgets all that it has by
router advertisements, the default route of the host too.  It keeps what came through links on which the host
believes them even as a router (accept_ra 2), which differs in nothing else.  Source: net/ipv6/addrconf.c
(addrconf_fixup_forwarding), net/ipv6/route.c (rt6_purge_dflt_routers).
"""

from __future__ import annotations

from . import procsys

_AS_HOST, _ALWAYS = "1", "2"


def is_ipv6(name: str) -> bool:
    """Whether a kernel parameter is such a switch."""
    return name.startswith("net/ipv6/conf/") and name.endswith("/forwarding")


def write(name: str, value: str) -> None:
    """Raises KernelRefused."""
    links = [one for one in procsys.links("ipv6") if one not in ("all", "default")]
    switches = [f"net/ipv6/conf/{link}/accept_ra" for link in links]
    believing = [one for one in switches if procsys.read(one) == _AS_HOST]
    for one in believing:
        procsys.write(one, _ALWAYS)
    try:
        procsys.write(name, value)
    finally:
        for one in believing:
            procsys.write(one, _AS_HOST)
