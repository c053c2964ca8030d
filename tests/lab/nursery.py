# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run modules in children of a process that has imported what they need already.

Starting Python and importing takes most of the time of a run, and a test suite has a thousand
runs.  A child carries out one order and ends with it, as a process of its own would.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from typing import Any, NoReturn

MODULES = "ansible_collections.netiso.portmap.plugins.modules"
ENGINE = "ansible_collections.netiso.portmap.plugins.module_utils._portmap"
NAMES = ("portmap_host", "portmap_container", "portmap_ranges", "portmap_info")
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000


class Nursery:
    """The process that bears the children, from the side of the tests."""

    def __init__(self, python: str, paths: tuple[str, ...]) -> None:
        self._address = f"\0netiso.portmap/{os.getpid()}/{id(self)}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self._address)
        listener.listen(64)
        with listener:
            self._process = subprocess.Popen(
                [python, __file__, str(listener.fileno())],
                env={**os.environ, "PYTHONPATH": ":".join(paths)},
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
            )

    def run(
        self, pid: int, module: str, parameters: dict[str, Any], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a module in the network and mount namespaces of a process."""
        order = json.dumps({"pid": pid, "module": module, "parameters": parameters}).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout)
            line.connect(self._address)
            line.sendall(order)
            line.shutdown(socket.SHUT_WR)
            told = json.loads(_all(line))
        return subprocess.CompletedProcess([module], told["code"], told["out"], told["err"])

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


_one_at_a_time = threading.Lock()


def shared(python: str, paths: tuple[str, ...]) -> Nursery:
    """One nursery for all tests of a process, whichever of its threads asks first."""
    with _one_at_a_time:
        return _born(python, paths)


@functools.cache
def _born(python: str, paths: tuple[str, ...]) -> Nursery:
    nursery = Nursery(python, paths)
    atexit.register(nursery.close)
    return nursery


def _all(line: socket.socket) -> bytes:
    data = b""
    while chunk := line.recv(1 << 16):
        data += chunk
    return data


# --- the other side -------------------------------------------------------------------------------


def main() -> None:
    import ansible.module_utils.basic
    import pyroute2  # noqa: F401

    for name in NAMES:
        importlib.import_module(f"{MODULES}.{name}")
    for name in ("boundary", "jobs.info"):  # the modules import them only when they run
        importlib.import_module(f"{ENGINE}.{name}")
    signal.signal(signal.SIGCHLD, _reap)
    with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as file:
        file.write("nursery")
    listener = socket.socket(fileno=int(sys.argv[1]))
    # Standard input ends with the tests; a signal at the parent's death would come at the end of
    # the thread that happened to need the first run.
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _attend(line, ansible.module_utils.basic)
        line.close()


def _reap(*_: object) -> None:
    """Wait for the children that have ended, so that their time is counted as this process's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _attend(line: socket.socket, basic: Any) -> NoReturn:
    """Have the order carried out by a child of our own, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    order = json.loads(_all(line))
    out, err = os.memfd_create("out"), os.memfd_create("err")
    child = os.fork()
    if child == 0:
        _carry_out(order, out, err, basic)
    _, status = os.waitpid(child, 0)
    told = {"code": os.waitstatus_to_exitcode(status), "out": _text(out), "err": _text(err)}
    line.sendall(json.dumps(told).encode())
    line.close()
    os._exit(0)


def _text(memory: int) -> str:
    os.lseek(memory, 0, os.SEEK_SET)
    with open(memory, encoding="utf-8", errors="replace") as file:
        return file.read()


def _carry_out(order: dict[str, Any], out: int, err: int, basic: Any) -> NoReturn:
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        libc = ctypes.CDLL(None, use_errno=True)
        for kind, flag in (("net", CLONE_NEWNET), ("mnt", CLONE_NEWNS)):
            with open(f"/proc/{order['pid']}/ns/{kind}", "rb") as namespace:
                if libc.setns(namespace.fileno(), flag) != 0:
                    raise OSError(ctypes.get_errno(), f"cannot enter {kind} of {order['pid']}")
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": order["parameters"]}).encode()
        basic._ANSIBLE_PROFILE = "legacy"
        sys.modules.pop(f"{MODULES}.{order['module']}")
        runpy.run_module(f"{MODULES}.{order['module']}", run_name="__main__")
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
