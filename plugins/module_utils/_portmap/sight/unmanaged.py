# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which programs of the host configure links, and the files that keep them from ours."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from ..linux import durable, managers
from ..linux.managers import MANAGERS, NETWORKD, Manager, NetworkFile
from ..linux.paths import not_roots_alone
from ..objects.unmanaged import Unmanaged
from ..wanted.unmanaged import FILES


class ManagersSeen(NamedTuple):
    """The programs that run, all files of systemd-networkd, and our files of those programs."""

    running: tuple[Manager, ...]
    network_files: tuple[NetworkFile, ...]
    ours: tuple[Unmanaged, ...]


def see_managers() -> ManagersSeen:
    running = tuple(filter(managers.has_run, MANAGERS))
    files = managers.network_files() if NETWORKD in running else []
    ours = (item for item in see_files() if item.manager in running)
    return ManagersSeen(running, tuple(files), tuple(ours))


def see_files() -> list[Unmanaged]:
    """All our files, whatever runs.  Where only a draft is, a killed run left it."""
    found = []
    for path, manager in FILES.items():
        if os.path.lexists(path) or os.path.lexists(durable.draft(path)):
            found.append(Unmanaged(manager, path, _text(path)))
    return found


def _text(path: str) -> str:
    """What a file says; "" when it is to be written anew."""
    if os.path.lexists(durable.draft(path)):
        return ""
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode) or not_roots_alone(found):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
