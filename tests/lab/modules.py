# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the collection's modules on the host of a lab."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import runner, steering
from .machines import Machine
from .runner import PATIENCE, Ended

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"
PROGRAM = Path(__file__).with_name("run_module.py")


class ModuleError(Exception):
    """The module said `failed`; `msg` says why."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg", result))
        self.result = result
        self.msg: str = result.get("msg", "")


@dataclass(frozen=True)
class Run:
    """A run in which a fault may have happened: the result, or none when it was killed.

    `points` are those that it came to.
    """

    result: dict[str, Any] | None
    points: tuple[str, ...]

    @property
    def killed(self) -> bool:
        return self.result is None

    @property
    def failed(self) -> bool:
        return bool((self.result or {}).get("failed"))

    @property
    def msg(self) -> str:
        return str((self.result or {}).get("msg", ""))


@dataclass(frozen=True)
class Modules:
    """The modules as functions: `modules.host(ports=[...])["changed"]`.

    Without a prefix they run in children of a runner, which is ten times as fast; with one, or
    with another interpreter or other paths, each is a process from the start.
    """

    machine: Machine
    python: str = sys.executable
    paths: tuple[str, ...] = (str(COLLECTIONS),)  # searched before the interpreter's own
    prefix: tuple[str, ...] = ()  # words in front of the interpreter, such as strace
    patience: int = PATIENCE
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

    def guard(self, **parameters: Any) -> dict[str, Any]:
        return self.call("portmap_guard", parameters)

    def info(self, **parameters: Any) -> dict[str, Any]:
        return self.call("portmap_info", parameters)

    def call(self, module: str, parameters: dict[str, Any]) -> dict[str, Any]:
        result = self.result(module, parameters)
        if result.get("failed"):
            raise ModuleError(result)
        return result

    def problems(self) -> list[dict[str, Any]]:
        return list(self.info()["problems"])

    def result(self, module: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return _result(module, self.execute(module, parameters))

    def run(
        self, module: str, parameters: dict[str, Any], *, at: int = 0, fault: str = "kill"
    ) -> Run:
        """Run a module; at the `at`-th point happens what `fault` says (see faults.py)."""
        given = _with_steering(module, parameters)
        ended = self._runner.run(self.machine.pid, module, given, (at, fault))
        killed = ended.code < 0
        return Run(None if killed else _result(module, ended), ended.points)

    def execute(self, module: str, parameters: dict[str, Any]) -> Ended:
        """Run the module, whatever it says."""
        parameters = {**self.options, **_with_steering(module, parameters)}
        if not self.prefix and (self.python, self.paths) == (sys.executable, (str(COLLECTIONS),)):
            return self._runner.run(self.machine.pid, module, parameters, patience=self.patience)
        # The variable is set inside: nsenter and strace must not see it.
        environment = ("env", "PYTHONPATH=" + ":".join(self.paths), "PYTHONDONTWRITEBYTECODE=1")
        done = self.machine.run(
            *environment,
            *self.prefix,
            self.python,
            str(PROGRAM),
            module,
            text=json.dumps(parameters),
            check=False,
            timeout=self.patience,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def pid(self) -> int:
        """The process whose children the runs are."""
        return self._runner.pid

    @property
    def _runner(self) -> runner.Runner:
        return runner.shared(self.python, self.paths)


def _with_steering(module: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Those of portmap_host name the one that the test is about."""
    if module == "portmap_host" and steering.used != steering.U32:
        return {"steering": steering.used, **parameters}
    return parameters


def _result(module: str, ended: Ended) -> dict[str, Any]:
    try:
        return dict(json.loads(ended.out))
    except ValueError:
        raise AssertionError(
            f"{module} ended with {ended.code} after {ended.points[-1:]} and said no JSON:\n"
            f"{ended.out}{ended.err}"
        ) from None
