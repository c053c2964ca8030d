# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors, sorted by who must act on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence


class PortmapError(Exception):
    """Base of every error that a user of the collection may see."""


class InvalidRequest(PortmapError):
    """Fix the playbook: the request contradicts itself, the host or another container."""


class Unsupported(PortmapError):
    """Fix the machine: a privilege, a package or a kernel feature is missing."""


class KernelRefused(PortmapError):
    """The kernel answered a request with an error; `errno` is its number.

    `undone`: what had been done before is taken back.
    """

    def __init__(self, message: str, errno: int, undone: bool = False) -> None:
        super().__init__(message)
        self.errno = errno
        self.undone = undone


class ChangedInside(KernelRefused):
    """What is wanted inside these containers cannot be had: their own root has changed something there."""

    def __init__(
        self, containers: Collection[str], why: str, errno: int = 0, undone: bool = False
    ) -> None:
        said = (
            f"cannot place {', '.join(sorted(containers))}: this container's namespace was changed"
        )
        super().__init__(f"{said} from inside: {why}; remove and place it again", errno, undone)
        self.containers = frozenset(containers)
        self.why = why


class Unplaced(PortmapError):
    """Some containers of a task could not be placed; `changes` is what was done of the others."""

    def __init__(self, message: str, changes: Sequence[str]) -> None:
        super().__init__(message)
        self.changes = changes


class NotConverged(PortmapError):
    """After the plan the kernel still differs, or cannot be looked at: interference, or our bug."""
