# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One hour of churn, kills, errors and damage under traffic; then nothing may be left.

    python tests/robust/soak.py [--minutes 60] [--containers 200] [--seed 1]

needs root and works in namespaces of its own. Says a line a minute on standard error, and figures
as JSON on standard output; ends with 1 when something was lost, left or not repaired.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import damage  # noqa: E402
import stage as stages  # noqa: E402
import upkeep  # noqa: E402
import world  # noqa: E402
from stage import Stage  # noqa: E402
from traffic import Traffic  # noqa: E402

ERRORS = ("kill", "ENOSPC", "EBUSY", "EPERM", "ENOBUFS", "deaf")
POINTS = 80  # faults strike at one of so many points of a run; what has fewer meets none
POOLS: dict[str, Any] = {
    "ports": ["20000-28999", "31000-31100"],
    "ephemeral_ports": "10000-19999",
    "ephemeral_ports_per_container": 16,
}
ABSENT = {"state": "absent"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--containers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with stages.bare() as stage:
        figures = Soak(stage, given.containers, given.seed).run(given.minutes * 60)
    print(json.dumps(figures, indent=1))
    return int(bool(figures["failures"]))


class Soak:
    """`ports` are those of the containers that are placed; `failures` say what must not be."""

    def __init__(self, stage: Stage, most: int, seed: int) -> None:
        self.stage, self.engine = stage, stage.engine
        self.most = most
        self.dice = random.Random(seed)
        self.ports: dict[str, list[str]] = {}
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self.samples: list[upkeep.Figures] = []  # one a minute

    def run(self, seconds: float) -> dict[str, Any]:
        self.engine.do("portmap_host", POOLS)
        self.engine.do("portmap_host", ABSENT)  # what cannot be restored is there now
        bare = self._world()
        self.engine.do("portmap_host", POOLS)
        prepared = self._world()
        before = upkeep.taken(self.engine)
        self.engine.do("portmap_container", {"containers": stages.inventory()})
        with stages.traffic(self.stage, "db") as running:
            self._churn(seconds, running)
            report = running.finish()
        self.failures += [str(loss) for loss in report["lost"][:20]]
        self.engine.do("portmap_container", {"containers": [], "purge": True})
        self._compare(prepared, "after the purge")
        after = upkeep.given_back(self.engine, before)
        self.failures += upkeep.kept(before, after)
        least = upkeep.least([before, *self.samples])
        early, late = least["kernel memory"]
        if late > early + upkeep.KERNEL_KB:
            self.failures.append(f"kernel memory: {late} kB instead of {early} kB")
        self.engine.do("portmap_host", ABSENT)
        self._compare(bare, "after the host was taken back")
        return {
            "minutes": round(seconds / 60, 1),
            "containers at most": self.most,
            "done": dict(sorted(self.done.items())),
            "packets and connections": {key: report[key] for key in ("sent", "answered")},
            "lost": len(report["lost"]),
            "before": before,
            "after": after,
            "least in the first third and in the last": least,
            "failures": self.failures,
        }

    def _churn(self, seconds: float, running: Traffic) -> None:
        end = time.monotonic() + seconds
        minute = time.monotonic() + 60
        while time.monotonic() < end:
            self._step()
            if time.monotonic() > minute:
                minute += 60
                self._check()
                self.samples.append(upkeep.taken(self.engine))
                lost = len(running.report()["lost"])
                print(
                    f"{(end - time.monotonic()) / 60:.0f} minutes left, {len(self.ports)} containers,"
                    f" {self.done.total()} done, {lost} lost, {len(self.failures)} failures, {self.samples[-1]}",
                    file=sys.stderr,
                    flush=True,
                )

    def _check(self) -> None:
        """Whoever is placed is whole, and nobody else is there."""
        told = self.engine.do("portmap_info", {})
        for problem in told["problems"]:
            self._fail(f"problem: {problem}")
        have = {item["name"]: item["ports"] for item in told["containers"]}
        if have != {**stages.PORTS, **self.ports}:
            self._fail(f"there are {have} instead of {self.ports}")

    def _step(self) -> None:
        step = self.dice.choice([self._place] * 4 + [self._remove] * 3 + [self._change] * 3
                                + [self._damage])  # fmt: skip
        try:
            step()
        except AssertionError as error:
            self._fail(f"{step.__name__}: {error}")

    def _fail(self, why: str) -> None:
        """Told at once: an hour is long."""
        print(why, file=sys.stderr, flush=True)
        self.failures.append(why)

    def _place(self) -> None:
        number = self.dice.randrange(self.most)
        first = 20000 + 40 * number
        name, ports = f"c{number}", [f"{first}-{first + 9}"]
        self._do("portmap_container", {"name": name, "ports": ports})
        self.ports[name] = ports

    def _remove(self) -> None:
        if self.ports:
            name = self.dice.choice(sorted(self.ports))
            self._do("portmap_container", {"name": name, **ABSENT})
            del self.ports[name]

    def _change(self) -> None:
        if self.ports:
            name = self.dice.choice(sorted(self.ports))
            first = 20000 + 40 * int(name[1:]) + self.dice.randrange(20)
            ports = [f"{first}-{first + self.dice.randrange(1, 19)}"]
            self._do("portmap_ranges", {"container": name, "ports": ports, "state": "exact"})
            self.ports[name] = ports

    def _damage(self) -> None:
        """Of `web`; the traffic is that of `db` and of the host."""
        chosen = damage.choose(self.dice, self.engine)
        if "pm-db" in chosen.script or chosen.host:
            return
        self.engine.shell(chosen.script)
        self.engine.do("portmap_container", stages.inventory("web")[0])
        self.done[chosen.what] += 1

    def _do(self, module: str, parameters: dict[str, Any]) -> None:
        """Often with a fault first; then it must succeed."""
        if self.dice.random() < 0.3:
            fault = self.dice.choice(ERRORS)
            at = self.dice.randrange(1, POINTS)
            run = self.engine.run(module, parameters, at=at, fault=fault)
            if run.killed or run.failed:
                self.done["killed" if run.killed else f"refused: {fault}"] += 1
        self.engine.do(module, parameters)
        self.done[module] += 1

    def _world(self) -> list[str]:
        return world.without(world.look(self.engine), "/run/portmap")

    def _compare(self, wanted: list[str], when: str) -> None:
        left = world.difference(wanted, self._world())
        if left:
            self.failures.append(f"{when}: {left}")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("the soak needs root")
    sys.exit(main())
