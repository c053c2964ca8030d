# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copy of the engine on the host: one whole version is in use, whatever happens to a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import engine_copy
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.engine_copy import (
    EngineCopy,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)

OLD = {"restore.py": b"print('old')\n", "gone/of_old.py": b""}
NEW = {"restore.py": b"print('new')\n", "deep/er/of_new.py": b"x = 1\n"}


@pytest.fixture
def copy(tmp_path: Path) -> EngineCopy:
    """A copy that is not there yet, nor is the directory that it belongs in."""
    return EngineCopy(str(tmp_path / "lib" / "netiso-portmap"))


def update(copy: EngineCopy, files: Mapping[str, bytes]) -> list[str]:
    """Have these files in use and nothing else; what was told."""
    found = copy.look()
    steps = [*copy.installing(found, files), *copy.cleaning(found, files)]
    for step in steps:
        step.take()
    return [step.told for step in steps]


def remove(copy: EngineCopy) -> list[str]:
    steps = copy.removing(copy.look())
    for step in steps:
        step.take()
    return [step.told for step in steps]


def tree(top: str) -> dict[str, bytes]:
    """The files of a directory as they are, without our eyes."""
    return {
        str(path.relative_to(top)): path.read_bytes()
        for path in Path(top).rglob("*")
        if path.is_file()
    }


def used(copy: EngineCopy) -> dict[str, bytes] | None:
    """What Python would find; None without a link."""
    return tree(f"{copy.path}/_portmap") if os.path.lexists(copy.path) else None


