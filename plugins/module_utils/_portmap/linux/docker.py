# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docker says of its containers.  Their processes are children of its daemon, not of who has started them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ..values.errors import KernelRefused
from . import programs

_PATIENCE_SECONDS = 10.0


def mains(names: Sequence[str]) -> dict[str, int]:
    """The first process of each of these containers that run; of none, where docker does not answer."""
    said = ""
    if names:
        words = ("inspect", "--type=container", "--format={{.Name}} {{.State.Pid}}", "--", *names)
        with contextlib.suppress(KernelRefused):
            said = programs.attempt("docker", *words, patience=_PATIENCE_SECONDS).out
    told = dict(line.lstrip("/").split(" ") for line in said.splitlines() if line)
    return {name: int(pid) for name, pid in told.items() if pid != "0"}
