# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take all measurements, keep every sample, and have them drawn and written down.

`bench/run` installs what measuring needs.  --report needs none of it: `.venv/bin/python bench --report`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import machine, parts, sites
from report import pages, plots
from results import Results

QUICK = sites.ROOT / ".build" / "bench"
DOCS = sites.ROOT / "docs"


def take(name: str, measure: Callable[[], Iterator[dict[str, Any]]], results: Results) -> None:
    """Measure one part; what it has found before a failure stays."""
    results.samples[name], run = [], machine.when()
    start = time.monotonic()
    try:
        for sample in measure():
            results.samples[name].append(sample)
    except BaseException as error:
        run["failed"] = f"{type(error).__name__}: {error}"
        if not isinstance(error, Exception):  # interrupted: this is the end
            raise
        traceback.print_exc()
    finally:
        run["seconds"] = round(time.monotonic() - start)
        run["load_after"] = os.getloadavg()
        results.runs[name] = run


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes, into .build/bench")
    parser.add_argument("--only", action="append", help="measure this part, keep the others")
    parser.add_argument("--report", action="store_true", help="only make pictures and pages anew")
    parser.add_argument("--rounds", type=int, default=100, help="at most so many of each")
    parser.add_argument("--largest", type=int, default=1000, help="at most so many containers")
    parser.add_argument("--output", type=Path, help="a directory for samples, pictures and pages")
    options = parser.parse_args()
    names = parts.full(print, 1, 1)
    for name in options.only or []:
        if name not in names:
            parser.error(f"no part is called {name}; there are: {', '.join(names)}")
    return options


def main() -> None:
    options = arguments()
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - start:6.0f} s  {text}", flush=True)

    aside = options.output or (QUICK if options.quick else None)
    target = aside or DOCS / "performance"
    pictures, texts = (aside, aside) if aside else (DOCS / "pictures", DOCS / "docsite" / "rst")
    target.mkdir(parents=True, exist_ok=True)
    file = target / "samples.jsonl"
    kept = options.report or (options.only and file.exists())
    results = Results.read(file) if kept else Results()
    wanted = parts.quick if options.quick else parts.full
    measures = {} if options.report else wanted(say, options.largest, options.rounds)
    chosen = [name for name in measures if name in (options.only or measures)]
    if chosen:
        results.machine = machine.describe()
    for name in chosen:
        say(name)
        try:
            take(name, measures[name], results)
        finally:
            results.write(file)
    plots.draw(results, pictures)
    for name, text in pages.written(results).items():
        (texts / name).write_text(text)
    say(f"written to {target}")
    if failed := [name for name in chosen if "failed" in results.runs[name]]:
        sys.exit(f"bench: these failed and have fewer samples, or none: {', '.join(failed)}")


if __name__ == "__main__":
    main()
