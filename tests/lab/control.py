# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs of Ansible in the tests of one process share: see the directory `once`."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

ONCE = Path(__file__).with_name("once")


@functools.cache
def environment() -> tuple[str, ...]:
    """NAME=VALUE, for env(1). Modules must not change while the process lives."""
    place = Path(tempfile.mkdtemp(prefix="portmap-once-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    (place / "sent").mkdir()
    return (
        f"ANSIBLE_CALLBACK_PLUGINS={ONCE / 'callback'}",
        "ANSIBLE_CALLBACKS_ENABLED=sent_once",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS=1",  # of a single task, too
        f"SENT_ONCE={place / 'sent'}",
        f"COMPILED_ONCE={place / 'compiled'}",
        f"PYTHONPATH={ONCE}",
    )
