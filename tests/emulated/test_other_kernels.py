# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our programs under kernels of other releases, each in an emulated machine."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import emulated

pytestmark = [
    pytest.mark.thorough("an emulated machine takes minutes, and kernels are 130 MB to fetch"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
GUEST = Path(__file__).with_name("guest.py")
RELEASES = {"bullseye": "5.10.", "bookworm": "6.1."}
MORE = {"bookworm": ("podman",)}  # runc of later releases does not start under 5.10


@cache
def told(release: str) -> dict[str, Any]:
    """What the guest said; the machine runs once for all tests."""
    return emulated.told(release, GUEST, *MORE.get(release, ()))


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    missing = told(request.param).get("missing")
    if missing:
        pytest.skip(f"no machine with the kernel of {request.param}: {missing}")
    assert "failed" not in told(request.param), told(request.param)["failed"]
    return str(request.param)


def test_it_is_the_kernel_of_that_release(release):
    assert told(release)["kernel"].startswith(RELEASES[release])


def test_a_guard_refuses_every_way_to_a_foreign_port(release):
    found = told(release)
    assert found["attached"]
    assert {"tcp4", "tcp6 dual stack", "udp4", "udp lite", "freebind"} <= set(found["ways"])
    assert ("mptcp" in found["ways"]) == (release == "bookworm")  # Debian's 5.10 has none
    for way, outcomes in found["ways"].items():
        assert outcomes == ["bound", "EPERM", "bound"], way
    assert found["raw"] == "EPERM"
    assert {"bind TCP 31500", "bind UDP 31500", "socket raw IP 0"} <= set(found["events"])


def test_other_ports_are_one_write_and_a_detached_guard_refuses_nothing(release):
    assert told(release)["other ports"] == ["EPERM", "bound"]
    assert told(release)["detached"] == ["bound", "made"]


def test_sockets_are_told_by_group_and_closed(release):
    """Debian 11 and 12 both have INET_DIAG_DESTROY."""
    assert told(release)["listener"] == "True True"


def test_what_a_unit_runs_before_its_first_process_attaches_or_fails(release):
    attached, foreign, unknown = told(release)["door"]
    assert (attached, foreign) == ("0", "EPERM")
    assert unknown.startswith("1 portmap-guard: cannot attach the guard db: ")


@pytest.mark.parametrize("release", ["bookworm"], indirect=True)
def test_a_container_of_podman_with_the_hosts_network_is_guarded_by_its_slice(release):
    """Made by runc, in a group of its own below the slice (--cgroup-parent)."""
    found = told(release)
    if found["podman"] is None:
        pytest.skip("not installed: podman, conmon or runc")
    group, own, foreign = found["podman"]
    assert group.startswith(f"0 0::{found['slice']}/libpod-")
    assert own == "0"
    assert foreign == "1 httpd: bind: Operation not permitted"


def test_the_program_that_steers_loads_and_is_known_by_its_tag(release):
    known, judges = told(release)["steer"]
    assert known
    assert judges == (release == "bookworm")


def test_the_filter_of_offloads_loads_or_says_why_not(release):
    tag, why = told(release)["offload"]
    if release == "bookworm":
        assert (len(tag), why) == (16, "")
    else:  # bpf_check_mtu came with Linux 5.12
        assert tag == ""
        assert "cannot load the program pm_offload" in why
