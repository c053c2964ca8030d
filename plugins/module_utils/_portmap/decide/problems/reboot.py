# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would not be the same after a reboot.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ...memory import next_boot
from ...memory.next_boot import Entry, SavedFile
from .drift import KIND
from .problem import HOST, SITE, Problem, few, place


def problems(
    file: SavedFile,
    now: Mapping[str, Entry],
    names: Collection[str] | None,
    others: Collection[str] = (),
) -> list[Problem]:
    """`now` are the containers as they are; only those of these `names` are told, unless None.

    Of `others` it is told already that they are gone.
    """
    if file.state is None:
        return [Problem(KIND, f"{next_boot.PATH}: {file.problem or 'missing'}", (), HOST)]
    saved = file.state.containers
    asked = {*now, *saved} if names is None else {*now, *saved} & {*names}
    lost = tuple(sorted(asked - now.keys() - {*others}))
    changed = tuple(
        name for name in sorted(asked & now.keys()) if _differs(saved.get(name), now[name])
    )
    found = []
    if lost:
        verb = "is" if len(lost) == 1 else "are"
        said = f"{few(lost)} {verb} saved in {next_boot.PATH}, but not placed"
        found.append(Problem(KIND, said, lost, SITE))
    if changed:
        said = f"the next boot would not bring {few(changed)} back as now (see {next_boot.PATH})"
        found.append(Problem(KIND, said, changed, place(changed)))
    return found


def _differs(was: Entry | None, now: Entry) -> bool:
    return was is None or was._replace(netns=now.netns) != now
