# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import interpreter

PLUGINS = Path(__file__).resolve().parents[5] / "plugins"
READ_FIRST = [
    *sorted((PLUGINS / "modules").glob("*.py")),
    PLUGINS / "module_utils" / "_portmap" / "interpreter.py",
]


class Failed(Exception):
    pass


def fail(msg: str) -> None:
    raise Failed(msg)


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 7, 16), (3, 8, 18)])
def test_an_old_python_is_refused_in_words(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    with pytest.raises(Failed) as refused:
        interpreter.check(fail)
    found = ".".join(map(str, version))
    assert str(refused.value) == (
        f"cannot use Python {found} (/usr/bin/python3): the collection needs Python 3.9 or later on the"
        " host; name one with ansible_python_interpreter, and install pyroute2 for it"
    )


@pytest.mark.parametrize("version", [(3, 9, 0), (3, 14, 1)])
def test_a_python_that_can_read_the_engine_is_taken(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    interpreter.check(fail)


@pytest.mark.parametrize(
    "path", sorted((PLUGINS / "modules").glob("*.py")), ids=lambda path: path.name
)
def test_a_module_asks_before_it_imports_the_engine(path):
    """Which the old Python could not even read."""
    (main,) = (
        one
        for one in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(one, ast.FunctionDef) and one.name == "main"
    )
    said = [ast.unparse(one) for one in main.body]
    asked = said.index("interpreter.check(module.fail_json)")
    assert not any("import" in one for one in said[:asked])
    assert any("import" in one for one in said[asked:])


@pytest.mark.parametrize("path", READ_FIRST, ids=lambda path: path.name)
def test_what_says_so_can_be_read_by_python_3_7(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))
