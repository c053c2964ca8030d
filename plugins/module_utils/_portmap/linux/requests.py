# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a change does to the kernel: a netlink request, or a call.  Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Union


class Request(NamedTuple):
    """A netlink request without its header; `what`, as text, completes "cannot ..." in errors."""

    kind: int
    flags: int
    payload: bytes
    what: object = ""


class Reply(NamedTuple):
    """The answer to one request: an errno (0: done) or the message asked for.

    `said` is the kernel's explanation of an error; `data` is None without a message.
    """

    errno: int
    said: str
    data: bytes | None


class Call(NamedTuple):
    """Anything else that a change needs: a file, a mount, a system call.

    `do` raises KernelRefused or OSError when it fails.
    """

    do: Callable[[], None]


Operation = Union[Request, Call]

CALLED: list[str] = []  # what every call of this process was for, so that tests can count
