# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run modules in children of a process that has imported what they need already.

Starting Python and importing takes most of the time of a run, and a test suite has thousands of
runs.  A child carries out one order and ends with it, as a process of its own would.  An order may
have a fault happen at a chosen point of the run (see faults.py).
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from . import faults

TESTS = str(Path(__file__).resolve().parents[1])
MODULES = "ansible_collections.netiso.portmap.plugins.modules"
ENGINE = "ansible_collections.netiso.portmap.plugins.module_utils._portmap"
NAMES = ("portmap_host", "portmap_container", "portmap_ranges", "portmap_info", "portmap_guard")
# What the modules and the faults need, but import only when they run.
LATE = (
    *(f"{ENGINE}.{door}" for door in ("boundary", "follow", "guard", "portmapctl", "restore")),
    f"{ENGINE}.jobs.info",
    "pyroute2.netlink.rtnl.ifinfmsg",
    "pyroute2.netlink.rtnl.ifaddrmsg",
    "pyroute2.netlink.rtnl.rtmsg",
    "pyroute2.netlink.rtnl.tcmsg",
)
# Parts between which faults stand.
FAULTY = ("linux.netlink", "linux.netns", "memory.lock", "bpf.call", "steering.bpf.kit")
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
# Seconds until a run is taken for hanging: the kernel's lock on links is one for the whole machine, and
# whoever takes a thousand of them apart holds it for long.
PATIENCE = 300


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, or the negative of the signal that killed it; what it said.

    `points` are those that it came to, where they were counted.
    """

    code: int
    out: str
    err: str
    points: tuple[str, ...] = ()


class Runner:
    """The process that bears the children, from the side of the tests."""

    def __init__(self, python: str, paths: tuple[str, ...]) -> None:
        self._address = f"\0netiso.portmap/{os.getpid()}/{id(self)}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self._address)
        listener.listen(64)
        with listener:
            self._process = subprocess.Popen(
                [python, "-m", "lab.runner", str(listener.fileno())],
                env={**os.environ, "PYTHONPATH": ":".join((*paths, TESTS))},
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(
        self,
        pid: int,
        module: str,
        parameters: dict[str, Any],
        fault: tuple[int, str] | None = None,
        patience: int = PATIENCE,
    ) -> Ended:
        """Run a module in the network and mount namespaces of a process.

        `fault` is the number of a point, or 0, and what happens there; points are counted then.
        """
        order = {"pid": pid, "module": module, "parameters": parameters, "fault": fault}
        order["patience"] = patience
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(self._address)
            line.sendall(json.dumps(order).encode())
            line.shutdown(socket.SHUT_WR)
            told = json.loads(_all(line))
        points = tuple(told["points"].splitlines())
        if told["code"] == -signal.SIGALRM:
            raise AssertionError(f"{module} hangs after {points[-1:]}: {told['out']}{told['err']}")
        return Ended(told["code"], told["out"], told["err"], points)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


_one_at_a_time = threading.Lock()


def shared(python: str, paths: tuple[str, ...]) -> Runner:
    """One runner for all tests of a process, whichever of its threads asks first."""
    with _one_at_a_time:
        return _born(python, paths)


@functools.cache
def _born(python: str, paths: tuple[str, ...]) -> Runner:
    runner = Runner(python, paths)
    atexit.register(runner.close)
    return runner


def _all(line: socket.socket) -> bytes:
    data = b""
    while chunk := line.recv(1 << 16):
        data += chunk
    return data


# --- the other side -------------------------------------------------------------------------------


def main() -> None:
    import ansible.module_utils.basic as basic

    modules = {name: importlib.import_module(f"{MODULES}.{name}") for name in NAMES}
    faulty = [importlib.import_module(f"{ENGINE}.{name}") for name in FAULTY]
    for name in LATE:
        importlib.import_module(name)
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = b'{"ANSIBLE_MODULE_ARGS": {}}', "legacy"
    basic.AnsibleModule({})  # so that it has loaded everything before the forks
    _read_types_once()
    gc.freeze()
    with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as file:
        file.write("runner")
    listener = socket.socket(fileno=int(sys.argv[1]))
    selector = selectors.DefaultSelector()
    # Standard input ends with the tests; a signal at the parent's death would come at the end of
    # the thread that happened to need the first run.
    selector.register(sys.stdin, selectors.EVENT_READ, sys.exit)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                selector.unregister(key.fileobj)
                key.data()
                continue
            line, _ = listener.accept()
            order = json.loads(_all(line))
            files = {name: os.memfd_create(name) for name in ("out", "err", "points")}
            child = os.fork()
            if child == 0:
                _be(modules[order["module"]], basic, faulty, order, files)
            end = os.pidfd_open(child)
            tell = functools.partial(_tell, line, child, end, files)
            selector.register(end, selectors.EVENT_READ, tell)


def _read_types_once() -> None:
    """What the kernel tells of its types is the same for every child that can see it."""
    unfinished = importlib.import_module(f"{ENGINE}.steering.unfinished")
    read = unfinished.numbers
    with contextlib.suppress(unfinished.Unsupported):
        found = read()
        unfinished.numbers = lambda: found if os.path.exists(unfinished.btf.PATH) else read()


def _tell(line: socket.socket, child: int, end: int, files: dict[str, int]) -> None:
    """How a child has ended."""
    _, status = os.waitpid(child, 0)
    os.close(end)
    code = os.waitstatus_to_exitcode(status)
    told = {"code": code, **{name: _text(memory) for name, memory in files.items()}}
    with line, contextlib.suppress(BrokenPipeError):
        line.sendall(json.dumps(told).encode())
        line.shutdown(socket.SHUT_WR)  # children that run have the line, too


def _text(memory: int) -> str:
    os.lseek(memory, 0, os.SEEK_SET)
    with open(memory, encoding="utf-8", errors="replace") as file:
        return file.read()


def _be(
    module: Any, basic: Any, faulty: list[Any], order: dict[str, Any], files: dict[str, int]
) -> NoReturn:
    code = 1
    try:
        os.dup2(files["out"], 1)
        os.dup2(files["err"], 2)
        signal.alarm(order["patience"])
        libc = ctypes.CDLL(None, use_errno=True)
        for kind, flag in (("net", CLONE_NEWNET), ("mnt", CLONE_NEWNS)):
            with open(f"/proc/{order['pid']}/ns/{kind}", "rb") as namespace:
                if libc.setns(namespace.fileno(), flag) != 0:
                    raise OSError(ctypes.get_errno(), f"cannot enter {kind} of {order['pid']}")
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": order["parameters"]}).encode()
        basic._ANSIBLE_PROFILE = "legacy"
        if order["fault"] is not None:

            def say(point: str) -> None:
                os.write(files["points"], f"{point}\n".encode())

            faults.Faults(*order["fault"], say).install(*faulty)
        module.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
