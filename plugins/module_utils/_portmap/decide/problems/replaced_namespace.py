# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container has another namespace than before, and somebody or something is left in that.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...values.process import Process
from .problem import CONTAINER, Problem, few, place

KIND = "replaced_namespace"


def of_processes(
    left: Mapping[str, Sequence[Process]], told: Collection[str] = ()
) -> list[Problem]:
    """`left`: who sits in a namespace that was made for a container, and has no link any more.

    `told`: units of workloads, of which the kind `workload` tells that.
    """
    others = {
        name: [one for one in listed if one.unit not in told]
        for name, listed in sorted(left.items())
    }
    return [_left(name, listed) for name, listed in others.items() if listed]


def _left(name: str, listed: Sequence[Process]) -> Problem:
    sit = "sits" if len(listed) == 1 else "sit"
    said = f"{few(listed)} {sit} in a namespace that was made for {name}, and was removed since: nobody"
    said += " is reached there; start again what shall run in the container"
    units = dict.fromkeys(one.unit for one in listed if one.unit)
    pids = [one.pid for one in listed if not one.unit]
    commands = [f"systemctl restart {unit}" for unit in units]
    commands += [f"kill {' '.join(pids)}"] if pids else []
    return Problem(KIND, said, (name,), " && ".join(commands), tuple(map(str, listed)))


def of_handles(names: Sequence[str]) -> list[Problem]:
    """`names` of containers whose link leads to another namespace than their handle."""
    if not names:
        return []
    said = (
        f"the link of {few(names)} does not lead into the namespace of the handle: that was made anew, or the"
        " link's end was moved"
    )
    return [Problem(KIND, said, tuple(names), place(names))]


def of_paths(paths: Mapping[str, str]) -> list[Problem]:
    """`paths` that containers were placed by, and that lead to other namespaces now."""
    return [
        Problem(
            KIND,
            f"{path} leads to another namespace than that of {name}, which was placed by it",
            (name,),
            f"{CONTAINER} 'name={name} netns={path}'",
        )
        for name, path in sorted(paths.items())
    ]
