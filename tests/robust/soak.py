# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One hour of churn, kills, errors and damage under traffic; then nothing may be left.

    python tests/robust/soak.py [--minutes 60] [--containers 200] [--seed 1]

needs root and works in namespaces of its own. Prints a line a minute and figures at the end; ends
with 1 when something was lost, left or not repaired.
"""

from __future__ import annotations

import argparse
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
import world  # noqa: E402
from stage import Stage  # noqa: E402

ERRORS = ("kill", "ENOSPC", "EBUSY", "EPERM", "ENOBUFS", "deaf")
POOLS: dict[str, Any] = {
    "ports": ["20000-28999", "31000-31100"],
    "ephemeral_ports": "10000-19999",
    "ephemeral_ports_per_container": 16,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--containers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with stages.bare() as stage:
        return Soak(stage, given.containers, given.seed).run(given.minutes * 60)


class Soak:
    def __init__(self, stage: Stage, most: int, seed: int) -> None:
        self.stage, self.engine = stage, stage.engine
        self.most = most
        self.dice = random.Random(seed)
        self.placed: set[int] = set()
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self, seconds: float) -> int:
        self.engine.do("portmap_host", POOLS)
        self.engine.do("portmap_host", {"state": "absent"})  # what cannot be restored is there now
        start, memory, mounts = self._world(), _free_memory(), self._count_mounts()
        self.engine.do("portmap_host", POOLS)
        self.engine.do("portmap_container", {"containers": stages.inventory()})
        end = time.monotonic() + seconds
        minute = time.monotonic()
        with stages.traffic(self.stage, "db") as running:
            while time.monotonic() < end:
                self._step()
                if time.monotonic() > minute:
                    minute += 60
                    print(f"{len(self.placed)} containers, {dict(self.done)}", flush=True)
            report = running.finish()
        self.engine.do("portmap_container", {"containers": [], "purge": True})
        self.engine.do("portmap_host", {"state": "absent"})
        left = world.difference(start, self._world())
        print(dict(self.done))
        print(f"{report['sent']} sent, {report['answered']} answered, {len(report['lost'])} lost")
        print(f"memory {(memory - _free_memory()) // 1024} MB less")
        print(f"mounts {mounts} before, {self._count_mounts()} after")
        print("\n".join([*self.failures, *map(str, report["lost"][:20]), left]))
        return int(bool(self.failures or report["lost"] or left))

    def _step(self) -> None:
        step = self.dice.choice([self._place] * 4 + [self._remove] * 3 + [self._ports] * 3
                                + [self._damage])  # fmt: skip
        try:
            step()
        except AssertionError as error:
            self.failures.append(f"{step.__name__}: {error}")

    def _place(self) -> None:
        number = self.dice.randrange(self.most)
        self._do("portmap_container", _container(number))
        self.placed.add(number)

    def _remove(self) -> None:
        if self.placed:
            number = self.dice.choice(sorted(self.placed))
            self._do("portmap_container", {"name": f"c{number}", "state": "absent"})
            self.placed.discard(number)

    def _ports(self) -> None:
        if self.placed:
            number = self.dice.choice(sorted(self.placed))
            first = 20000 + 40 * number + self.dice.randrange(20)
            ports = [f"{first}-{first + self.dice.randrange(1, 19)}"]
            given = {"container": f"c{number}", "ports": ports, "state": "exact"}
            self._do("portmap_ranges", given)

    def _damage(self) -> None:
        """Of `web` and of the host's filters; the traffic is that of `db`."""
        chosen = damage.choose(self.dice, self.engine)
        if "pm-db" in chosen.script or chosen.host:
            return
        self.engine.shell(chosen.script)
        self.engine.do("portmap_container", stages.inventory("web")[0])
        self.done[chosen.what] += 1

    def _do(self, module: str, parameters: dict[str, Any]) -> None:
        if self.dice.random() < 0.3:
            fault = self.dice.choice(ERRORS)
            at = self.dice.randrange(1, 80)
            self.engine.run(module, parameters, at=at, fault=fault)
            self.done[fault] += 1
        self.engine.do(module, parameters)
        self.done[module] += 1

    def _world(self) -> list[str]:
        return world.without(world.look(self.engine), "/run/portmap")

    def _count_mounts(self) -> int:
        return len(self.engine.must("cat /proc/self/mountinfo").splitlines())


def _container(number: int) -> dict[str, Any]:
    first = 20000 + 40 * number
    return {"name": f"c{number}", "ports": [f"{first}-{first + 9}"]}


def _free_memory() -> int:
    """MemAvailable, in kB."""
    text = Path("/proc/meminfo").read_text(encoding="ascii")
    return int(text.partition("MemAvailable:")[2].split()[0])


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("the soak needs root")
    sys.exit(main())
