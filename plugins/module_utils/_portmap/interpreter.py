# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this Python can read the engine at all.  Written so that Python 3.7 can read this."""

from __future__ import annotations

import sys
from collections.abc import Callable

OLDEST = (3, 9)


def check(fail: Callable[..., None]) -> None:
    """Fail in words, before what would be a traceback is imported; `fail` is that of the module."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        fail(
            msg=f"cannot use Python {found} ({sys.executable}): the collection needs Python"
            f" {'.'.join(map(str, OLDEST))} or later on the host; name one with"
            " ansible_python_interpreter, and install pyroute2 for it"
        )
