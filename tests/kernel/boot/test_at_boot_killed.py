# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that installs the engine is killed before each of its changes."""

from __future__ import annotations

import sys
from typing import Any

import installed
from installed import engines, files, of_the_role, restore
from lab.machines import Machine
from lab.modules import Modules

ON = {**installed.ON, "follow": True}
OFF = {**installed.OFF, "follow": False}

# A module in a process that is killed before its N-th change of a file, or of what systemd knows.
# Inside of a copy of the engine is another test's.  The interpreter and the program come after it.
KILLED = """
import os, runpy, signal, sys
at = int(sys.argv[1])
del sys.argv[:3]
EVENTS = {"os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"}
PLACES = ("/usr/local/lib/", "/var/lib/", "/etc/")
def count(event, details):
    global at
    ours = event in EVENTS and str(details[0]).startswith(PLACES) and "/_portmap/" not in details[0]
    if ours or event == "subprocess.Popen":
        at -= 1
        if at == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def killed(modules: Modules, at: int, **parameters: Any) -> bool:
    """Whether the run came to the point at which it is killed."""
    dying = modules.under(sys.executable, "-c", KILLED, str(at))
    done = dying.execute("portmap_host", parameters)
    assert done.code in (0, -9), done
    return done.code != 0


def test_killed_anywhere_the_unit_works_and_one_more_run_finishes(
    host: Machine, modules: Modules
) -> None:
    at, alive = 0, True
    while alive:
        at += 1
        modules.host(**OFF)
        of_the_role(host, modules)
        alive = killed(modules, at, **ON)
        assert restore(host).returncode == 0, at
        assert modules.host(**ON)["changed"] == alive
        assert len(engines(host)) == 2
        assert not any(path.endswith(".new") for path in files(host))
    assert at > 8


def test_killed_anywhere_one_more_run_leaves_nothing(host: Machine, modules: Modules) -> None:
    at, alive = 0, True
    while alive:
        at += 1
        modules.host(**ON)
        alive = killed(modules, at, **OFF)
        modules.host(**OFF)
        assert [path for path in files(host) if "portmap" in path] == []
    assert at > 5
