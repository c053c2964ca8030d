# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units of systemd at work: what they do, and having them do it.  Many are asked in one call."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from ..values.errors import KernelRefused, Unsupported
from ..values.workloads import Unit
from . import programs, systemd

_ASKED = (
    "LoadState", "ActiveState", "MainPID", "NeedDaemonReload", "FragmentPath", "Result", "ExecMainStatus",
    "NRestarts", "UnitFileState",
)  # fmt: skip
_PATIENCE_SECONDS = 600.0  # each unit has its own timeouts
_VERSION = re.compile(r"systemd (\d+)")
_RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3"  # sd-messages.h
_TOLD = 4  # lines of the journal in a message


def version() -> int:
    """Raises Unsupported where systemd is not at work."""
    if not systemd.booted() or not programs.is_there("systemctl"):
        raise Unsupported(
            "cannot run workloads: systemd is not at work on this host; run the processes in"
            " /run/netns/NAME by other means"
        )
    said = programs.run("systemctl", "--version")
    found = _VERSION.match(said)
    if not found:
        raise Unsupported(f"cannot run workloads: systemctl does not tell its version: {said!r}")
    return int(found[1])


def show(names: Sequence[str]) -> dict[str, Unit]:
    if not names:
        return {}
    said = programs.run("systemctl", "show", f"--property={','.join(_ASKED)}", "--", *names)
    blocks = [
        dict(line.partition("=")[::2] for line in block.splitlines())
        for block in said.strip("\n").split("\n\n")
    ]
    return {name: _unit(block) for name, block in zip(names, blocks)}


def _unit(told: dict[str, str]) -> Unit:
    return Unit(
        told["LoadState"],
        told["ActiveState"],
        int(told.get("MainPID") or 0),
        told["NeedDaemonReload"] == "yes",
        told["FragmentPath"],
        told.get("Result", ""),
        told.get("ExecMainStatus", ""),
        int(told.get("NRestarts") or 0),
        told.get("UnitFileState") == "enabled",
    )


def restarted_lately() -> Counter[str]:
    """How often systemd has started units again by itself within the last minute, by the journal."""
    words = ("--since=-1min", "--quiet", "--no-pager", "--output=json", "--output-fields=UNIT")
    try:
        said = programs.run("journalctl", *words, f"MESSAGE_ID={_RESTART_SCHEDULED}")
    except KernelRefused:  # there is none
        return Counter()
    return Counter(json.loads(line).get("UNIT", "") for line in said.splitlines())


def act(verb: str, names: Sequence[str]) -> None:
    """Start, stop or restart the units.  Who has not come up is seen by looking, not said here."""
    programs.attempt("systemctl", verb, "--", *names, patience=_PATIENCE_SECONDS)


def last_words(name: str) -> str:
    """The last lines that the unit, or systemd about it, has written to the journal."""
    try:
        words = ("--unit", name, "--lines", str(_TOLD), "--output", "cat", "--no-pager")
        return "; ".join(programs.run("journalctl", "--quiet", *words).split("\n")).strip("; ")
    except KernelRefused:
        return ""


def faults(paths: Sequence[str]) -> list[str]:
    """What systemd finds wrong in unit files, among it what it would only ignore."""
    words = ("verify", "--man=no", "--recursive-errors=no", *paths)
    done = programs.attempt("systemd-analyze", *words, patience=_PATIENCE_SECONDS)
    places = tuple(f"{path}:" for path in paths)
    return [line for line in done.err.splitlines() if line.startswith(places)]
