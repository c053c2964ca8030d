# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the collection's modules on the host of a lab."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import nursery
from .machines import Machine

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"
PATIENCE = 300  # seconds for one run: a thousand containers on a busy machine
RUNNER = Path(__file__).with_name("run_module.py")


class ModuleError(Exception):
    """The module said `failed`; `msg` says why."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg", result))
        self.result = result
        self.msg: str = result.get("msg", "")


@dataclass(frozen=True)
class Modules:
    """The modules as functions: `modules.host(ports=[...])["changed"]`.

    Without a prefix they run in children of a nursery, which is ten times as fast; with one, or
    with another interpreter or other paths, each is a process from the start.
    """

    machine: Machine
    python: str = sys.executable
    paths: tuple[str, ...] = (str(COLLECTIONS),)  # searched before the interpreter's own
    prefix: tuple[str, ...] = ()  # words in front of the interpreter, such as strace
    options: dict[str, Any] = field(default_factory=dict)

    def checking(self) -> Modules:
        """The same in check mode."""
        return replace(self, options={**self.options, "_ansible_check_mode": True})

    def differing(self) -> Modules:
        """The same with --diff."""
        return replace(self, options={**self.options, "_ansible_diff": True})

    def under(self, *prefix: str) -> Modules:
        return replace(self, prefix=prefix)

    def host(self, **parameters: Any) -> dict[str, Any]:
        return self.call("portmap_host", parameters)

    def container(self, **parameters: Any) -> dict[str, Any]:
        return self.call("portmap_container", parameters)

    def ranges(self, **parameters: Any) -> dict[str, Any]:
        return self.call("portmap_ranges", parameters)

    def info(self, **parameters: Any) -> dict[str, Any]:
        return self.call("portmap_info", parameters)

    def call(self, module: str, parameters: dict[str, Any]) -> dict[str, Any]:
        result = self.result(module, parameters)
        if result.get("failed"):
            raise ModuleError(result)
        return result

    def result(self, module: str, parameters: dict[str, Any]) -> dict[str, Any]:
        done = self.execute(module, parameters)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(
                f"{module} ended with {done.returncode} and said no JSON:\n{done.stdout}{done.stderr}"
            ) from None

    def execute(self, module: str, parameters: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run the module and return the finished process, whatever it said."""
        parameters = {**self.options, **parameters}
        if not self.prefix and (self.python, self.paths) == (sys.executable, (str(COLLECTIONS),)):
            born = nursery.shared(self.python, self.paths)
            return born.run(self.machine.pid, module, parameters, PATIENCE)
        # The variable is set inside: nsenter and strace must not see it.
        environment = ("env", "PYTHONPATH=" + ":".join(self.paths), "PYTHONDONTWRITEBYTECODE=1")
        return self.machine.run(
            *environment,
            *self.prefix,
            self.python,
            str(RUNNER),
            module,
            text=json.dumps(parameters),
            check=False,
            timeout=PATIENCE,
        )
