# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import engine_copy
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.engine_copy import (
    EngineCopy,
    Found,
)

ENGINE = Path(engine_copy.__file__).resolve().parents[1]
COPY = EngineCopy("/copy")
OLD, NEW = {"restore.py": b"old"}, {"restore.py": b"new"}
OLD_VERSION, NEW_VERSION = "engine-db3cce0e59704931", "engine-14e9bdcedc8aba44"


def imports(path: str) -> set[str]:
    """The files of the engine that one of them imports, as a syntax tree tells."""
    found = set()
    for node in ast.walk(ast.parse((ENGINE / path).read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.level:
            target = (ENGINE / path).parents[node.level - 1] / (node.module or "").replace(
                ".", "/"
            )
            names = [target / alias.name for alias in node.names] if target.is_dir() else [target]
            found |= {f"{name.relative_to(ENGINE)}.py" for name in names}
    return found


def test_the_copy_has_what_its_doors_import_and_nothing_else():
    files = engine_copy.sources()
    doors = {"restore.py", "follow.py", "portmapctl.py", "guard.py"}
    needed = set().union(*(imports(path) for path in files), doors)
    assert set(files) == needed
    assert {path: (ENGINE / path).read_bytes() for path in needed} == files
    assert "boundary.py" not in files  # it speaks with Ansible


IN_AN_ARCHIVE = """
import sys
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import engine_copy
assert ".zip/" in engine_copy.__file__
print(engine_copy.version_of(engine_copy.sources()))
"""


def test_the_copy_is_the_same_from_the_archive_that_ansible_sends(tmp_path):
    archive = tmp_path / "payload.zip"
    package = "ansible_collections/netiso/portmap/plugins/module_utils/_portmap"
    with zipfile.ZipFile(archive, "w") as payload:
        directories = set()
        for source in ENGINE.glob("**/*.py"):
            path = Path(package) / source.relative_to(ENGINE)
            payload.write(source, path)
            directories |= set(path.parents) - {Path()}
        for directory in directories:  # Ansible makes them
            payload.writestr(f"{directory}/__init__.py", "")
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(archive)!r})\n{IN_AN_ARCHIVE}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == engine_copy.version_of(engine_copy.sources())


def test_a_version_is_named_after_paths_and_content():
    versions = {
        engine_copy.version_of(files)
        for files in (OLD, NEW, {"restore.pyo": b"ld"}, {"other.py": b"old"}, {**OLD, "x.py": b""})
    }
    assert len(versions) == 5
    assert engine_copy.version_of(OLD) == OLD_VERSION
    assert engine_copy.version_of(NEW) == NEW_VERSION


def in_use(version=OLD_VERSION, files=None, rest=()):
    return Found(True, True, version, OLD if files is None else files, rest, False)


@pytest.mark.parametrize(
    ("found", "installing", "cleaning"),
    [
        (Found(), [f"copy the engine to /copy/{NEW_VERSION}"], []),
        (in_use(files=NEW, version=NEW_VERSION), [], []),
        (in_use(), [f"copy the engine to /copy/{NEW_VERSION}"], [f"remove /copy/{OLD_VERSION}"]),
        # damaged: it stays in use until there is another
        (
            in_use(version=NEW_VERSION, files={}),
            [f"copy the engine to /copy/{NEW_VERSION}-2"],
            [f"remove /copy/{NEW_VERSION}"],
        ),
        (
            in_use(version=f"{NEW_VERSION}-2", files={}),
            [f"copy the engine to /copy/{NEW_VERSION}"],
            [f"remove /copy/{NEW_VERSION}-2"],
        ),
        (in_use(version=f"{NEW_VERSION}-2", files=NEW), [], []),
        # of an earlier release, and of a run that was killed
        (
            Found(True, rest=(".current.new", "_portmap", NEW_VERSION)),
            [f"copy the engine to /copy/{NEW_VERSION}"],
            ["remove /copy/.current.new", "remove /copy/_portmap"],
        ),
        (
            in_use(version=NEW_VERSION, files=NEW, rest=("_portmap", OLD_VERSION)),
            [],
            ["remove /copy/_portmap", f"remove /copy/{OLD_VERSION}"],
        ),
    ],
)
def test_what_is_there_decides_what_is_done(found, installing, cleaning):
    assert [step.told for step in COPY.installing(found, NEW)] == installing
    assert [step.told for step in COPY.cleaning(found, NEW)] == cleaning


@pytest.mark.parametrize(
    ("found", "removing"),
    [
        (Found(), []),
        (Found(True), ["remove the directory /copy"]),
        (Found(True, strangers=True), []),
        (
            in_use(rest=("_portmap",)),
            [
                "remove /copy/current",
                f"remove /copy/{OLD_VERSION}",
                "remove /copy/_portmap",
                "remove the directory /copy",
            ],
        ),
        (Found(True, linked=True, strangers=True), ["remove /copy/current"]),
    ],
)
def test_all_that_is_ours_is_removed(found, removing):
    assert [step.told for step in COPY.removing(found)] == removing
