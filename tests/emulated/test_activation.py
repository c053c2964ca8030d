# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets that systemd opens for a service are guarded by the unit of the socket: with control groups 2 alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import emulated

pytestmark = [
    pytest.mark.thorough("an emulated machine that boots systemd takes minutes"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
GUEST = Path(__file__).with_name("guest_activation.py")


def test_a_socket_unit_keeps_to_its_ports_before_its_service_runs():
    told = emulated.told("bookworm", GUEST, guest=emulated.Guest(systemd=True, seconds=1500))
    if "missing" in told:
        pytest.skip(f"no machine with the kernel of bookworm: {told['missing']}")
    assert "failed" not in told, told["failed"]
    assert told["first process"] == "systemd"
    assert told["unguarded"] == ["0", ["/system.slice/web.socket"]]
    assert told["guarding"] == ""
    assert told["foreign"] == ["1", []]
    assert told["own"] == ["0", ["/system.slice/web.socket"]]
    assert told["answer"] == "0::/system.slice/web.service"
