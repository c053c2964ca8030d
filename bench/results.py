# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, in a file with one JSON object a line.

A line with `about` describes the machine, or the run that took the samples of a part: when, by which command,
at which commit.  Every other line is one sample of its `part`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Sample = dict[str, Any]


@dataclass
class Results:
    """Runs and samples by the names of their parts; a part may be measured again alone."""

    machine: dict[str, Any] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, file: Path) -> Results:
        found = cls()
        for line in file.read_text().splitlines():
            said = json.loads(line)
            about, part = said.pop("about", None), said.pop("part", None)
            if about == "machine":
                found.machine = said
            elif about == "run":
                found.runs[part] = said
            else:
                found.samples[part].append(said)
        return found

    def write(self, file: Path) -> None:
        file.write_text("".join(json.dumps(said) + "\n" for said in self._lines()))

    def _lines(self) -> Iterator[dict[str, Any]]:
        yield {"about": "machine", **self.machine}
        for part, run in self.runs.items():
            yield {"about": "run", "part": part, **run}
            for sample in self.samples[part]:
                yield {"part": part, **sample}
