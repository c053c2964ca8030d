# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen of workloads: the values that deciding about them starts from.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..values.workloads import Unit
from ..wanted.workload.files import Label


class FileSeen(NamedTuple):
    """`label` is None for a file that is not ours."""

    label: Label | None
    text: str


class SocketSeen(NamedTuple):
    """`heard`: somebody listens in the container where the socket shall."""

    unit: Unit
    heard: bool


class WorkloadSeen(NamedTuple):
    """`files` are ours, by path, and `label` is what they say.

    `spaces` are the network namespaces that the processes of its unit are in, by inode; `sockets`
    are by their units.  `own_root`: a process of it has another root directory than the host's;
    `process`: its main process, by name and number; `restarts`: how often systemd has started it again by itself within the last minute, where that was asked.
    """

    files: Mapping[str, str]
    label: Label | None
    unit: Unit
    spaces: frozenset[int]
    sockets: Mapping[str, SocketSeen] = {}
    own_root: bool = False
    restarts: int = 0
    process: str = ""
