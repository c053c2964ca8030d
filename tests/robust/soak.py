# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One hour of churn, kills, errors and damage under traffic; then nothing may be left.

    python tests/robust/soak.py [--minutes 60] [--containers 200] [--damages 10000] [--seed 1]

Always has nearly all of the containers, and spreads the damages over the time. `portmap_info` names
each damage and one run repairs it, object by object.

Needs root and works in namespaces of its own. Says a line a minute on standard error, and figures
as JSON on standard output; ends with 1 when something was lost, left or not repaired.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import damage  # noqa: E402
import stage as stages  # noqa: E402
import upkeep  # noqa: E402
from lab import state  # noqa: E402
from lab.pools import LARGE  # noqa: E402
from lab.state import State  # noqa: E402
from stage import Stage  # noqa: E402
from traffic import Traffic  # noqa: E402

ERRORS = ("kill", "ENOSPC", "EBUSY", "EPERM", "ENOBUFS", "deaf")
POINTS = 80  # faults strike at one of so many points of a run; what has fewer meets none
ABSENT = {"state": "absent"}


def first_ports(number: int) -> list[str]:
    """Those that a container is placed with; the thirty behind them are nobody else's."""
    first = 20000 + 40 * number
    return [f"{first}-{first + 9}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--containers", type=int, default=200)
    parser.add_argument("--damages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with stages.bare() as stage:
        soak = Soak(stage, given.containers, given.damages, given.seed)
        figures = soak.run(given.minutes * 60)
    print(json.dumps(figures, indent=1))
    return int(bool(figures["failures"]))


class Soak:
    """`ports` are those of the containers that are placed; `failures` say what must not be."""

    def __init__(self, stage: Stage, most: int, damages: int, seed: int) -> None:
        self.stage, self.modules = stage, stage.modules
        self.most, self.damages = most, damages
        self.dice = random.Random(seed)
        self.ports: dict[str, list[str]] = {}
        self.done: Counter[str] = Counter()
        self.damaged: Counter[str] = Counter()
        self.failures: list[str] = []
        self.samples: list[upkeep.Figures] = []  # one a minute, and one at the end

    def run(self, seconds: float) -> dict[str, Any]:
        self.modules.call("portmap_host", LARGE)
        self.modules.call("portmap_host", ABSENT)  # what cannot be restored is there now
        bare = self._world()
        self.modules.call("portmap_host", LARGE)
        prepared = self._world()
        before = upkeep.taken(self.modules)
        self.modules.call("portmap_container", {"containers": stages.inventory()})
        with stages.traffic(self.stage, "db") as running:
            self._churn(seconds, running)
            report = running.finish()
        self.failures += [str(loss) for loss in report["lost"][:20]]
        self.modules.call("portmap_container", {"containers": [], "purge": True})
        self._compare(prepared, "after the purge")
        after = upkeep.given_back(self.modules, before)
        self.failures += upkeep.kept(before, after)
        least = upkeep.least(self.samples)
        early, late = least["kernel memory"]
        if late > early + upkeep.KERNEL_KB:
            self.failures.append(f"kernel memory: {late} kB instead of {early} kB")
        self.modules.call("portmap_host", ABSENT)
        self._compare(bare, "after the host was taken back")
        return {
            "minutes": round(seconds / 60, 1),
            "containers at most": self.most,
            "containers on average": self._average("links") - before["links"],
            "done": dict(sorted(self.done.items())),
            "damages": self.damaged.total(),
            "damaged": dict(sorted(self.damaged.items())),
            "packets and connections": {key: report[key] for key in ("sent", "answered")},
            "lost": len(report["lost"]),
            "before": before,
            "after": after,
            "least in the first third and in the last": least,
            "failures": self.failures,
        }

    def _churn(self, seconds: float, running: Traffic) -> None:
        """`web` is whole before each damage; what that is, is looked at once."""
        self._fill()
        whole = stages.look(self.modules, "web")
        start = time.monotonic()
        end = start + seconds
        minute = start + 60
        while time.monotonic() < end:
            due = self.damages * (time.monotonic() - start) / seconds
            try:
                if self.damaged.total() < due:
                    self._damage(whole)
                else:
                    self._step()
            except AssertionError as error:
                self._fail(str(error))
            if time.monotonic() > minute:
                minute += 60
                self._sample((end - time.monotonic()) / 60, running)
        self._sample(0, running)

    def _sample(self, left: float, running: Traffic) -> None:
        self._check()
        self.samples.append(upkeep.taken(self.modules))
        lost = len(running.report()["lost"])
        print(
            f"{left:.0f} minutes left, {len(self.ports)} containers, {self.done.total()} done,"
            f" {self.damaged.total()} damages, {lost} lost, {len(self.failures)} failures,"
            f" {self.samples[-1]}",
            file=sys.stderr,
            flush=True,
        )

    def _check(self) -> None:
        """Whoever is placed is whole, and nobody else is there."""
        told = self.modules.call("portmap_info", {})
        for problem in told["problems"]:
            self._fail(f"problem: {problem}")
        have = {item["name"]: item["ports"] for item in told["containers"]}
        if have != {**stages.PORTS, **self.ports}:
            self._fail(f"there are {have} instead of {self.ports}")

    def _step(self) -> None:
        step = self.dice.choice([self._place] * 4 + [self._remove] * 3 + [self._change] * 3)
        step()

    def _fail(self, why: str) -> None:
        """Told at once: an hour is long."""
        print(why, file=sys.stderr, flush=True)
        self.failures.append(why)

    def _fill(self) -> None:
        """Place all of them in one run."""
        self.ports = {f"c{number}": first_ports(number) for number in range(self.most)}
        wanted = [{"name": name, "ports": ports} for name, ports in self.ports.items()]
        self.modules.call("portmap_container", {"containers": wanted})

    def _place(self) -> None:
        """One that is missing, or else what is there once more, with its first ports."""
        numbers = range(self.most)
        missing = [number for number in numbers if f"c{number}" not in self.ports]
        number = self.dice.choice(missing or numbers)
        name, ports = f"c{number}", first_ports(number)
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

    def _damage(self, whole: State) -> None:
        """Of `web`; the traffic is that of `db` and of the host."""
        chosen = damage.choose(self.dice, self.modules.machine)
        while "pm-db" in chosen.script or chosen.host:
            chosen = damage.choose(self.dice, self.modules.machine)
        self.modules.machine.shell(chosen.script, check=False)
        self.damaged[chosen.what] += 1
        told = f"{chosen.what}: {chosen.script}"
        only = {"container": "web"}
        named = self.modules.run("portmap_info", only)
        if named.failed:  # its namespace has gone with its handle
            assert "no such container" in named.msg, named.msg
        if named.failed or (named.result or {})["problems"]:
            self.modules.call("portmap_container", stages.inventory("web")[0])
            assert self.modules.call("portmap_info", only)["problems"] == [], told
        else:  # the value was that already
            self.done["damage of no effect"] += 1
        left = state.difference(whole, stages.look(self.modules, "web"))
        assert left == "", f"{told}: {left}"

    def _do(self, module: str, parameters: dict[str, Any]) -> None:
        """Often with a fault first; then it must succeed."""
        if self.dice.random() < 0.3:
            fault = self.dice.choice(ERRORS)
            at = self.dice.randrange(1, POINTS)
            run = self.modules.run(module, parameters, at=at, fault=fault)
            if run.killed or run.failed:
                self.done["killed" if run.killed else f"refused: {fault}"] += 1
        self.modules.call(module, parameters)
        self.done[module] += 1

    def _world(self) -> State:
        return state.without(stages.look(self.modules), "/run/portmap")

    def _average(self, name: str) -> int:
        return round(statistics.mean(sample[name] for sample in self.samples))

    def _compare(self, wanted: State, when: str) -> None:
        left = state.difference(wanted, self._world())
        if left:
            self.failures.append(f"{when}: {left}")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("the soak needs root")
    sys.exit(main())
