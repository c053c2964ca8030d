# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every problem that portmap_info tells has in common.  Pure.

A problem has one cause, whatever that damages.  A kind of problem is one file here, named as the kind:
it makes problems of what was seen.  Kinds are for programs to look at: none is ever renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

_FEW = 3  # named in a description


class Problem(NamedTuple):
    """`repair` is a command for who works with Ansible; "" where the operator has to choose what to do.

    `containers` are those that suffer, and `objects` what is wrong of them: a line each.
    """

    kind: str
    description: str
    containers: tuple[str, ...] = ()
    repair: str = ""
    objects: tuple[str, ...] = ()

    def result(self, detail: bool) -> dict[str, Any]:
        """As the module returns it."""
        told: dict[str, Any] = {
            "kind": self.kind,
            "description": self.description,
            "containers": list(self.containers),
            "repair": self.repair or None,
        }
        return {**told, "objects": list(self.objects)} if detail else told

    def is_about(self, container: str) -> bool:
        """Whether it is told to who asks for that container: what is wrong with the host is, too."""
        return not self.containers or container in self.containers


def few(items: Iterable[object]) -> str:
    """The first ones, and how many more there are."""
    listed = [str(item) for item in items]
    more = f" and {len(listed) - _FEW} more" if len(listed) > _FEW else ""
    return ", ".join(listed[:_FEW]) + more


# --- commands that repair -----------------------------------------------------------------------

_MANY = 20  # a command that names more is not typed by anybody
SITE = "ansible-playbook netiso.portmap.site -i inventory --limit HOST"
HOST = SITE  # with what the inventory says by now
CONTAINER = "ansible HOST -b -m netiso.portmap.portmap_container -a"


def place(names: Sequence[str]) -> str:
    """Bring containers that are placed back to what they own."""
    if len(names) == 1:
        return f"{CONTAINER} name={names[0]}"
    if len(names) > _MANY:
        return SITE
    listed = ", ".join(f'{{"name": "{name}"}}' for name in names)
    return f"{CONTAINER} '{{\"containers\": [{listed}]}}'"


def remove(name: str) -> str:
    return f"{CONTAINER} 'name={name} state=absent'"
