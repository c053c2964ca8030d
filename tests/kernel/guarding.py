# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with guards, and what a process of a guarded group does: for the tests of the ports guard."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import cgroups

from lab import cgroups as groups
from lab import machines
from lab.cgroups import Group
from lab.machines import Lab
from lab.modules import Modules
from lab.netns import inside

POLICED = ["1000-1999", "31000-31999"]
OWN = 31000
FOREIGN = 31500
FREE = 8080  # not policed
I4, I6, TCP, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
UDPLITE, MPTCP = 136, 262
CLONE_NEWNET = 0x40000000
IP_FREEBIND, IP_BIND_ADDRESS_NO_PORT = 15, 24


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with machines.lab() as built:
        built.host.own_directories()
        yield built


@pytest.fixture
def modules(lab: Lab) -> Iterator[Modules]:
    made = Modules(lab.host)
    yield made
    made.guard(guards=[], purge=True)


@pytest.fixture
def group() -> Iterator[Group]:
    with groups.group() as made:
        yield made


def guard(group: Group, **more: Any) -> dict[str, Any]:
    given = {"name": "web", "cgroup": f"/{group.path.name}", "ports": [f"{OWN}-{OWN + 7}"]}
    return {
        "guards": [{**given, **more}],
        "policed": POLICED,
        "action": "deny",
        "scan_interval": 0,
    }


@pytest.fixture
def guarded(modules: Modules, group: Group) -> Group:
    modules.guard(**guard(group))
    return group


def on_host(lab: Lab, act: Callable[[], object]) -> Callable[[], object]:
    def there() -> object:
        with inside(lab.host.place.netns):
            return act()

    return there


def bind(
    family: int,
    kind: int,
    port: int,
    protocol: int = 0,
    *options: tuple[int, int, int],
    host: str = "",
) -> str:
    with socket.socket(family, kind, protocol) as made:
        for option in options:
            made.setsockopt(*option)
        made.bind((host, port))
        if kind == TCP:
            made.listen()
        return "bound"


def programs(group: Group) -> set[int]:
    with group.open() as directory:
        return {number for hook in (2, 3, 12, 13) for number in cgroups.attached(directory, hook)}
