# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters are those of the namespace that we are in, whichever procfs they are read from."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import (
    detached,
    netns,
    procsys,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    KernelRefused,
)

RANGE = "net/ipv4/ip_local_port_range"
LOCAL = "net/ipv4/conf/lo/route_localnet"


@pytest.fixture(params=["our own procfs", "that at /proc"])
def procfs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to a procfs; the second is that of an old kernel or libc."""
    root = os.open("/proc", os.O_PATH) if request.param == "that at /proc" else None
    if root is not None:
        monkeypatch.setattr(detached, "instance", lambda kind, otherwise: os.dup(root))
    monkeypatch.setattr(procsys, "_procfs", procsys._Procfs())
    return str(request.param)


def in_namespaces(count: int, do: Callable[[int], None]) -> None:
    for number in range(count):
        namespace = netns.make()
        try:
            with netns.entered(namespace):
                do(number)
        finally:
            os.close(namespace)


def test_each_namespace_has_its_own_values(procfs: str) -> None:
    def set_and_read(number: int) -> None:
        assert procsys.read(LOCAL) == "0"
        value = f"{2000 + number} {3000 + number}"
        procsys.write(RANGE, value)
        assert procsys.read_all([LOCAL, RANGE]) == {LOCAL: "0", RANGE: value}
        assert Path(f"/proc/sys/{RANGE}").read_text().split() == value.split()

    before = procsys.read(RANGE)
    in_namespaces(300, set_and_read)  # more names than one instance is used for
    assert procsys.read(RANGE) == before


def test_no_descriptors_are_left_open_but_one(procfs: str) -> None:
    procsys.read(RANGE)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3 * procsys._FEW):
        procsys.read(RANGE)
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_the_kernel_lacks_is_none(procfs: str) -> None:
    assert procsys.read("net/ipv4/no_such_thing") is None
    assert procsys.read_all(["net/ipv4/no_such_thing", "net/no/such", LOCAL]).keys() == {LOCAL}
    assert not procsys.is_writable("net/ipv4/no_such_thing")


def test_a_value_that_the_kernel_refuses_is_named(procfs: str) -> None:
    def refuse(_number: int) -> None:
        with pytest.raises(
            KernelRefused, match=r"cannot set net/ipv4/ip_local_port_range to 5 1:"
        ):
            procsys.write(RANGE, "5 1")

    in_namespaces(1, refuse)


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "fsopen"),
    reason="this libc has no fsopen(2), as before glibc 2.36",
)
def test_our_own_procfs_is_mounted_nowhere() -> None:
    """An empty list of names is the point of it, so it must not be that of /proc either."""
    before = Path("/proc/self/mountinfo").read_text()
    root = detached.instance(b"proc", "/proc")
    try:
        assert Path("/proc/self/mountinfo").read_text() == before
        assert os.fstat(root).st_dev != os.stat("/proc").st_dev
    finally:
        os.close(root)
