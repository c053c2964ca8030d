# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the traffic that never stops, and ask what became of it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lab.machines import Place
from traffic_source import LATE

_SOURCE = Path(__file__).with_name("traffic_source.py")

Listening = tuple[Place, int, Sequence[str]]
Stream = tuple[str, Place, str, int]  # name, from where, to which address and port


class Traffic:
    def __init__(self, listening: Sequence[Listening], streams: Sequence[Stream]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_SOURCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        plan = {
            "listen": [[place.netns, port, list(to)] for place, port, to in listening],
            "streams": [[name, place.netns, to, port] for name, place, to, port in streams],
        }
        self._say(json.dumps(plan))
        assert self._hear() == "ready"
        self._log: list[tuple[float, str]] = []

    def now(self, what: str) -> None:
        """What happens from now on, so that a loss can be told where it belongs."""
        self._log.append((time.time(), what))

    def losses(self) -> list[str]:
        """What was lost so far, with what happened then."""
        return [f"{what} ({self._during(when)})" for when, what in self.report()["lost"]]

    def finish(self) -> dict[str, Any]:
        """Wait until nothing is on its way; every stream must have had answers."""
        give_up = time.monotonic() + 30
        while self.report()["silent"] and time.monotonic() < give_up:
            time.sleep(0.02)  # it may only just have begun
        report = self._report("finish")
        while report["waiting"]:
            time.sleep(0.02)
            report = self._report("finish")
        assert report["silent"] == []
        return report

    def report(self) -> dict[str, Any]:
        return self._report("report")

    def _report(self, word: str) -> dict[str, Any]:
        self._say(word)
        return dict(json.loads(self._hear()))

    def _during(self, when: float) -> str:
        """An answer is missed for a while before it is lost: all that happened meanwhile."""
        then = [what for at, what in self._log if when - LATE - 0.5 <= at <= when]
        return ", ".join(then[:4]) or "before"

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def traffic(listening: Sequence[Listening], streams: Sequence[Stream]) -> Iterator[Traffic]:
    made = Traffic(listening, streams)
    try:
        yield made
    finally:
        made.close()
