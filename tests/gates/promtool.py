# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program of Prometheus that checks rules and metrics."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def promtool(*words: str | Path) -> None:
    """It must find no fault."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool: tools/setup could not fetch Debian's package of prometheus")
    done = subprocess.run([found, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
