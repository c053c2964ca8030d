# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gates themselves: where they are listed, and what they say of a failure."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from documentation import ROOT

GATES = re.findall(r"^gate_(\S+)\(\)", (ROOT / "tools/gate").read_text(), re.MULTILINE)
# Stands for a gate: passes, fails, or takes the shell that waits for it along.
STAND_IN = """#!/bin/sh
echo "$1 speaks"
case $1 in
broken) exit 3 ;;
killed) kill -KILL $PPID ;;
esac
"""


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_is_a_target_that_help_lists(gate: str) -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert re.search(rf"^{gate} +\S", told.stdout, re.MULTILINE)


def test_each_scenario_is_run_by_one_gate() -> None:
    """But for the one which only makes machines."""
    text = (ROOT / "tools/gate").read_text()
    run = [name for names in re.findall(r"molecule/run (.+)", text) for name in names.split()]
    made = [path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")]
    assert sorted(run) == sorted({*made} - {"default"})


def checkout(place: Path, tool: str, **programs: str) -> Path:
    """A directory with this tool of the project, and with these programs."""
    for path, text in programs.items():
        program = place / path.replace("__", "/").replace("venv", ".venv")
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    (place / "tools").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tools" / tool, place / "tools" / tool)
    return place / "tools" / tool


@pytest.mark.parametrize("together", [(), ("--",)])
@pytest.mark.parametrize("name", ["broken", "killed"])
def test_a_run_ends_with_a_table_that_names_who_failed(
    name: str, together: tuple[str, ...], tmp_path: Path
) -> None:
    tool = checkout(tmp_path, "run-gates", tools__gate=STAND_IN)
    command = [tool, *together, "good", name, "fine"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[-1] == "2 passed, 1 failed"
    table = lines[next(at for at, line in enumerate(lines) if line.startswith("=== times")) :]
    rows = [re.sub(r" +\d+ s", "", line) for line in table[1:5]]
    log = f".build/logs/{name}.log"
    assert rows == ["good  passed", f"{name}  FAILED, see {log}", "fine  passed", "all"]
    assert f"{name} speaks" in (tmp_path / log).read_text()


@pytest.mark.parametrize(
    ("does", "remains"),
    [
        ("mount -t tmpfs tmpfs here", "tmpfs rw"),
        ("umount here", ""),
        ("unshare -m --propagation private mount -o remount,size=8k here", "tmpfs rw,size=8k"),
        ("unshare -m --propagation private mount -t tmpfs tmpfs here", None),
    ],
)
def test_a_gate_fails_that_changes_a_mount_of_the_machine(
    does: str, remains: str | None, tmp_path: Path
) -> None:
    tool = checkout(tmp_path, "gate", venv__bin__pytest=f"#!/bin/sh\n{does}\n")
    (tmp_path / "here").mkdir()
    script = f"mount -t tmpfs tmpfs {tmp_path}/here && exec {tool} unit"
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if remains is None:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 1
        assert "unit: the mounts of this machine are not what they were" in done.stderr
        assert re.search(
            rf"^[<>].* {tmp_path}/here .*- tmpfs {remains}", done.stderr, re.MULTILINE
        )
