# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the values of our files are written as JSON, and read back with suspicion.  Pure.

What is read has the type that was expected, or it is a TypeError or ValueError.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ..linux import uapi as k
from ..values import ports
from ..values.access import Access, shortest
from ..values.limits import ALL, OUTSIDE, SCOPES, Limit, Limits, is_sound
from ..values.options import STEERING, HostOptions
from ..values.tenants import Named
from ..wanted import limits as limiting
from ..wanted import requests

HOST_KEYS = (
    "public_interface",
    "loopback_interface",
    "ports",
    "ephemeral_ports",
    "ephemeral_ports_per_container",
    "host_ephemeral_ports",
    "rp_filter",
    # Not in what earlier versions wrote; left out where they say nothing:
    "address",
    "link_speed",
    "limit_scope",
    "fair_shares",
    "steering",
    "interfaces",
    "ipv6",
)
_OPTIONAL = HOST_KEYS[-7:-2]
_FIRST = ("steering", STEERING)


def host_json(options: HostOptions) -> dict[str, Any]:
    """The options of a host, by the names that portmap_host has for them."""
    data: dict[str, Any] = {
        "public_interface": options.public,
        "loopback_interface": options.loopback,
        "ports": ports.written(options.service or ()),
        "ephemeral_ports": range_json(options.ephemeral),
        "ephemeral_ports_per_container": options.per_container,
        "host_ephemeral_ports": range_json(options.host_ephemeral),
        "rp_filter": options.rp_filter,
    }
    if options.interfaces is not None:  # () is none of them
        data["interfaces"] = list(options.interfaces)
    if options.ipv6 is not None:
        data["ipv6"] = options.ipv6
    told = {name: getattr(options, name) for name in _OPTIONAL}
    return {
        **data,
        **{name: value for name, value in told.items() if value and (name, value) != _FIRST},
    }


def read_host(data: Mapping[str, object]) -> HostOptions:
    """The same, read.  Raises InvalidRequest for what no option could be."""
    rp_filter = json_text(data["rp_filter"])
    if rp_filter not in ("relax", "keep"):
        raise ValueError(f"rp_filter '{rp_filter}' is neither relax nor keep")
    steering = json_text(data.get("steering", STEERING))
    if steering not in ("u32", "bpf"):
        raise ValueError(f"steering '{steering}' is neither u32 nor bpf")
    return HostOptions(
        _read_link(data["public_interface"]),
        _read_link(data["loopback_interface"]),
        read_ranges(data["ports"]),
        ports.parse(json_text(data["ephemeral_ports"]), "ephemeral_ports"),
        json_number(data["ephemeral_ports_per_container"]),
        read_range(data["host_ephemeral_ports"], "host_ephemeral_ports"),
        rp_filter,
        read_address(data.get("address", "")),
        _read_speed(data.get("link_speed", "")),
        _read_scope(data.get("limit_scope", "")),
        steering,
        _read_interfaces(data.get("interfaces")),
        _read_switch(data.get("ipv6")),
        _read_fair_shares(data.get("fair_shares", False), data.get("link_speed", "")),
    )


def _read_switch(value: object) -> bool | None:
    if value not in (None, True, False):
        raise ValueError(f"ipv6 '{value}' is neither true nor false")
    return None if value is None else bool(value)


def _read_interfaces(value: object) -> tuple[str, ...] | None:
    return None if value is None else tuple(json_text(one) for one in json_list(value))


def _read_speed(value: object) -> str:
    speed = json_text(value)
    return limiting.read_speed(speed) if speed else ""


def _read_fair_shares(value: object, speed: object) -> bool | None:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    limiting.check_fair_shares(value, json_text(speed))
    return value or None


def _read_scope(value: object) -> str:
    scope = json_text(value)
    if scope not in ("", *SCOPES):
        raise ValueError(f"limit_scope '{scope}' is neither {OUTSIDE} nor {ALL}")
    return scope


def read_address(value: object) -> str:
    """An IPv4 address, or "" for none."""
    address = json_text(value)
    return str(ipaddress.IPv4Address(address)) if address else ""


def _read_link(value: object) -> str:
    name = json_text(value)
    if len(name.encode()) >= k.ALTIFNAMSIZ or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is not the name of an interface")
    return name


def range_json(item: ports.Range | None) -> str | None:
    return str(item) if item else None


def read_ranges(value: object) -> ports.Ranges:
    return ports.parse_all([json_text(item) for item in json_list(value)], "ports")


def read_named(value: object) -> tuple[Named, ...]:
    request = json_mapping(value)
    found = [
        Named(name, ports.parse(json_text(item), "assigned")) for name, item in request.items()
    ]
    requests.read({one.name: one.ports.size for one in found}, "a container")
    return tuple(sorted(found))


def limits_json(limits: Limits) -> dict[str, list[int]]:
    return {way: list(one) for way, one in limits._asdict().items() if one}


def read_limits(value: object) -> Limits:
    found = check_keys(value, Limits._fields)
    return Limits(**{way: _read_limit(one) for way, one in found.items()})


def _read_limit(value: object) -> Limit:
    numbers = [json_number(one) for one in json_list(value)]
    limit = Limit(*numbers) if len(numbers) == len(Limit._fields) else Limit(0)
    if not is_sound(limit):
        raise ValueError(f"{value!r} is no limit")
    return limit


def access_json(access: Access) -> dict[str, Any]:
    networks = access.allow_from
    return {
        "host_services": access.host_services,
        "host_ports": ports.written(access.host_ports),
        "allow_from": networks if networks is None else [str(one) for one in networks],
    }


def read_access(value: object) -> Access:
    found = check_keys(value, Access._fields)
    services, networks = found["host_services"], found["allow_from"]
    if not isinstance(services, bool):
        raise TypeError(f"{services!r} is neither true nor false")
    host_ports = read_ranges(found["host_ports"])
    if services and host_ports:
        raise ValueError(f"{value!r} opens ports of the host, which are open")
    if networks is None:
        return Access(services, host_ports)
    listed = [ipaddress.IPv4Network(json_text(one)) for one in json_list(networks)]
    return Access(services, host_ports, shortest(listed))


def read_range(value: object, option: str) -> ports.Range | None:
    return None if value is None else ports.parse(json_text(value), option)


def json_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def json_number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def json_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value


def json_mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a mapping")
    return value


def check_keys(value: object, known: tuple[str, ...]) -> Mapping[str, object]:
    """A mapping that has no other keys."""
    data = json_mapping(value)
    strange = sorted(set(data) - set(known))
    if strange:
        raise ValueError(f"the key '{strange[0]}' is not known")
    return data
