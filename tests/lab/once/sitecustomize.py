# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A target compiles once what Ansible sends to it, and not for every task.

Ansible sends a module as a zip file with all that it imports. Python compiles anew what it imports from a
zip file, which is half of the time of most tasks. Here it is looked up by its content. Python imports
this file when it starts, if the directory is in PYTHONPATH; COMPILED_ONCE is where the bytecode goes.
"""

from __future__ import annotations

import _imp
import contextlib
import marshal
import os
import sys
import zipimport
from types import CodeType

_compile = zipimport._compile_source
_directory = os.path.join(os.environ.get("COMPILED_ONCE", ""), sys.implementation.cache_tag)


def _compiled(path: str, source: bytes) -> CodeType:
    kept = os.path.join(_directory, f"{_imp.source_hash(len(source), source).hex()}.pyc")
    with contextlib.suppress(OSError), open(kept, "rb") as file:
        return marshal.load(file)
    code = _compile(path, source)
    # A task of another user may not write here, and compiles.
    with contextlib.suppress(OSError):
        os.makedirs(_directory, mode=0o755, exist_ok=True)
        draft = f"{kept}.{os.getpid()}"
        with open(draft, "wb") as file:
            marshal.dump(code, file)
        os.rename(draft, kept)
    return code


if "COMPILED_ONCE" in os.environ:
    zipimport._compile_source = _compiled
