# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters that the host and its containers need.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..values.tenants import ATTACHED, Container, Host

# The original's list of what a new namespace resets to the kernel's defaults.
INHERITED_SYSCTLS = tuple(
    f"net/{name}"
    for name in [
        "core/somaxconn",
        "core/netdev_max_backlog",
        "core/rmem_max",
        "core/wmem_max",
        "ipv4/tcp_ecn",
        "ipv4/tcp_ecn_fallback",
        "ipv4/tcp_fin_timeout",
        "ipv4/tcp_keepalive_time",
        "ipv4/tcp_keepalive_intvl",
        "ipv4/tcp_keepalive_probes",
        "ipv4/tcp_max_syn_backlog",
        "ipv4/tcp_rmem",
        "ipv4/tcp_wmem",
        "ipv4/tcp_retries2",
        "ipv4/tcp_synack_retries",
        "ipv4/neigh/default/gc_thresh1",
        "ipv4/neigh/default/gc_thresh2",
        "ipv4/neigh/default/gc_thresh3",
    ]
)
# What a process without rights may do.  Those who make containers set them for these, so they stay in
# a namespace of another maker.  The host's ip_local_reserved_ports keeps it from ports, of containers
# perhaps, and would keep these from their own.
PING_GROUPS = "net/ipv4/ping_group_range"
PERMISSION_SYSCTLS = ("net/ipv4/ip_unprivileged_port_start", PING_GROUPS)
IPV6_SWITCH = "net/ipv6/conf/all/disable_ipv6"
EPHEMERAL_SYSCTL = "net/ipv4/ip_local_port_range"


def veth_ipv6_sysctl(veth: str) -> str:
    return f"net/ipv6/conf/{veth}/disable_ipv6"


def _ipv6_inside(public: str) -> dict[str, str]:
    """A container has the addresses and routes that it is given, and no others."""
    conf = f"net/ipv6/conf/{public}"
    return {f"{conf}/addr_gen_mode": "1", f"{conf}/accept_ra": "0"}


def inside_sysctl_names(public: str) -> tuple[str, ...]:
    """The sysctls that we set in every container's namespace."""
    conf = "net/ipv4/conf"
    own = (f"{conf}/{public}/accept_local", f"{conf}/{public}/arp_ignore", *_ipv6_inside(public))
    return (*own, f"{conf}/lo/accept_local", f"{conf}/lo/route_localnet", EPHEMERAL_SYSCTL)


def optional_sysctl_names() -> tuple[str, ...]:
    """The sysctls that we set where a namespace has them of its own."""
    return (IPV6_SWITCH, *inherited_sysctl_names())


def inherited_sysctl_names() -> tuple[str, ...]:
    return (*INHERITED_SYSCTLS, *PERMISSION_SYSCTLS)


def inside_sysctls(
    host: Host, container: Container, settable: Iterable[str], inherited: Mapping[str, str]
) -> dict[str, str]:
    """Values wanted inside; only `settable` ones, and the host's values of `inherited`."""
    conf = "net/ipv4/conf"
    values = {
        f"{conf}/{host.public}/accept_local": "1",
        f"{conf}/{host.public}/arp_ignore": "8",  # the host alone answers for the shared address
        "net/ipv4/conf/lo/accept_local": "1",
        "net/ipv4/conf/lo/route_localnet": "1",
    }
    if container.ephemeral:
        values[EPHEMERAL_SYSCTL] = f"{container.ephemeral.first} {container.ephemeral.last}"
    possible = set(settable)
    if container.origin == ATTACHED:
        possible.difference_update(PERMISSION_SYSCTLS)
    if IPV6_SWITCH in possible:
        values[IPV6_SWITCH] = "0" if host.has_ipv6 else "1"
    if host.has_ipv6:
        values |= _ipv6_inside(host.public)
    values.update((name, value) for name, value in inherited.items() if name in possible)
    return values


def host_sysctls(host: Host) -> dict[str, str]:
    """Without these the host's loopback would refuse what containers send to it [5]-[8]."""
    conf = "net/ipv4/conf"
    return {
        f"{conf}/{host.loopback}/route_localnet": "1",
        f"{conf}/{host.loopback}/accept_local": "1",
        f"{conf}/{host.loopback}/send_redirects": "0",
        f"{conf}/all/send_redirects": "0",
    }


def relaxed_rp_filter(host: Host, found: Mapping[str, str]) -> dict[str, str]:
    """rp_filter off for `all` and the loopback, and no weaker than before everywhere else.

    `found` maps the links (with `all` and `default`) to their values; the kernel applies the
    larger of a link's own value and that of `all`.
    """
    general = int(found["all"])
    values = {
        name: str(max(general, int(own)))
        for name, own in found.items()
        if name not in ("all", host.loopback) and int(own) < general
    }
    values["all"] = values[host.loopback] = "0"
    return {f"net/ipv4/conf/{name}/rp_filter": value for name, value in values.items()}
