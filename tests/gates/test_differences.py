# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide tells in what a container differs from a process of the host, and a test shows each of it."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIFFERENCES = runpy.run_path(str(ROOT / "tests/hosts/differences.py"))["DIFFERENCES"]
GUIDE = ROOT / "docs/docsite/rst/guide_operators.rst"
HEAD = "What differs from a process of the host"


def listed() -> list[str]:
    """The items of the guide's list, each on one line."""
    section = GUIDE.read_text(encoding="utf-8").split(HEAD)[1]
    items = section.split("\n- ")[1:]
    return [" ".join(one.split("\n\n")[0].split()) for one in items[: len(DIFFERENCES) + 1]]


def test_the_guide_has_each_of_them_and_no_other():
    found = listed()
    assert found[: len(DIFFERENCES)] == list(DIFFERENCES)


@pytest.mark.parametrize("shown", DIFFERENCES.values())
def test_a_test_shows_it(shown):
    file, name = shown.split("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
