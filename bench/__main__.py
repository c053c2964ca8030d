# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take all measurements, keep every sample, and have them drawn and written down."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import machine, parts, sites
from report import pages

QUICK = sites.ROOT / ".build" / "bench"
DOCS = sites.ROOT / "docs"


def take(
    name: str, measure: Callable[[], Iterator[dict[str, Any]]], results: dict[str, Any]
) -> None:
    """Measure one part; what it has found before a failure stays."""
    results[name], told = [], machine.when()
    start = time.monotonic()
    try:
        for sample in measure():
            results[name].append(sample)
    except BaseException as error:
        told["failed"] = f"{type(error).__name__}: {error}"
        if not isinstance(error, Exception):  # interrupted: this is the end
            raise
        traceback.print_exc()
    finally:
        told["seconds"] = round(time.monotonic() - start)
        told["load_after"] = os.getloadavg()
        results.setdefault("parts", {})[name] = told


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes, into .build/bench")
    parser.add_argument("--only", action="append", help="measure this part, keep the others")
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
    file = target / "results.json"
    results: dict[str, Any] = {}
    if options.only and file.exists():
        results = json.loads(file.read_text())
    results["machine"] = machine.describe()
    wanted = parts.quick if options.quick else parts.full
    measures = wanted(say, options.largest, options.rounds)
    chosen = [name for name in measures if name in (options.only or measures)]
    for name in chosen:
        say(name)
        try:
            take(name, measures[name], results)
        finally:
            file.write_text(json.dumps(results, indent=1) + "\n")
    pages.write(results, pictures, texts)
    say(f"written to {target}")
    if failed := [name for name in chosen if "failed" in results["parts"][name]]:
        sys.exit(f"bench: these failed and have fewer samples, or none: {', '.join(failed)}")


if __name__ == "__main__":
    main()
