# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module refuses, and that it has changed nothing then."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from lab import machines, probes, state
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.netns import inside
from lab.pools import POOLS
from scene import inventory


@pytest.fixture
def crowded(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def refused(
    lab: Lab, modules: Modules, module: str, parameters: dict[str, Any], *says: str
) -> None:
    before = state.of(lab.host)
    says_no(modules, module, parameters, *says)
    assert state.difference(before, state.of(lab.host)) == ""


def says_no(modules: Modules, module: str, parameters: dict[str, Any], *says: str) -> None:
    """The module fails, with these words in its message, and in check mode just so."""
    for asked in (modules, modules.checking()):
        result = asked.result(module, parameters)
        assert result.get("failed"), f"accepted: {result}"
        missing = [word for word in says if not re.search(word, result["msg"])]
        assert missing == [], result["msg"]


@contextmanager
def listener(machine: Machine, address: str, port: int, kind: str) -> Iterator[None]:
    """A process of the machine that uses a port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(machine.place.netns):
        server = socket.socket(family, probes.KINDS[kind])
    with server:
        server.bind((address, port))
        if kind == "tcp":
            server.listen()
        yield


class Witness:
    """A host that refusals leave as it is, and so serves for many; made anew when one did not."""

    def __init__(self, steps: list[tuple[str, dict[str, Any]]]) -> None:
        self._steps = steps
        self._stack = ExitStack()
        self._modules: Modules | None = None
        self._before: state.State = {}

    @property
    def modules(self) -> Modules:
        if self._modules is None:
            self._modules = Modules(self._stack.enter_context(machines.lab()).host)
            for step in self._steps:
                self._modules.call(*step)
            self._before = state.of(self._modules.machine)
        return self._modules

    def refuses(self, module: str, parameters: dict[str, Any], *says: str) -> None:
        modules = self.modules
        try:
            says_no(modules, module, parameters, *says)
            after = state.of(modules.machine)
            assert state.difference(self._before, after) == ""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stack.close()
        self._modules = None


@pytest.fixture(scope="module")
def bare_host() -> Iterator[Witness]:
    witness = Witness([])
    yield witness
    witness.close()


@pytest.fixture(scope="module")
def crowded_host() -> Iterator[Witness]:
    witness = Witness([host(), container(containers=inventory())])
    yield witness
    witness.close()


def host(**changes: Any) -> tuple[str, dict[str, Any]]:
    return "portmap_host", {**POOLS, **changes}


def container(**parameters: Any) -> tuple[str, dict[str, Any]]:
    return "portmap_container", parameters


def ranges(**parameters: Any) -> tuple[str, dict[str, Any]]:
    return "portmap_ranges", parameters
