# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docker says of its containers.  Their processes are children of its daemon, not of who has started them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ..values.errors import KernelRefused
from . import programs

_PATIENCE_SECONDS = 10.0
_APART = {
    "name=userns": "its containers are in another user namespace; run dockerd without userns-remap",
    "name=rootless": "it runs without root; run it as root",
}


def mains(names: Sequence[str]) -> dict[str, int]:
    """The first process of each of these containers that run; of none, where docker does not answer."""
    said = ""
    if names:
        words = ("inspect", "--type=container", "--format={{.Name}} {{.State.Pid}}", "--", *names)
        with contextlib.suppress(KernelRefused):
            said = programs.attempt("docker", *words, patience=_PATIENCE_SECONDS).out
    told = dict(line.lstrip("/").split(" ") for line in said.splitlines() if line)
    return {name: int(pid) for name, pid in told.items() if pid != "0"}


def apart() -> str:
    """Why a container of docker may not enter a network of the host; "" where it may, or docker does not answer.

    Such a network belongs to the first user namespace, and root of another one has no rights there.
    """
    said = ""
    with contextlib.suppress(KernelRefused):
        words = ("info", "--format={{.SecurityOptions}}")
        said = programs.attempt("docker", *words, patience=_PATIENCE_SECONDS).out
    return next((why for word, why in _APART.items() if word in said), "")
