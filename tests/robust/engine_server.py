# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run modules on a machine of the lab, each in a fork of one process that has loaded them.

A run then takes what its work takes, and no start-up: every point of every operation can be tried.
Reads a job as JSON per line, answers with a line of JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import ansible.module_utils.basic as basic

sys.path.insert(0, str(Path(__file__).resolve().parent))

import faults
import sight

_COLLECTION = "ansible_collections.netiso.portmap.plugins"
_NAMES = ("portmap_host", "portmap_container", "portmap_ranges", "portmap_info")
# Seconds until a run is taken for hanging: the kernel's lock on links is one for the whole machine, and
# whoever takes a thousand of them apart holds it for long.
_PATIENCE = 300
_LOADED_LATE = (
    "pyroute2.netlink.rtnl.ifinfmsg",
    "pyroute2.netlink.rtnl.ifaddrmsg",
    "pyroute2.netlink.rtnl.rtmsg",
    "pyroute2.netlink.rtnl.tcmsg",
)


def main() -> None:
    modules = {name: importlib.import_module(f"{_COLLECTION}.modules.{name}") for name in _NAMES}
    engine = f"{_COLLECTION}.module_utils._portmap"
    parts = [
        importlib.import_module(f"{engine}.{name}")
        for name in ("linux.netlink", "linux.netns", "memory.lock")
    ]
    for name in ("boundary", "jobs.info"):  # the modules import them only when they run
        importlib.import_module(f"{engine}.{name}")
    for name in _LOADED_LATE:
        importlib.import_module(name)
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = b'{"ANSIBLE_MODULE_ARGS": {}}', "legacy"
    basic.AnsibleModule({})  # so that it has loaded everything before the forks
    gc.freeze()
    answer = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        job = json.loads(line)
        if "look" in job:
            said = sight.look_at(job["look"]) if job["look"] else sight.look()
        elif "shell" in job:
            said = _shell(job["shell"])
        else:
            said = _run(modules[job["module"]], parts, job)
        print(json.dumps(said), file=answer, flush=True)


def _shell(script: str) -> dict[str, Any]:
    done = subprocess.run(
        ["sh", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return {"code": done.returncode, "out": done.stdout, "error": done.stderr}


def _run(module: Any, parts: list[Any], job: dict[str, Any]) -> dict[str, Any]:
    points, point = os.pipe()
    output, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(points)
        os.close(output)
        os.dup2(out, 1)
        os.dup2(out, 2)
        _be_the_module(module, parts, job, point)
    os.close(point)
    os.close(out)
    told, said, hung = _collect(child, points, output)
    _, status = os.waitpid(child, 0)
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "hung": hung,
        "points": told.decode().splitlines(),
        "said": said.decode(errors="replace"),
    }


def _collect(child: int, points: int, output: int) -> tuple[bytes, bytes, bool]:
    heard = {points: b"", output: b""}
    left = [points, output]
    hung = False
    while left:
        ready, _, _ = select.select(left, [], [], _PATIENCE)
        if not ready:
            hung = True
            os.kill(child, 9)
        for descriptor in ready:
            data = os.read(descriptor, 65536)
            heard[descriptor] += data
            if not data:
                left.remove(descriptor)
                os.close(descriptor)
    return heard[points], heard[output], hung


def _be_the_module(module: Any, parts: list[Any], job: dict[str, Any], point: int) -> None:
    try:
        arguments = {"ANSIBLE_MODULE_ARGS": job["parameters"]}
        basic._ANSIBLE_ARGS = json.dumps(arguments).encode()
        basic._ANSIBLE_PROFILE = "legacy"
        planned = faults.Faults(
            job["at"], job["fault"], lambda what: os.write(point, f"{what}\n".encode()) and None
        )
        planned.install(*parts)
        module.main()
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
