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

from ..linux.paths import not_roots_alone
from ..values import access, ports, tenants
from ..values.access import OPEN, Access
from ..values.errors import InvalidRequest
from ..values.limits import NONE, Limits
from ..values.options import STEERING, HostOptions
from ..values.tenants import Named
from ..wanted import claims
from ..wanted.busy import Busy
from . import codec
from .files import JsonFile

DIRECTORY = "/var/lib/netiso-portmap"
_FILE = JsonFile("the desired state", DIRECTORY, "desired.json", lasting=True)
PATH = _FILE.path
_VERSION = 1
_KEYS = ("name", "netns", "origin", "ports", "ephemeral_ports")
# These are not in what earlier versions wrote; left out where they say nothing.
_CONTAINER_KEYS = (*_KEYS, "assigned", "limits", "access")


class Damaged(InvalidRequest):
    """`why` the file cannot be believed."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"cannot read {PATH}: {why}; run the playbook of this host (such as"
            " netiso.portmap.site) to write it anew"
        )
        self.why = why


class Entry(NamedTuple):
    """What it takes to place a container again.

    `netns` is its handle; of one that was attached, the path; "" when a process was named.
    """

    name: str
    netns: str
    origin: str
    service: ports.Ranges
    ephemeral: ports.Range | None
    named: tuple[Named, ...] = ()
    limits: Limits = NONE
    access: Access = OPEN

    @property
    def assigned(self) -> dict[str, str]:
        return {one.name: str(one.ports) for one in self.named}

    def without(self, taken: ports.Ranges) -> Entry:
        """The same when others have these service ports."""
        named = tuple(one for one in self.named if not ports.intersect([one.ports], taken))
        return self._replace(service=ports.subtract(self.service, taken), named=named)

    @property
    def owned(self) -> ports.Ranges:
        return (*self.service, *([self.ephemeral] if self.ephemeral else []))


class Saved(NamedTuple):
    """`host` has the options as they were given, but all pools; `containers` by name."""

    host: HostOptions
    containers: Mapping[str, Entry]


class SavedFile(NamedTuple):
    """What was read; `problem` says why a file that exists has no `state`."""

    state: Saved | None
    problem: str


# --- the file -----------------------------------------------------------------------------------


def wanted() -> bool:
    """Whether the desired state of this host is to be saved."""
    return os.path.isdir(DIRECTORY)


def is_alone() -> bool:
    """Whether there is nothing else in the directory."""
    return not set(os.listdir(DIRECTORY)) - set(_FILE.names)


def read() -> SavedFile | None:
    """The saved state; None when this host saves none.

    Raises InvalidRequest when the directory is not root's alone to write.
    """
    if not wanted():
        return None
    _check_directory()
    try:
        return SavedFile(_read(), "")
    except Damaged as error:
        return SavedFile(None, error.why)


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
        problem = not_roots_alone(found)
        if problem:
            raise Damaged(problem)
        try:
            return decode(file.read())
        except UnicodeDecodeError as error:
            raise Damaged(str(error)) from error


def _check_directory() -> None:
    problem = not_roots_alone(os.stat(DIRECTORY))
    if problem:
        raise InvalidRequest(
            f"cannot use the directory {DIRECTORY}: {problem}; give it to root with mode 0700"
        )


def save(state: Saved) -> None:
    _FILE.save(encode(state))


def delete() -> None:
    _FILE.delete()


def discard_draft() -> None:
    _FILE.discard_draft()


# --- its text -----------------------------------------------------------------------------------


def encode(state: Saved) -> str:
    """JSON, a line for each container."""
    containers = [
        {
            "name": one.name,
            "netns": one.netns,
            "origin": one.origin,
            "ports": ports.written(one.service),
            "ephemeral_ports": codec.range_json(one.ephemeral),
            **({"assigned": one.assigned} if one.named else {}),
            **({"limits": codec.limits_json(one.limits)} if one.limits != NONE else {}),
            **({"access": codec.access_json(one.access)} if one.access != OPEN else {}),
        }
        for _name, one in sorted(state.containers.items())
    ]
    listed = ",".join(f"\n  {json.dumps(one)}" for one in containers)
    return (
        f'{{\n "version": {_VERSION},\n "host": {json.dumps(codec.host_json(state.host))},\n'
        f' "containers": [{listed}\n ]\n}}\n'
    )


def decode(written: str) -> Saved:
    """Raises InvalidRequest unless the text is whole, of this version, and has nothing else."""
    try:
        data = json.loads(written)
        if data["version"] != _VERSION:
            raise Damaged(f"version {data['version']!r} instead of {_VERSION}")
        codec.check_keys(data, ("version", "host", "containers"))
        containers = [_entry(item) for item in codec.json_list(data["containers"])]
        claims.check_unique([container.name for container in containers])
        return Saved(_host(data["host"]), {one.name: one for one in containers})
    except Damaged:
        raise
    except InvalidRequest as error:
        raise Damaged(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{type(error).__name__} {error}") from error


def _host(found: object) -> HostOptions:
    return codec.read_host(codec.check_keys(found, codec.HOST_KEYS))


def _entry(found: object) -> Entry:
    data = codec.check_keys(found, _CONTAINER_KEYS)
    name, netns, origin = (codec.json_text(data[key]) for key in ("name", "netns", "origin"))
    claims.check_name(name)
    fits = {
        tenants.CREATED: netns == name,
        tenants.KEPT: netns not in ("", ".", "..") and "/" not in netns,
        tenants.ATTACHED: not netns or netns.startswith("/"),
    }
    if not fits.get(origin) or b"\0" in os.fsencode(netns):
        raise ValueError(f"netns {netns!r} of {name} does not go with the origin '{origin}'")
    ephemeral = codec.read_range(data["ephemeral_ports"], "ephemeral_ports")
    service, named = codec.read_ranges(data["ports"]), codec.read_named(data.get("assigned", {}))
    stray = ports.subtract([one.ports for one in named], service)
    if stray:
        raise ValueError(f"{ports.text(stray)} of {name} has a name, but is not among its ports")
    limits = codec.read_limits(data.get("limits", {}))
    allowed = codec.read_access(data["access"]) if "access" in data else OPEN
    return Entry(name, netns, origin, service, ephemeral, named, limits, allowed)


def check(state: Saved) -> None:
    """Raise InvalidRequest unless a host could have all of it."""
    host = state.host
    claims.check_pools(host.pools, host.host_ephemeral)
    asks = [
        claims.Ask(
            one.name,
            ports=one.service,
            ephemeral=one.ephemeral,
            named=one.named,
            limits=one.limits,
            access=one.access,
        )
        for one in state.containers.values()
    ]
    spaces = {
        one.name: claims.Namespace(one.netns, one.origin, 0, "")
        for one in state.containers.values()
    }
    claims.resolve(asks, host.pools, {}, {}, spaces, Busy())


def lines(state: Saved | None) -> dict[str, str]:
    """The saved state for a reader: what is said of the host, and of each container."""
    if state is None:
        return {}
    host = state.host
    said = {
        "host": f"host public_interface {host.public or 'of the default route'}"
        f" loopback_interface {host.loopback or 'lo'} ports {ports.text(host.service or ())}"
        f" ephemeral_ports {host.ephemeral} (each {host.per_container})"
        f" host_ephemeral_ports {host.host_ephemeral or 'left alone'} rp_filter {host.rp_filter}"
        + (f" address {host.address}" if host.address else "")
        + (f" link_speed {host.link_speed}" if host.link_speed else "")
        + (f" limit_scope {host.limit_scope}" if host.limit_scope else "")
        + (" with fair shares" if host.fair_shares else "")
        + (f" steering {host.steering}" if host.steering not in ("", STEERING) else "")
    }
    for name, one in sorted(state.containers.items()):
        said[f"container {name}"] = (
            f"container {name} netns {one.netns or 'of a process'} ({one.origin})"
            f" ports {ports.text(one.service) or 'none'} ephemeral_ports {one.ephemeral}"
            + "".join(f" {named} {text}" for named, text in one.assigned.items())
            + (f" limits {one.limits}" if one.limits != NONE else "")
            + "".join(f" {words}" for words in access.said(one.access))
        )
    return said
