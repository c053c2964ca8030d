# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces of processes of every type.

The names in brackets are those of the original's tests (ns_tests).  Its test of a process with several threads,
which it refuses, has no counterpart: what runs in other namespaces is a child here, and has one.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import namespaces
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    KernelRefused,
    Unsupported,
)

# What a process can enter and make by itself; "user" goes with rights that it loses, "time" is its children's.
TYPES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")


@pytest.fixture
def process() -> Iterator[int]:
    """The number of a process in new namespaces of all these types."""
    flags = ("--cgroup", "--ipc", "--mount", "--net", "--uts", "--pid", "--fork", "--mount-proc")
    started = subprocess.Popen(
        ["unshare", *flags, "sh", "-c", "echo ready; exec sleep 600"], stdout=subprocess.PIPE
    )
    assert started.stdout is not None
    started.stdout.readline()
    with open(f"/proc/{started.pid}/task/{started.pid}/children", encoding="ascii") as file:
        child = int(file.read().split()[0])
    yield child
    os.kill(child, signal.SIGKILL)
    started.communicate()


def told(work: Callable[[], str], run: Callable[[Callable[[], int]], int]) -> str:
    """What `work` says where `run` runs it."""
    reading, writing = os.pipe()

    def say() -> int:
        os.write(writing, work().encode())
        return 0

    assert run(say) == 0
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        return pipe.read()


def here(name: str) -> str:
    """Asked of the kernel by the number that a new /proc would give us, or by stat(1) where that tells us."""
    return str(os.stat(f"/proc/self/ns/{name}").st_ino)


def test_every_type_of_the_kernel_is_known_and_nothing_else() -> None:
    """[NsTest.SupportedNamespaces]"""
    seen = {name.replace("_for_children", "") for name in os.listdir("/proc/self/ns")}
    assert namespaces.supported() == namespaces.mask(seen)
    assert namespaces.mask(["net", "pid"]) == 0x60000000
    assert namespaces.words(0x60000000 | signal.SIGCHLD) == "pid, net, 0x11"
    assert not namespaces.supported() & signal.SIGCHLD
    with pytest.raises(Unsupported, match="cannot use namespaces 'SIGCHLD': there are mnt, "):
        namespaces.mask(["SIGCHLD"])


@pytest.mark.parametrize("name", TYPES)
def test_the_namespace_of_another_process_has_another_number(process: int, name: str) -> None:
    """[NsTest.ROOT_getns]"""
    witness = subprocess.run(
        ["stat", "-L", "-c", "%i", f"/proc/{process}/ns/{name}"], capture_output=True, check=True
    )
    assert namespaces.inode(process, name) == int(witness.stdout)
    assert namespaces.inode(process, name) != namespaces.inode(os.getpid(), name)


@pytest.mark.parametrize("name", [one for one in TYPES if one not in ("mnt", "pid")])
def test_a_child_is_in_the_namespace_that_it_entered(process: int, name: str) -> None:
    """[NsTest.ROOT_setns]"""
    found = told(lambda: here(name), lambda work: namespaces.run_inside(process, (name,), work))
    assert int(found) == namespaces.inode(process, name)


def test_a_child_is_in_all_namespaces_at_once(process: int) -> None:
    """[NsTest.ROOT_clone] It is in the pid namespace too: it sees process 1 of there."""
    found = told(
        lambda: f"{os.getppid()} {Path('/proc/1/comm').read_text().strip()} {here('net')}",
        lambda work: namespaces.run_inside(process, TYPES, work),
    )
    assert found == f"0 sleep {namespaces.inode(process, 'net')}"


def test_a_child_in_new_namespaces_is_in_none_of_ours() -> None:
    """[NsTest.ROOT_clone]"""
    kinds = ("ipc", "net", "pid", "uts")
    found = told(
        lambda: f"{os.getpid()} " + " ".join(map(here, ("ipc", "net", "uts"))),
        lambda work: namespaces.run_in_new(kinds, work),
    )
    number, *rest = found.split()
    assert number == "1"
    assert not {namespaces.inode(os.getpid(), name) for name in kinds} & set(map(int, rest))


def test_what_a_child_returns_is_returned_and_how_it_died() -> None:
    """[NsTest.ROOT_NamespaceRunner]"""
    assert namespaces.run_in_new(("net",), lambda: 42) == 42

    def die() -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    assert namespaces.run_in_new(("net",), die) == 128 + signal.SIGKILL


def test_a_child_has_one_thread_whatever_we_have(process: int) -> None:
    """[NsTest.ROOT_setnsMultipleThreads] The kernel refuses the mount namespace to who has more."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert namespaces.run_inside(process, ("mnt",), lambda: 7) == 7
    finally:
        over.set()
        thread.join()


def test_a_namespace_of_another_type_is_refused() -> None:
    """[NsTest.ROOT_NamespaceRunner] "Invalid argument"."""
    with open("/proc/self/ns/mnt", "rb") as file, pytest.raises(KernelRefused) as refused:
        namespaces.enter(file.fileno(), "net")
    assert refused.value.errno == errno.EINVAL
    assert str(refused.value) == "cannot enter the net namespace: Invalid argument"


def test_what_cannot_be_entered_is_told_by_the_child(process: int) -> None:
    with pytest.raises(KernelRefused, match="cannot enter the user namespace: Invalid argument"):
        namespaces.run_inside(process, ("user",), lambda: 0)  # it is our own
    with pytest.raises(FileNotFoundError):
        namespaces.run_inside(1 << 22, ("net",), lambda: 0)
