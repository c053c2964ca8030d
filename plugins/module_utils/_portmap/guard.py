# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports guard on the host, without Ansible.

`python3 -m _portmap.guard attach NAME NETNS` is what a guarded unit runs before its first process: it
attaches the guard to its own control group, for the ports of that namespace.  `... watch` is a service.
"""

from __future__ import annotations

import os
import sys

from .jobs import attaching
from .jobs.watching import Watcher, tell_watcher
from .linux import cgroups, netns
from .memory import guards as memory
from .sight import guards as sight
from .values.errors import InvalidRequest, PortmapError, Unsupported
from .wanted import guards as layout


def main(words: list[str]) -> int:
    try:
        if os.geteuid() != 0:
            raise Unsupported("cannot guard ports: not root")
        if words == ["watch"]:
            Watcher().run()
        elif len(words) == 3 and words[0] == "attach":
            _attach(words[1], words[2])
        else:
            raise InvalidRequest(
                "usage: _portmap.guard attach NAME NETNS, or _portmap.guard watch"
            )
    except (PortmapError, OSError) as error:
        sys.stderr.write(f"portmap-guard: {error}\n")
        return 1
    return 0


def _attach(name: str, namespace: str) -> None:
    """Raises when there is no guard of this name: what is to be guarded must not run without."""
    found = memory.load()
    guard = found.guards.get(name) if found else None
    if guard is None:
        raise InvalidRequest(
            f"cannot attach the guard {name}: {memory.PATH} has none of this name; run"
            " netiso.portmap.portmap_guard, which writes both, or removes both"
        )
    with netns.at(namespace) as opened:
        if opened is None:
            raise InvalidRequest(f"cannot attach the guard {name}: {namespace} is no namespace")
        rules = layout.rules(guard, sight.cookie(opened))
    path = cgroups.own()
    if path == "/":
        raise InvalidRequest(f"cannot attach the guard {name}: this is the root of all groups")
    attaching.attach(path, rules)
    tell_watcher(name, path)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
