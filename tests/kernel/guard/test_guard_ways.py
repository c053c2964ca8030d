# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports guard: every way to a port that a guarded process may try."""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable

import pytest

from guarding import (
    CLONE_NEWNET,
    FOREIGN,
    FREE,
    IP_BIND_ADDRESS_NO_PORT,
    OWN,
    guard,
    on_host,
)
from guarding import group as group
from guarding import guarded as guarded
from guarding import lab as lab
from guarding import modules as modules
from lab import cgroups as groups
from lab.ways import I4, TCP, UDP, WAYS, bind, can

# --- every way to a port ------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_foreign_port_is_refused_and_an_own_or_free_one_is_not(lab, guarded, way):
    act = WAYS[way]
    if not can(act):
        pytest.skip(f"this kernel has no sockets for {way}")
    told = {
        port: guarded.run(on_host(lab, lambda port=port: act(port)))
        for port in (OWN, FOREIGN, FREE)
    }
    assert told == {OWN: "bound", FOREIGN: "EPERM", FREE: "bound"}


def test_port_0_is_judged_by_the_port_that_the_kernel_chose(lab, guarded):
    lab.host.place.set_sysctl("ipv4/ip_local_port_range", "31600 31700")
    try:
        assert guarded.run(on_host(lab, lambda: bind(I4, TCP, 0))) == "EPERM"
        assert guarded.run(on_host(lab, lambda: bind(I4, UDP, 0))) == "EPERM"
    finally:
        lab.host.place.set_sysctl("ipv4/ip_local_port_range", "32768 60999")
    assert guarded.run(on_host(lab, lambda: bind(I4, TCP, 0))) == "bound"


def listening_on(prepare: Callable[[socket.socket], object]) -> str:
    with socket.socket() as made:
        prepare(made)
        made.listen()
        return str(made.getsockname()[1])


def late(made: socket.socket) -> None:
    made.setsockopt(0, IP_BIND_ADDRESS_NO_PORT, 1)
    made.bind(("127.0.0.1", 0))


def refused(made: socket.socket) -> None:
    assert made.connect_ex(("127.0.0.1", 1)) == 111


@pytest.mark.parametrize(
    "prepare", [lambda made: None, late, refused], ids=["listen", "late", "used"]
)
def test_listen_without_bind_gets_a_port_that_cannot_be_policed(lab, guarded, prepare):
    port = int(guarded.run(on_host(lab, lambda: listening_on(prepare))))
    assert 32768 <= port <= 60999


def test_what_a_process_in_a_namespace_of_its_own_binds_is_nobodys_port(lab, guarded):
    def act() -> str:
        assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
        return bind(I4, TCP, FOREIGN)

    assert guarded.run(on_host(lab, act)) == "bound"


def test_the_groups_below_are_guarded_too(lab, guarded):
    below = guarded.child("inner")
    assert below.run(on_host(lab, lambda: bind(I4, TCP, FOREIGN))) == "EPERM"
    assert below.run(on_host(lab, lambda: bind(I4, TCP, OWN))) == "bound"


def test_who_is_in_no_guarded_group_is_not_asked(lab, guarded, group):
    with groups.group() as other:
        assert other.run(on_host(lab, lambda: bind(I4, TCP, FOREIGN))) == "bound"


def test_a_port_of_one_protocol_is_not_a_port_of_the_other(lab, modules, group):
    modules.guard(**guard(group, ports=[f"{OWN}/udp"]))
    assert group.run(on_host(lab, lambda: bind(I4, UDP, OWN))) == "bound"
    assert group.run(on_host(lab, lambda: bind(I4, TCP, OWN))) == "EPERM"


def raw() -> str:
    with socket.socket(I4, socket.SOCK_RAW, 255):
        return "made"


def ping() -> str:
    with socket.socket(I4, UDP, socket.IPPROTO_ICMP) as made:
        made.bind(("127.0.0.1", FOREIGN))
        return "made"


def test_raw_sockets_are_denied_only_when_that_is_asked_for(lab, modules, group):
    modules.guard(**guard(group))
    assert group.run(on_host(lab, raw)) == "made"
    modules.guard(**guard(group), only_tcp_udp=True)
    assert group.run(on_host(lab, raw)) == "EPERM"
    assert group.run(on_host(lab, lambda: bind(I4, UDP, OWN))) == "bound"


def test_what_ping_binds_is_no_port(lab, guarded):
    lab.host.place.set_sysctl("ipv4/ping_group_range", "0 2147483647")
    assert guarded.run(on_host(lab, ping)) == "made"


def test_reporting_denies_nothing(lab, modules, group):
    modules.guard(**guard(group, action="report"))
    assert group.run(on_host(lab, lambda: bind(I4, TCP, FOREIGN))) == "bound"


def packet() -> str:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0):
        return "made"


def test_packet_sockets_are_not_judged(lab, modules, group):
    """They need CAP_NET_RAW; SECURITY.md says so."""
    modules.guard(**guard(group), only_tcp_udp=True)
    assert group.run(on_host(lab, packet)) == "made"
