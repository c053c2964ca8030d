# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether somebody else than root can change where a path leads."""

from __future__ import annotations

import os
import stat

_MOST_LINKS = 40  # the kernel follows no more
# Links below /proc of which the kernel alone says where they lead; a process chooses where its
# other ones lead, such as fd/7, cwd and root.
_OF_THE_KERNEL = ("self", "thread-self", "net")


def not_roots_alone(found: os.stat_result) -> str:
    """Why others than root can write a file or directory; "" when they cannot."""
    if found.st_uid != 0:
        return f"its owner is user {found.st_uid} instead of root"
    mode = stat.S_IMODE(found.st_mode)
    return f"others than root may write it (mode {mode:04o})" if mode & 0o022 else ""


def of_a_process(path: str) -> bool:
    """Whether the path has the number of a process in it: after a boot that is another process."""
    return os.path.normpath(path).startswith("/proc/")


def unsafe(path: str) -> str:
    """What on the way to `path` lets others than root change where it leads, and why; "" for nothing.

    Directory by directory from the root, through all links.  What lies behind a directory of
    somebody else is not touched: it may be a file system that never answers.
    """
    proc = os.stat("/proc").st_dev
    at, names, links = "/", _names(path), 0
    while names:
        try:
            directory = os.stat(at)
            name = names.pop(0)
            on_proc = directory.st_dev == proc
            why = "" if on_proc else not_roots_alone(directory)
            if why:
                return f"{at}: {why}"
            inner = os.path.join(at, name)
            is_link = stat.S_ISLNK(os.lstat(inner).st_mode)
            if is_link and on_proc and name not in _OF_THE_KERNEL:
                return f"{inner}: a process says where it leads"
            if not is_link or on_proc:
                at = inner
                continue
            target = os.readlink(inner)
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            return ""  # it leads nowhere, and root alone can change that
        links += 1
        if links > _MOST_LINKS:
            return ""
        at = "/" if target.startswith("/") else at
        names = _names(target) + names
    return ""


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]
