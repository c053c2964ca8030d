# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The [Service] section of a workload that runc or crun runs from a bundle.  Pure.

The runtime waits for the processes, ends as they end, and passes on what they say.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values.workloads import CRUN, Workload
from .bundle import directory
from .setting import RUN, Setting, made_sandbox
from .spelling import argument

# How it ends when it was told to: 128 and the number of the signal.
ENDED = "137 143"
# Until the processes run, the unit is not active.
_WAIT = 'while [ -e "/proc/$MAINPID" ] && [ ! -s {pid_file} ]; do sleep 0.1; done'
# Process 1 of a namespace hears no signal that it does not wait for, but the last one.
_STOP = (
    'if [ -n "$MAINPID" ]; then {runtime} kill {name} TERM;'
    " timeout {seconds} tail --sleep-interval=0.1 --pid=$MAINPID -f /dev/null"
    " || {runtime} kill {name} KILL; fi"
)


def lines(workload: Workload, setting: Setting) -> Iterator[str]:
    name = workload.name
    runtime = workload.runtime
    if runtime == CRUN:
        # It leaves the processes in the group of the unit, and so their lines in the journal are the unit's.
        runtime = f"{CRUN} --cgroup-manager=disabled"
        yield "DevicePolicy=closed"  # runc does that, in a group that it makes
    pid_file = f"/run/{RUN}/{name}/pid"
    yield "Type=exec"
    yield "KillMode=mixed"
    yield "Delegate=yes"
    yield f"RuntimeDirectory={RUN}/{name}"
    if workload.sandbox:
        yield made_sandbox(name, workload.user or "0")
    # One that was killed would be in the way.
    yield f"ExecStartPre=-{runtime} delete --force {name}"
    run = ("run", f"--bundle={directory(name)}", f"--pid-file={pid_file}", *workload.options, name)
    yield f"ExecStart={runtime} {' '.join(map(argument, run))}"
    yield f"ExecStartPost=/bin/sh -c {argument(_WAIT.format(pid_file=pid_file))}"
    stop = _STOP.format(runtime=runtime, name=name, seconds=workload.stop_timeout)
    yield f"ExecStop=-/bin/sh -c {argument(stop)}"
    yield f"ExecStopPost=-{runtime} delete --force {name}"
