# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A workload: the processes of a container, as the user describes them.  Pure."""

from __future__ import annotations

from typing import NamedTuple

STARTED, STOPPED, ABSENT = "started", "stopped", "absent"
SYSTEMD, NSPAWN, PODMAN, DOCKER, OCI = "systemd", "nspawn", "podman", "docker", "oci"
ENGINES = (SYSTEMD, NSPAWN, PODMAN, DOCKER, OCI)
STORES = (PODMAN, DOCKER)  # which have images of their own, by name
RUNC, CRUN = "runc", "crun"  # runtimes of OCI
HOST, PRIVATE = "host", "private"  # whose numbers of processes
CONTAINER, NONE = "container", "none"  # the network of the processes
# While the container is placed: always.  The others end when the command says so.
ALWAYS, ON_FAILURE, NEVER = "always", "on-failure", "no"


class Volume(NamedTuple):
    """A directory or file of the host, and where the workload sees it."""

    source: str
    target: str
    read_only: bool


class Workload(NamedTuple):
    """`unit` is "" when we write the unit: else nothing below it, but `join`, says anything.

    `join`: the unit of others is put into the container's namespace.  `masks` None: the usual ones.
    `restart`: what runs is restarted when what it runs by has changed.  `pid` "": as the engine does it.
    `sockets`: by name, the port on which systemd listens for it in the container, as PORT or PORT/udp.
    """

    name: str
    container: str
    state: str = STARTED
    engine: str = SYSTEMD
    unit: str = ""
    join: bool = False
    rootfs: str = ""
    image: str = ""
    read_only: bool = True
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    user: str = ""
    groups: tuple[str, ...] = ()
    working_dir: str = ""
    volumes: tuple[Volume, ...] = ()
    sandbox: bool = True
    tmpfs: tuple[str, ...] = ("/tmp",)
    masks: tuple[str, ...] | None = None
    capabilities: tuple[str, ...] = ()
    hostname: str = ""
    pid: str = ""
    restart_policy: str = ALWAYS
    stop_timeout: int = 10
    options: tuple[str, ...] = ()
    restart: bool = True
    sockets: tuple[tuple[str, str], ...] = ()
    network: str = CONTAINER
    runtime: str = RUNC
    domainname: str = ""

    @property
    def unit_name(self) -> str:
        return self.unit or f"{self.name}.service"

    @property
    def elsewhere(self) -> bool:
        """Whether only its sockets are in the container."""
        return bool(self.sockets) and not self.join and (bool(self.unit) or self.network == NONE)


class File(NamedTuple):
    """A file of ours, and all that is in it."""

    path: str
    text: str


class Unit(NamedTuple):
    """What systemd says of a unit.  `load` is "not-found" for one that it does not know.

    `main` is the number of the main process, 0 for none.  `stale`: its files have changed since
    systemd has read them.  `path`: where it is written; `result` and `status`: how it has ended;
    `restarts`: how often it was started again by itself; `enabled`: a boot starts it.
    """

    load: str
    active: str
    main: int
    stale: bool
    path: str
    result: str
    status: str
    restarts: int
    enabled: bool = False

    @property
    def runs(self) -> bool:
        return self.active in ("active", "reloading")

    @property
    def is_up(self) -> bool:
        """Whether it runs, or does something to that end."""
        return self.active not in ("inactive", "failed")
