# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests/lab/once is for: a module is put together once, and compiled once, whoever sends it."""

from __future__ import annotations

import os
from pathlib import Path

from lab import control
from lab.pools import DOCUMENTED
from playing import Desk


def kept() -> dict[str, set[tuple[str, int]]]:
    """Names and inodes of what is kept in each directory."""
    variables = dict(word.split("=", 1) for word in control.environment())
    return {
        name: {(path.name, os.stat(path).st_ino) for path in Path(variables[name]).rglob("*.*")}
        for name in ("SENT_ONCE", "COMPILED_ONCE")
    }


def test_a_second_playbook_sends_what_the_first_one_has_made(desk: Desk) -> None:
    prepare = {"netiso.portmap.portmap_host": DOCUMENTED}
    assert "changed=1" in desk.do(prepare)
    first = kept()
    assert any("netiso.portmap" in name for name, _ in first["SENT_ONCE"])
    assert len(first["COMPILED_ONCE"]) > 100
    assert "changed=0" in desk.do(prepare)
    assert kept() == first
