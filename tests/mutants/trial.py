# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One fault in a copy of the tree, and what the tests say of it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .concern import UNIT
from .faults import Fault

ROOT = Path(__file__).resolve().parents[2]
_running: set[int] = set()  # groups of processes, each led by a pytest
NOTICED, SURVIVED, UNDECIDED = "noticed", "survived", "undecided"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+(?: \S+)*?)(?: - .*)?$", re.MULTILINE)
_PASSED = (0, 5)  # of pytest; 5 is that there was none
_ONCE_MORE = 90  # seconds for a test that has failed


class Verdict(NamedTuple):
    """`by` is the test that noticed, or what was asked in vain."""

    fault: Fault
    what: str
    by: str
    seconds: float


@contextlib.contextmanager
def copied() -> Iterator[Path]:
    """A copy of what is tracked or new here, where the tests find their collection."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        tree = Path(name)
        command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
        for file in filter(None, listed.stdout.split("\0")):
            if (ROOT / file).is_file():
                (tree / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, tree / file)
        home = tree / ".build" / "collections" / "ansible_collections" / "netiso"
        home.mkdir(parents=True)
        (home / "portmap").symlink_to(tree)
        yield tree


def failing(tests: Sequence[str]) -> list[str]:
    """The tests that fail without any fault: nothing is learned from them."""
    with copied() as tree:
        _code, said = _ask(tree, ["--maxfail=1000", *tests], 600)
    return [match[1] for match in _FAILED.finditer(said)]


def attempt(
    tree: Path, fault: Fault, tests: Sequence[str], seconds: float, failing: Sequence[str]
) -> Verdict:
    """Plant the fault, ask one file of tests after the other, take the fault away."""
    path = tree / fault.file
    source = path.read_bytes()
    begun = time.monotonic()
    unlike = [f"--deselect={test}" for test in failing]
    asked = []
    try:
        for test in tests:
            left = seconds - (time.monotonic() - begun)
            if left <= 1 or not (tree / test).exists():
                continue
            path.write_bytes(fault.planted(source))
            code, said = _ask(tree, [test, *unlike], left)
            asked.append(Path(test).stem)
            if code in _PASSED:
                continue
            if code is None:
                what = NOTICED if test.startswith(UNIT) else UNDECIDED
                asked[-1] += ", which does not end"
                return Verdict(fault, what, "; ".join(asked), time.monotonic() - begun)
            by = _who(tree, fault, source, said)
            if by:
                return Verdict(fault, NOTICED, by, time.monotonic() - begun)
            asked[-1] += ", which failed for another reason"
        return Verdict(fault, SURVIVED, "; ".join(asked), time.monotonic() - begun)
    finally:
        path.write_bytes(source)


def _who(tree: Path, fault: Fault, source: bytes, said: str) -> str:
    """The test that noticed; "" unless it fails again, and passes without the fault."""
    found = _FAILED.search(said)
    if found is None:
        return "tests that cannot even start"
    file, _, name = found[1].partition("::")
    if file.startswith(UNIT):
        return f"{Path(file).name}::{name}"
    again, _said = _ask(tree, [found[1]], _ONCE_MORE)
    (tree / fault.file).write_bytes(source)
    without, _said = _ask(tree, [found[1]], _ONCE_MORE)
    return f"{Path(file).name}::{name}" if again not in _PASSED and without in _PASSED else ""


def _ask(tree: Path, tests: Sequence[str], seconds: float) -> tuple[int | None, str]:
    """pytest's exit code, or None after so many seconds; and what it said."""
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(tree / ".build" / "collections"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    _running.add(process.pid)
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return None, said
    finally:
        _running.discard(process.pid)
    return process.returncode, said


def stop() -> None:
    """End the tests that are being asked; their answers are no verdict any more."""
    for pid in list(_running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
