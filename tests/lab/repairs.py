# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out the command that a problem names, as its reader would: on the control node, or on the host."""

from __future__ import annotations

import json
import shlex
from typing import Any

from .modules import Modules

AD_HOC = ["ansible", "HOST", "-b", "-m"]
SITE = "ansible-playbook netiso.portmap.site -i inventory --limit HOST"


def carry_out(modules: Modules, command: str, host: dict[str, Any], containers: list[Any]) -> None:
    """`host` and `containers` are what the inventory has, for a playbook and what it calls."""
    words = shlex.split(command)
    if command == SITE:
        modules.host(**host)
        modules.container(containers=containers)
    elif words[:4] == AD_HOC and words[4].startswith("netiso.portmap."):
        module = words[4].removeprefix("netiso.portmap.")
        assert words[5:6] in ([], ["-a"]), command
        arguments = "".join(words[6:])
        if arguments.startswith("{"):
            modules.call(module, json.loads(arguments))
        else:
            modules.call(module, dict(one.split("=", 1) for one in arguments.split()))
    else:
        assert words[0] not in ("ansible", "ansible-playbook"), command
        modules.machine.shell(command)
