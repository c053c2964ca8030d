# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bringing a prepared host, and the containers that it has, up to date with its own changes.

What a run of portmap_host without options does, and nothing else: the interface stays, and so does every
container.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection
from typing import NamedTuple

from ..decide import following
from ..memory import record
from ..memory.lock import host_lock
from ..memory.record import Record
from ..values.errors import PortmapError
from . import host

NOT_PREPARED = (
    "nothing to follow: this host is not prepared; waiting for netiso.portmap.portmap_host"
)


class Followed(NamedTuple):
    """What was done, in words; `notices` stand for as long as they are true.

    `fault`: why the host could not be followed, "" when it was.
    """

    done: list[str]
    notices: list[str]
    fault: str = ""


def follow(causes: Collection[str]) -> Followed:
    """Look at the host, and do what is to be done.  `causes`: what has changed, for messages."""
    if not os.path.exists(record.PATH):  # no lock either, then
        return Followed([], [NOT_PREPARED])
    with host_lock(False):
        # A run that has begun is not ended by the end of the service; one that waits is.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        old = record.load()
        if old is None:
            return Followed([], [NOT_PREPARED])
        return _follow(old, causes)


def _follow(old: Record, causes: Collection[str]) -> Followed:
    job = host.prepare_locked(old.options, dry_run=False)
    spoilt = job.spoilt.names
    placed = [name for name in job.placed if name not in spoilt]
    done = following.told(old, job.record, causes, job.outcome.changes, placed)
    return Followed(done, job.outcome.warnings, str(job.spoilt) if spoilt else "")


def follow_or_say(causes: Collection[str]) -> Followed:
    """The same, with what goes wrong as a `fault`."""
    try:
        return follow(causes)
    except PortmapError as error:
        return Followed([], [], str(error))
    except OSError as error:
        return Followed([], [], f"cannot go on: {error}")