def said(copy: EngineCopy) -> str:
    """What the engine in use says when it is run as the unit runs it."""
    environment = {**os.environ, "PYTHONPATH": copy.path}
    command = [sys.executable, "-Bsm", "_portmap.restore"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_copy_is_made_and_a_second_run_finds_it(copy: EngineCopy) -> None:
    version = engine_copy.version_of(NEW)
    assert update(copy, NEW) == [f"copy the engine to {copy.directory}/{version}"]
    assert sorted(os.listdir(copy.directory)) == ["current", version]
    assert os.readlink(copy.path) == version
    assert said(copy) == "new\n"
    born = os.stat(copy.path).st_ino
    assert update(copy, NEW) == []
    assert os.stat(copy.path).st_ino == born


def test_everybody_may_read_it_and_only_root_write_it_whatever_the_umask(copy: EngineCopy) -> None:
    before = os.umask(0o077)
    try:
        update(copy, NEW)
    finally:
        os.umask(before)
    modes = {
        (path.is_dir(), path.stat().st_mode & 0o7777, path.stat().st_uid)
        for path in (Path(copy.directory), *Path(copy.directory).rglob("*"))
        if not path.is_symlink()
    }
    assert modes == {(True, 0o755, 0), (False, 0o644, 0)}


def test_a_new_version_takes_the_place_of_the_old(copy: EngineCopy) -> None:
    update(copy, OLD)
    old, new = engine_copy.version_of(OLD), engine_copy.version_of(NEW)
    assert update(copy, NEW) == [
        f"copy the engine to {copy.directory}/{new}",
        f"remove {copy.directory}/{old}",
    ]
    assert sorted(os.listdir(copy.directory)) == ["current", new]
    assert said(copy) == "new\n"


def test_what_the_role_of_earlier_releases_has_copied_goes(copy: EngineCopy) -> None:
    """Flat, and in directories."""
    for path in ("_portmap/restore.py", "_portmap/jobs/host.py"):
        file = Path(copy.directory, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("print('role')\n")
    assert update(copy, NEW)[1:] == [f"remove {copy.directory}/_portmap"]
    assert sorted(os.listdir(copy.directory)) == ["current", engine_copy.version_of(NEW)]


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "other content": lambda top: (top / "restore.py").write_text("print('evil')\n"),
    "a file missing": lambda top: (top / "deep/er/of_new.py").unlink(),
    "a file too many": lambda top: (top / "of_somebody.py").write_text(""),
    "a file that others may write": lambda top: (top / "restore.py").chmod(0o666),
    "a file of somebody else": lambda top: os.chown(top / "restore.py", 65534, 0),
    "a directory that others may write": lambda top: (top / "deep").chmod(0o777),
    "a link in place of a file": lambda top: (
        (top / "restore.py").rename(top.parent / "kept"),
        (top / "restore.py").symlink_to(top.parent / "kept"),
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_copy_is_made_anew_each_time(copy: EngineCopy, damage: str) -> None:
    update(copy, NEW)
    for _ in range(2):
        DAMAGE[damage](Path(copy.path, "_portmap"))
        assert len(update(copy, NEW)) == 2
        assert used(copy) == NEW
        assert len(os.listdir(copy.directory)) == 2
        assert update(copy, NEW) == []


@pytest.mark.parametrize("target", ["nowhere", "/etc", "engine-0123456789abcdef"])
def test_a_link_that_leads_astray_is_put_right(copy: EngineCopy, target: str) -> None:
    os.makedirs(copy.directory)
    os.symlink(target, copy.path)
    update(copy, NEW)
    assert used(copy) == NEW
    assert os.path.isdir("/etc")


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "others may write it": (lambda top: top.chmod(0o777), "others than root may write it"),
    "its group may write it": (lambda top: top.chmod(0o775), "others than root may write it"),
    "somebody else's": (lambda top: os.chown(top, 65534, 0), "its owner is user 65534"),
    "a link": (
        lambda top: (top.rename(top.parent / "other"), top.symlink_to("other")),
        "it is not a directory",
    ),
    "something else in place of the link": (lambda top: (top / "current").mkdir(), "is no link"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_directory_that_is_not_ours_to_use_is_refused(copy: EngineCopy, case: str) -> None:
    os.makedirs(copy.directory)
    change, why = REFUSED[case]
    change(Path(copy.directory))
    before = tree(str(Path(copy.directory).parent))
    with pytest.raises(InvalidRequest, match=why):
        copy.look()
    assert tree(str(Path(copy.directory).parent)) == before


def test_nothing_is_left_of_it(copy: EngineCopy) -> None:
    update(copy, NEW)
    remove(copy)
    assert not os.path.exists(copy.directory)
    assert remove(copy) == []


def test_what_strangers_have_put_there_survives(copy: EngineCopy) -> None:
    os.makedirs(copy.directory)
    theirs = {"notes.txt": b"mine", "engine-old/x.py": b"", ".hidden/y": b""}
    for name, data in theirs.items():
        path = Path(copy.directory, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    update(copy, OLD)
    update(copy, NEW)
    remove(copy)
    assert tree(copy.directory) == theirs


# --- killed -------------------------------------------------------------------------------------

CHANGES = (
    "os.mkdir",
    "os.rename",
    "os.symlink",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "shutil.rmtree",
)


def killed(act: Callable[[], Any], at: int) -> bool:
    """Run in a process of its own, killed just before its `at`-th change; whether it came to it."""
    child = os.fork()
    if child == 0:
        _be_killed(act, at)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _be_killed(act: Callable[[], Any], at: int) -> None:
    seen = 0

    def count(event: str, details: tuple[Any, ...]) -> None:
        nonlocal seen
        writing = event == "open" and isinstance(details[2], int) and details[2] & os.O_WRONLY
        if writing or event in CHANGES:
            seen += 1
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    try:
        act()
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_killed_anywhere_the_old_copy_is_in_use_or_the_new_and_one_more_run_finishes(
    copy: EngineCopy,
) -> None:
    at, seen = 0, []
    alive = True
    while alive:
        at += 1
        remove(copy)
        update(copy, OLD)
        Path(copy.directory, "_portmap").mkdir()
        Path(copy.directory, "_portmap", "restore.py").write_bytes(b"")
        alive = killed(lambda: update(copy, NEW), at)
        now = used(copy)
        assert now in (OLD, NEW), at
        seen.append(now)
        assert bool(update(copy, NEW)) == alive
        assert sorted(os.listdir(copy.directory)) == ["current", engine_copy.version_of(NEW)]
        assert used(copy) == NEW
    assert at > 15
    assert seen == sorted(seen, key=lambda now: now == NEW)
    assert OLD in seen


def test_killed_anywhere_a_removal_is_finished_by_one_more_run(copy: EngineCopy) -> None:
    at, alive = 0, True
    while alive:
        at += 1
        update(copy, NEW)
        alive = killed(lambda: remove(copy), at)
        assert used(copy) in (None, NEW)
        remove(copy)
        assert not os.path.exists(copy.directory)
    assert at > 8
