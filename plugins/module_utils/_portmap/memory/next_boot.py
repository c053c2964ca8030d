# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The desired state as Ansible last left it, saved for the next boot.

One JSON file in a directory that is there when it is wanted.  While the host runs, it is written
and never believed: the kernel tells what is.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from typing import NamedTuple

from ..values import ports, tenants
from ..values.errors import InvalidRequest
from ..wanted import claims
from ..wanted.claims import Pools
from .files import JsonFile, listing, number, text

DIRECTORY = "/var/lib/netiso-portmap"
_FILE = JsonFile("the desired state", DIRECTORY, "desired.json", lasting=True)
PATH = _FILE.path
_VERSION = 1
_HOST_KEYS = [
    "public_interface",
    "loopback_interface",
    "ports",
    "ephemeral_ports",
    "ephemeral_ports_per_container",
    "host_ephemeral_ports",
    "rp_filter",
]
_CONTAINER_KEYS = ["name", "netns", "origin", "ports", "ephemeral_ports"]


class Damaged(InvalidRequest):
    """`why` the file cannot be believed."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"cannot read {PATH}: {why}; run the playbook of this host (such as"
            " netiso.portmap.site) to write it anew"
        )
        self.why = why


class Host(NamedTuple):
    """The options of portmap_host as they were given; "" and None stand for what was left out."""

    public: str
    loopback: str
    pools: Pools
    host_ephemeral: ports.Range | None
    rp_filter: str


class Container(NamedTuple):
    """What it takes to place a container again.

    `netns` is its handle; of one that was attached, the path; "" when a process was named.
    """

    name: str
    netns: str
    origin: str
    service: ports.Ranges
    ephemeral: ports.Range | None

    @property
    def owned(self) -> ports.Ranges:
        return (*self.service, *([self.ephemeral] if self.ephemeral else []))


class Saved(NamedTuple):
    """`containers` by name."""

    host: Host
    containers: Mapping[str, Container]


class Found(NamedTuple):
    """What was read; `problem` says why a file that exists has no `state`."""

    state: Saved | None
    problem: str


# --- the file -----------------------------------------------------------------------------------


def wanted() -> bool:
    """Whether the desired state of this host is to be saved."""
    return os.path.isdir(DIRECTORY)


def look() -> Found | None:
    """The saved state; None when this host saves none.

    Raises InvalidRequest when the directory is not root's alone to write.
    """
    if not wanted():
        return None
    _check_directory()
    try:
        return Found(_read(), "")
    except Damaged as error:
        return Found(None, error.why)


def load() -> Saved | None:
    """The saved state, checked; None when there is none.  Raises InvalidRequest saying why not."""
    if not wanted():
        return None
    _check_directory()
    state = _read()
    if state is not None:
        try:
            check(state)
        except InvalidRequest as error:
            raise Damaged(str(error)) from error
    return state


def _read() -> Saved | None:
    try:
        descriptor = os.open(PATH, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(str(error.strerror)) from error
    with open(descriptor, encoding="utf-8") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Damaged("it is not a plain file")
        problem = _not_roots_alone(found)
        if problem:
            raise Damaged(problem)
        try:
            return decode(file.read())
        except UnicodeDecodeError as error:
            raise Damaged(str(error)) from error


def _check_directory() -> None:
    problem = _not_roots_alone(os.stat(DIRECTORY))
    if problem:
        raise InvalidRequest(
            f"cannot use the directory {DIRECTORY}: {problem}; give it to root with mode 0700, or"
            " run the role netiso.portmap.host"
        )


def _not_roots_alone(found: os.stat_result) -> str:
    if found.st_uid != 0:
        return f"its owner is user {found.st_uid} instead of root"
    mode = stat.S_IMODE(found.st_mode)
    return f"others than root may write it (mode {mode:04o})" if mode & 0o022 else ""


def save(state: Saved) -> None:
    _FILE.save(encode(state))


def delete() -> None:
    _FILE.delete()


def discard_draft() -> None:
    _FILE.discard_draft()


# --- its text -----------------------------------------------------------------------------------


def encode(state: Saved) -> str:
    """JSON, a line for each container."""
    host = state.host
    told = {
        "public_interface": host.public,
        "loopback_interface": host.loopback,
        "ports": _texts(host.pools.service),
        "ephemeral_ports": str(host.pools.ephemeral),
        "ephemeral_ports_per_container": host.pools.per_container,
        "host_ephemeral_ports": _optional(host.host_ephemeral),
        "rp_filter": host.rp_filter,
    }
    containers = [
        {
            "name": one.name,
            "netns": one.netns,
            "origin": one.origin,
            "ports": _texts(one.service),
            "ephemeral_ports": _optional(one.ephemeral),
        }
        for _name, one in sorted(state.containers.items())
    ]
    listed = ",".join(f"\n  {json.dumps(one)}" for one in containers)
    return (
        f'{{\n "version": {_VERSION},\n "host": {json.dumps(told)},\n'
        f' "containers": [{listed}\n ]\n}}\n'
    )


def _texts(ranges: ports.Ranges) -> list[str]:
    return [str(item) for item in ranges]


def _optional(item: ports.Range | None) -> str | None:
    return str(item) if item else None


def decode(written: str) -> Saved:
    """Raises InvalidRequest unless the text is whole, of this version, and has nothing else."""
    try:
        data = json.loads(written)
        if data["version"] != _VERSION:
            raise Damaged(f"version {data['version']!r} instead of {_VERSION}")
        _check_keys(data, ["version", "host", "containers"])
        containers = [_container(item) for item in listing(data["containers"])]
        claims.check_unique([container.name for container in containers])
        return Saved(_host(data["host"]), {one.name: one for one in containers})
    except Damaged:
        raise
    except InvalidRequest as error:
        raise Damaged(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{type(error).__name__} {error}") from error


def _check_keys(data: object, known: list[str]) -> Mapping[str, object]:
    if not isinstance(data, dict):
        raise TypeError(f"{data!r} is not a mapping")
    strange = sorted(set(data) - set(known))
    if strange:
        raise ValueError(f"the key '{strange[0]}' is not known")
    return data


def _host(found: object) -> Host:
    data = _check_keys(found, _HOST_KEYS)
    pools = Pools(
        _ranges(data["ports"]),
        ports.parse(text(data["ephemeral_ports"]), "ephemeral_ports"),
        number(data["ephemeral_ports_per_container"]),
    )
    own = _optional_range(data["host_ephemeral_ports"], "host_ephemeral_ports")
    if text(data["rp_filter"]) not in ("relax", "keep"):
        raise ValueError(f"rp_filter '{data['rp_filter']}' is neither relax nor keep")
    return Host(
        _link(data["public_interface"]),
        _link(data["loopback_interface"]),
        pools,
        own,
        text(data["rp_filter"]),
    )


def _link(value: object) -> str:
    name = text(value)
    if len(name.encode()) > 15 or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is not the name of an interface")
    return name


def _container(found: object) -> Container:
    data = _check_keys(found, _CONTAINER_KEYS)
    name, netns, origin = (text(data[key]) for key in ("name", "netns", "origin"))
    claims.check_name(name)
    fits = {
        tenants.CREATED: netns == name,
        tenants.KEPT: netns not in ("", ".", "..") and "/" not in netns,
        tenants.ATTACHED: not netns or netns.startswith("/"),
    }
    if not fits.get(origin) or b"\0" in os.fsencode(netns):
        raise ValueError(f"netns {netns!r} of {name} does not go with the origin '{origin}'")
    ephemeral = _optional_range(data["ephemeral_ports"], "ephemeral_ports")
    return Container(name, netns, origin, _ranges(data["ports"]), ephemeral)


def _ranges(value: object) -> ports.Ranges:
    return ports.parse_all([text(item) for item in listing(value)], "ports")


def _optional_range(value: object, option: str) -> ports.Range | None:
    return None if value is None else ports.parse(text(value), option)


def check(state: Saved) -> None:
    """Raise InvalidRequest unless a host could have all of it."""
    host = state.host
    claims.check_pools(host.pools, host.host_ephemeral)
    requests = [
        claims.Request(one.name, ports=one.service, ephemeral=one.ephemeral)
        for one in state.containers.values()
    ]
    spaces = {
        one.name: claims.Namespace(one.netns, one.origin, 0, "")
        for one in state.containers.values()
    }
    claims.resolve(requests, host.pools, {}, {}, spaces, ())


def lines(state: Saved | None) -> dict[str, str]:
    """The saved state for a reader: what is said of the host, and of each container."""
    if state is None:
        return {}
    host = state.host
    said = {
        "host": f"host public_interface {host.public or 'of the default route'}"
        f" loopback_interface {host.loopback or 'lo'} ports {claims.say(host.pools.service)}"
        f" ephemeral_ports {host.pools.ephemeral} (each {host.pools.per_container})"
        f" host_ephemeral_ports {host.host_ephemeral or 'left alone'} rp_filter {host.rp_filter}"
    }
    for name, one in sorted(state.containers.items()):
        said[f"container {name}"] = (
            f"container {name} netns {one.netns or 'of a process'} ({one.origin})"
            f" ports {claims.say(one.service) or 'none'} ephemeral_ports {one.ephemeral}"
        )
    return said
