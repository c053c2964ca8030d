# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host, containers and guards as modules return them.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from ..decide.containers import Decision
from ..linux.netns import handle_path
from ..memory import units
from ..memory.record import Record
from ..values import ports
from ..values.access import EVERYBODY, Access
from ..values.guards import SLICE, UNIT, Guards
from ..values.limits import AUTO, OUTSIDE, Limits
from ..values.netfilter import Firewall
from ..values.tenants import Container, Host


def containers_result(decision: Decision, created: Set[str]) -> list[dict[str, Any]]:
    """The containers in the order in which they were asked for; for whom a namespace was `created`."""
    placed = {container.name: container for container in decision.placed}
    return [
        made_result(placed[ask.name], created) if ask.name in placed else absent_result(ask.name)
        for ask in decision.asks
    ]


def ranges_result(decision: Decision, created: Set[str]) -> dict[str, Any]:
    """The only container of a task, and which service ports it won and lost."""
    container = decision.placed[0]
    had = decision.had[container.name].service
    return {
        "container": made_result(container, created),
        "added": ports.written(ports.subtract(container.service, had)),
        "removed": ports.written(ports.subtract(had, container.service)),
    }


def made_result(container: Container, created: Set[str]) -> dict[str, Any]:
    return {**container_result(container), "created": container.name in created}


def container_result(container: Container) -> dict[str, Any]:
    return {
        "name": container.name,
        "state": "present",
        "netns": handle_path(container.handle),
        "namespace_inode": container.inode or None,
        "interface": container.veth.link,
        "ports": ports.written(container.service),
        "assigned": container.assigned,
        "ephemeral_ports": str(container.ephemeral) if container.ephemeral else None,
        "limits": limits_result(container.limits),
        **access_result(container.access),
    }


def access_result(access: Access) -> dict[str, Any]:
    networks = EVERYBODY if access.allow_from is None else access.allow_from
    return {
        "host_services": access.host_services,
        "host_ports": ports.written(access.host_ports),
        "allow_from": [str(one) for one in networks],
    }


def limits_result(limits: Limits) -> dict[str, Any]:
    """Only what is limited, in bytes a second and as tc(8) writes it."""
    return {
        way: {
            "rate": limit.rate,
            "ceil": limit.ceil or None,
            "burst": limit.burst or None,
            "text": str(limit),
        }
        for way, limit in limits._asdict().items()
        if limit
    }


def absent_result(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "state": "absent",
        "netns": None,
        "namespace_inode": None,
        "created": False,
        "interface": None,
        "ports": [],
        "assigned": {},
        "ephemeral_ports": None,
        "limits": {},
        "host_services": None,
        "host_ports": [],
        "allow_from": [],
    }


def firewall_result(firewall: Firewall) -> dict[str, Any]:
    return {name: list(chains) for name, chains in firewall._asdict().items()}


def host_result(host: Host, record: Record, port_range: ports.Range) -> dict[str, Any]:
    """A prepared host; `port_range` is that from which it takes its own ports."""
    options = record.options
    return {
        "public_interface": host.public,
        "loopback_interface": host.loopback,
        "address": f"{host.ipv4.address}/{host.ipv4.prefix}",
        "addresses": [one.address for one in host.addresses],
        "interfaces": [host.public, *(one.link for one in host.entrances or ())],
        "mac": host.mac,
        "mtu": host.mtu,
        "gateway": host.ipv4_gateway or None,
        "ports": ports.written(options.service or ()),
        "ephemeral_ports": str(options.ephemeral),
        "ephemeral_ports_per_container": options.per_container,
        "host_ephemeral_ports": str(port_range),
        "rp_filter": options.rp_filter,
        "link_speed": options.link_speed or AUTO,
        "limit_scope": options.limit_scope or OUTSIDE,
        "fair_shares": bool(options.fair_shares),
        "steering": options.steering,
    }


def service_result(service: units.Found) -> str:
    """A service that is wanted is known to run or not, where systemd is at work."""
    if not service.enabled:
        return "off"
    return {None: "on", True: "running", False: "dead"}[service.runs]


def guards_result(guards: Guards, groups: Mapping[str, str]) -> list[dict[str, Any]]:
    """Guards by name; `groups` says where each is, by kind and target."""
    return [
        {
            "name": guard.name,
            "unit": guard.target if guard.kind == UNIT else None,
            "slice": guard.target if guard.kind == SLICE else None,
            "cgroup": groups[f"{guard.kind} {guard.target}"] or None,
            "container": guard.container or None,
            "ports": guard.ports.written(),
            "policed": guard.judged.written(),
            "action": guard.action,
            "only_tcp_udp": guard.only_tcp_udp,
        }
        for _name, guard in sorted(guards.guards.items())
    ]
