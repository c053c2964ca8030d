# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The units of systemd that have the host do something without Ansible."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from ..linux import durable, systemd
from ..linux.durable import Step
from ..linux.paths import not_roots_alone
from ..values.errors import InvalidRequest, Unsupported

_RESTORE = """\
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

_FOLLOW = """\
# Written by netiso.portmap.portmap_host.

[Unit]
Description=Containers follow the host's address, MAC, MTU and gateway
# At a boot, what follows is there first.
After=portmap-restore.service
RequiresMountsFor={mounts}
# It is started again however often it ends.
StartLimitIntervalSec=0

[Service]
Type=notify
# No PrivateTmp and the like: the handles in /run/netns are mounts that everybody must see.
Environment=PYTHONPATH={path}
ExecStart={python} -Bsm _portmap.follow
Restart=always
RestartSec=5s
# A run that has begun is let finish.
TimeoutStopSec=5min

[Install]
WantedBy=multi-user.target
"""


class Found(NamedTuple):
    """`text` is None without a file, and "" where it must be written anew.

    It must when others could have written it, or a killed run left a draft.
    `strange`: there is something else in place of the file, such as the link of a masked unit.
    `runs`: of a service that stays, where systemd is at work; None: that does not matter, or is not
    known.
    """

    text: str | None = None
    enabled: bool = False
    strange: bool = False
    runs: bool | None = None


class Unit(NamedTuple):
    """`option` of portmap_host has the unit, for the `purpose`.  `stays`: it goes on running."""

    name: str
    template: str
    option: str
    purpose: str
    stays: bool = False

    @property
    def path(self) -> str:
        return f"{systemd.UNITS}/{self.name}"

    def text(self, python: str, path: str, mounts: tuple[str, ...]) -> str:
        """`path` is where the engine's package is; `mounts` are the directories that must be there."""
        return self.template.format(python=python, path=path, mounts=" ".join(mounts))

    def look(self) -> Found:
        on = systemd.enabled(self.name)
        try:
            found = os.lstat(self.path)
        except FileNotFoundError:
            left = os.path.lexists(durable.draft(self.path))
            return Found("" if left else None, on, runs=self._runs() if on else None)
        if not stat.S_ISREG(found.st_mode):
            return Found(None, on, True)
        if not_roots_alone(found) or os.path.lexists(durable.draft(self.path)):
            return Found("", on, runs=self._runs())
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return Found(file.read(), on, runs=self._runs())

    def _runs(self) -> bool | None:
        return systemd.active(self.name) if self.stays and systemd.booted() else None

    def installing(self, found: Found, wanted: str) -> list[Step]:
        """Steps that have systemd run the unit with this text at every boot, and now if it stays."""
        if not systemd.is_there():
            raise Unsupported(
                f"cannot have {self.purpose}: there is no systemctl, so no systemd; leave out"
                f" {self.option}, or set it to false"
            )
        if found.strange:
            raise InvalidRequest(
                f"cannot have {self.purpose}: {self.path} is no plain file; take it away, or"
                f" unmask {self.name} if it is masked"
            )
        steps = []
        if found.text != wanted:
            # Stopped before: a run that is killed then leaves a unit which the next run starts.
            steps += self._stopping(found)
            steps.append(Step(f"write {self.path}", lambda: self._write(wanted)))
        if not found.enabled:
            steps.append(Step(f"enable {self.name}", lambda: systemd.enable(self.name)))
        if self.stays and systemd.booted() and (found.text != wanted or not found.runs):
            steps.append(Step(f"start {self.name}", lambda: systemd.start(self.name)))
        return steps

    def disabling(self, found: Found) -> list[Step]:
        """Steps after which it does nothing more; one that does not stay has done its work."""
        steps = []
        if found.enabled and not found.strange:
            steps.append(Step(f"disable {self.name}", lambda: systemd.disable(self.name)))
        return steps + self._stopping(found)

    def _stopping(self, found: Found) -> list[Step]:
        return [Step(f"stop {self.name}", lambda: systemd.stop(self.name))] if found.runs else []

    def removing(self, found: Found) -> list[Step]:
        return [] if found.text is None else [Step(f"remove {self.path}", self._remove)]

    def _write(self, wanted: str) -> None:
        durable.replace(self.path, wanted.encode(), 0o644)
        systemd.reload()

    def _remove(self) -> None:
        for path in (durable.draft(self.path), self.path):
            durable.remove(path)
        systemd.reload()


RESTORE = Unit("portmap-restore.service", _RESTORE, "restore_at_boot", "the host restored at boot")
FOLLOW = Unit("portmap-follow.service", _FOLLOW, "follow", "containers follow the host", True)
