# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine as it lies on hosts: without what speaks with Ansible."""

from __future__ import annotations

import atexit
import compileall
import functools
import shutil
import tempfile
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[2] / "plugins" / "module_utils" / "_portmap"


@functools.cache
def shipped() -> Path:
    """The directory that Python finds it in. It is compiled, for tests start it some hundred times."""
    directory = Path(tempfile.mkdtemp(prefix="portmap-engine-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    leave = shutil.ignore_patterns("boundary.py", "__pycache__")
    shutil.copytree(ENGINE, directory / "_portmap", ignore=leave)
    compileall.compile_dir(directory, quiet=1)
    return directory
