# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cases and contenders are called, in tables and pictures alike."""

from __future__ import annotations

CASES = (
    "place all",
    "second run",
    "add one",
    "change one",
    "repair one",
    "remove one",
    "remove all",
)
TESTS = {
    "tcp_stream": "TCP stream",
    "tcp_rr": "TCP request/response",
    "tcp_connect": "TCP connect",
    "udp_rr": "UDP request/response",
    "udp_flood": "UDP packets",
}
WAYS = {
    "ours": "this collection",
    "linear": "filters in one list, middle",
    "linear last": "filters in one list, last",
    "dnat": "NAT, a rule per range, middle",
    "dnat last": "NAT, a rule per range, last",
    "dnat by port last": "NAT, a rule per port, last",
    "nft map": "NAT, nftables map",
    "pasta": "pasta",
}
ENGINES = {
    "ours": "this collection",
    "docker": "docker",
    "docker without proxies": "docker, userland-proxy off",
    "podman": "podman",
}
CONNECTED = {
    "namespaces": "nothing but a network namespace",
    "ours": "this collection",
    "dnat": "a bridge, NAT with a rule per range",
}
