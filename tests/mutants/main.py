# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: choose faults, try them, say what survived."""

from __future__ import annotations

import argparse
import os
import queue
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from . import faults, roles, trial
from .choice import Known, choose
from .concern import UNIT, tests_of
from .faults import Fault
from .trial import NOTICED, ROOT, SURVIVED, UNDECIDED, Verdict

KNOWN = Path(__file__).with_name("known")
_CODE = ("plugins/module_utils/_portmap/**/*.py", "plugins/modules/*.py")
_ROLES = ("roles/*/tasks/*.yml", "roles/*/defaults/*.yml", "roles/*/templates/*")

_stopped = threading.Event()


def main() -> int:
    asked = _arguments()
    known = Known(KNOWN.read_text(encoding="utf-8"))
    by_file = all_faults(asked.only)
    chosen = choose(asked.seed, asked.count, by_file)
    if asked.list:
        for fault in chosen:
            print(f"{fault.file}:{fault.line}: {fault.operator}: {fault.said}")
        return 0
    if os.geteuid() != 0:
        sys.exit(
            "mutants: cannot ask the tests of the kernel: not root; run tools/as-root tools/mutants"
        )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    begun = time.monotonic()
    failing = trial.failing([UNIT])
    mute = [test for test in failing if "::" not in test]
    if mute:
        sys.exit(f"mutants: cannot ask {', '.join(mute)}: it does not start; run make mutants")
    for test in failing:
        print(f"not asked, as it fails without a fault: {test}")
    verdicts = _try_all(chosen, asked, begun + asked.minutes * 60, known, failing)
    print(
        f"seed {asked.seed}, {(time.monotonic() - begun) / 60:.0f} minutes:",
        _summary(verdicts, known),
    )
    if len(verdicts) < len(chosen):
        print(f"{len(chosen) - len(verdicts)} of {len(chosen)} were not tried: the time was over")
    left = [one for one in verdicts if one.what == SURVIVED and not known.reason(one.fault)]
    for one in left:
        print(f"{one.fault.file}:{one.fault.line}\n{one.fault.key} | ")
    if not asked.only:
        for said in known.stale(fault for found in by_file.values() for fault in found):
            print(f"known, but not in the code any more: {said}")
    return 1 if left else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="chooses the faults (default: 1)")
    parser.add_argument("--count", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--minutes", type=float, default=60, help="for all (default: 60)")
    parser.add_argument("--each", type=float, default=180, help="seconds for each (default: 180)")
    parser.add_argument("--jobs", type=int, default=2, help="at a time (default: 2)")
    parser.add_argument("--only", default="", help="only of files whose path has this in it")
    parser.add_argument("--list", action="store_true", help="say which, and plant none")
    return parser.parse_args()


def all_faults(only: str) -> dict[str, list[Fault]]:
    found = {}
    for patterns, find in ((_CODE, faults.find), (_ROLES, roles.find)):
        for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
            file = str(path.relative_to(ROOT))
            if only in file:
                found[file] = find(file, path.read_bytes())
    return found


def _try_all(
    chosen: Sequence[Fault],
    asked: argparse.Namespace,
    until: float,
    known: Known,
    failing: Sequence[str],
) -> list[Verdict]:
    """Some at a time, each worker in a copy of its own, until the time is over."""
    todo: queue.SimpleQueue[Fault] = queue.SimpleQueue()
    for fault in chosen:
        todo.put(fault)
    verdicts: list[Verdict] = []

    def work() -> None:
        with trial.copied() as tree:
            while time.monotonic() < until and not _stopped.is_set():
                try:
                    fault = todo.get_nowait()
                except queue.Empty:
                    return
                seconds = min(asked.each, until - time.monotonic())
                verdict = trial.attempt(tree, fault, tests_of(fault.file), seconds, failing)
                if _stopped.is_set():
                    return
                verdicts.append(verdict)
                print(_told(len(verdicts), verdict, known), flush=True)

    workers = [threading.Thread(target=work) for _ in range(asked.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return verdicts


def _stop(*_: object) -> None:
    _stopped.set()
    trial.stop()


def _told(number: int, verdict: Verdict, known: Known) -> str:
    fault = verdict.fault
    reason = known.reason(fault) if verdict.what == SURVIVED else ""
    by = f"known, {reason}" if reason else verdict.by
    place = f"{fault.file.removeprefix('plugins/module_utils/_portmap/')}:{fault.line}"
    return f"{number:4} {verdict.what:9} {verdict.seconds:4.0f} s  {place}: {fault.said} [{by}]"


def _summary(verdicts: Sequence[Verdict], known: Known) -> str:
    count = Counter(one.what for one in verdicts)
    equal = sum(
        one.what == SURVIVED and known.reason(one.fault).startswith("equivalent")
        for one in verdicts
    )
    counted = count[NOTICED] + count[SURVIVED] - equal
    share = 100 * count[NOTICED] // counted if counted else 100
    return (
        f"{count[NOTICED]} noticed, {count[SURVIVED]} survived ({equal} of them equivalent),"
        f" {count[UNDECIDED]} undecided: {share} % of those that can be noticed were"
    )


if __name__ == "__main__":
    sys.exit(main())
