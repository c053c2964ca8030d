# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules on a machine of the lab, quickly, with a fault at a chosen point."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.machines import Machine
from lab.modules import COLLECTIONS

_SERVER = Path(__file__).with_name("engine_server.py")
NEVER = 0


@dataclass(frozen=True)
class Run:
    """A run of a module: the result, or none when it was killed; the points that it came to."""

    result: dict[str, Any] | None
    points: tuple[str, ...]
    said: str

    @property
    def killed(self) -> bool:
        return self.result is None

    @property
    def failed(self) -> bool:
        return self.result is not None and bool(self.result.get("failed"))

    @property
    def msg(self) -> str:
        return str((self.result or {}).get("msg", ""))


class Crashed(AssertionError):
    """A module ended with a traceback, or not at all."""


class Engine:
    def __init__(self, machine: Machine) -> None:
        environment = ("env", f"PYTHONPATH={COLLECTIONS}", "PYTHONDONTWRITEBYTECODE=1")
        self._server = subprocess.Popen(
            [*machine.enter(), *environment, sys.executable, str(_SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.machine = machine

    @property
    def pid(self) -> int:
        """Of the process that bears the runs (nsenter and env became it)."""
        return self._server.pid

    def run(
        self, module: str, parameters: dict[str, Any], *, at: int = NEVER, fault: str = "kill"
    ) -> Run:
        """Run a module; at the `at`-th point happens what `fault` says (see faults.py)."""
        job = {"module": module, "parameters": parameters, "at": at, "fault": fault}
        done = self._ask(job)
        points = tuple(done["points"])
        if done["hung"]:
            raise Crashed(f"{module} hangs after {points[-1:]}: {done['said']}")
        if done["signal"]:
            return Run(None, points, done["said"])
        try:
            return Run(json.loads(done["said"].splitlines()[-1]), points, done["said"])
        except (ValueError, IndexError):
            raise Crashed(f"{module} after {points[-1:]}:\n{done['said']}") from None

    def do(self, module: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Run a module which must not fail."""
        done = self.run(module, parameters)
        assert done.result is not None
        assert not done.failed, done.msg
        return done.result

    def problems(self) -> list[dict[str, Any]]:
        return list(self.do("portmap_info", {})["problems"])

    def shell(self, script: str) -> str:
        """What a shell script prints on the machine, errors left out."""
        return str(self._ask({"shell": script})["out"])

    def must(self, script: str) -> str:
        done = self._ask({"shell": script})
        assert done["code"] == 0, f"{script}: {done['error']}"
        return str(done["out"])

    def look(self, container: str = "") -> dict[str, str]:
        """What ip(8), tc(8) and /proc say of the machine and its containers, or of one container."""
        return dict(self._ask({"look": container}))

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, "the process that runs the modules is gone"
        return dict(json.loads(answer))

    def close(self) -> None:
        self._server.communicate(timeout=10)


@contextlib.contextmanager
def engine(machine: Machine) -> Iterator[Engine]:
    made = Engine(machine)
    try:
        yield made
    finally:
        made.close()
