# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unit of systemd that brings host and containers back after a boot."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from ..linux import durable, systemd
from ..linux.durable import Step
from ..linux.paths import not_roots_alone
from ..values.errors import InvalidRequest

NAME = "portmap-restore.service"
PATH = f"{systemd.UNITS}/{NAME}"

_TEXT = """\
# Written by netiso.portmap.portmap_host. A service in the namespace of a container says
#   Wants=portmap-restore.service
#   After=portmap-restore.service

[Unit]
Description=Containers that share the host's address, as Ansible last left them
Wants=network-online.target
After=network-online.target
# Containers of podman may be in namespaces of ours.
Before=podman-restart.service
RequiresMountsFor={mounts}

[Service]
Type=oneshot
RemainAfterExit=yes
# No PrivateTmp and the like: the handles in /run/netns are mounts that everybody must see.
Environment=PYTHONPATH={path}
ExecStart={python} -Bsm _portmap.restore
TimeoutStartSec=10min

[Install]
WantedBy=multi-user.target
"""


class Found(NamedTuple):
    """`text` is None without a file, and "" where it must be written anew.

    It must when others could have written it, or a killed run left a draft.
    `strange`: there is something else in place of the file, such as the link of a masked unit.
    """

    text: str | None = None
    enabled: bool = False
    strange: bool = False


def text(python: str, path: str, mounts: tuple[str, ...]) -> str:
    """`path` is where the engine's package is; `mounts` are the directories that must be there."""
    return _TEXT.format(python=python, path=path, mounts=" ".join(mounts))


def look() -> Found:
    on = systemd.enabled(NAME)
    try:
        found = os.lstat(PATH)
    except FileNotFoundError:
        return Found("" if os.path.lexists(durable.draft(PATH)) else None, on)
    if not stat.S_ISREG(found.st_mode):
        return Found(None, on, True)
    if not_roots_alone(found) or os.path.lexists(durable.draft(PATH)):
        return Found("", on)
    with open(PATH, encoding="utf-8", errors="replace") as file:
        return Found(file.read(), on)


def installing(found: Found, wanted: str) -> list[Step]:
    """Steps that have systemd run the unit with this text at every boot."""
    systemd.required()
    if found.strange:
        raise InvalidRequest(
            f"cannot have the host restored at boot: {PATH} is no plain file; take it away, or"
            f" unmask {NAME} if it is masked"
        )
    steps = []
    if found.text != wanted:
        steps.append(Step(f"write {PATH}", lambda: _write(wanted)))
    if not found.enabled:
        steps.append(Step(f"enable {NAME}", lambda: systemd.enable(NAME)))
    return steps


def disabling(found: Found) -> list[Step]:
    on = found.enabled and not found.strange
    return [Step(f"disable {NAME}", lambda: systemd.disable(NAME))] if on else []


def removing(found: Found) -> list[Step]:
    return [] if found.text is None else [Step(f"remove {PATH}", _remove)]


def _write(wanted: str) -> None:
    durable.replace(PATH, wanted.encode(), 0o644)
    systemd.reload()


def _remove() -> None:
    for path in (durable.draft(PATH), PATH):
        durable.remove(path)
    systemd.reload()
