# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What problems are told of: a host as it was seen, and what is asked once when a kind needs it."""

from __future__ import annotations

import contextlib
from functools import cached_property

from ..decide.problems import host_range
from ..decide.problems.problem import Problem
from ..linux import netns, processes
from ..linux.netfilter import Rules
from ..memory import next_boot
from ..memory.next_boot import SavedFile
from ..memory.record import Record
from ..sight import inhabitants, workloads
from ..sight.host import host_ephemeral
from ..sight.processes_seen import WorkloadSeen
from ..values import tenants
from ..values.errors import InvalidRequest
from .comparing import Observer
from .uplink import Uplink


class Case:
    """What is looked at: all containers, or only `container`.

    `left` are the handles that we made of which no link is left; `interrupted` are containers that a
    killed run was placing.
    """

    def __init__(
        self, observer: Observer, prepared: Record, uplink: Uplink, container: str | None
    ) -> None:
        self.observer = observer
        self.survey = observer.survey
        self.prepared = prepared
        self.uplink = uplink
        self.container = container
        known = {one.handle for one in observer.survey.containers.values()}
        asked = [name for name in netns.made_by_us() if container in (None, name)]
        self.interrupted = sorted(filter(_is_half_made, asked))
        self.left = sorted({*asked} - known - {*self.interrupted})

    @property
    def names(self) -> list[str]:
        return sorted(self.survey.placed)

    @cached_property
    def host_range(self) -> list[Problem]:
        """What the range from which the host takes its own ports does to containers."""
        owners = {name: one.owned for name, one in self.survey.containers.items()}
        return host_range.problems(host_ephemeral(), self.prepared.options, owners)

    @cached_property
    def pids(self) -> dict[int, list[str]]:
        """The processes of the machine by the inode of their network namespace."""
        return processes.by_namespace()

    @cached_property
    def inodes(self) -> dict[str, int]:
        """Those of the namespaces of the containers."""
        return inhabitants.inodes(self.survey.containers.values())

    @cached_property
    def workloads(self) -> dict[str, WorkloadSeen]:
        """Those of all containers, or of the one: systemd is asked only where there are some."""
        placed = self.survey.containers.items()
        handles = {name: netns.handle_path(one.handle) for name, one in placed}
        return workloads.see_all(handles, self.container)

    @cached_property
    def rules(self) -> Rules:
        """Those of the host's netfilter."""
        return Rules()

    @cached_property
    def saved(self) -> SavedFile | None:
        """What the next boot would restore.  Raises InvalidRequest when its directory is not root's alone."""
        return next_boot.read()

    @property
    def saved_paths(self) -> dict[str, str]:
        """By container: the path of its namespace by which it was placed, as far as that is known."""
        with contextlib.suppress(InvalidRequest):
            if self.saved and self.saved.state:
                saved = self.saved.state.containers.items()
                return {name: one.netns for name, one in saved if one.origin == tenants.ATTACHED}
        return {}


def _is_half_made(name: str) -> bool:
    """Only what is whole has a handle; before that its namespace is held by a draft of one."""
    return netns.has_draft(name) and not netns.is_there(netns.handle_path(name))
