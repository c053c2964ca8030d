# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the host is remembered, to tell later whether containers have to follow."""

from __future__ import annotations

from socket import AF_INET, AF_INET6

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Gateway,
    Host,
    HostAddress,
    Network,
    last_known,
)

MAC = "02:00:00:00:00:10"
HOST = Host(
    "eth0",
    "lo",
    (HostAddress(AF_INET, "10.0.0.1", 24),),
    MAC,
    1500,
    (Gateway(AF_INET, "10.0.0.254"),),
)


def test_what_containers_copy_is_remembered_as_text() -> None:
    assert HOST.applied == ("10.0.0.1", "24", MAC, "1500", "10.0.0.254", "judged")


def test_a_host_without_gateway_is_remembered_with_an_empty_one() -> None:
    """As in records that are there already: another text would have every container looked at."""
    assert HOST._replace(gateways=()).applied == ("10.0.0.1", "24", MAC, "1500", "", "judged")


@pytest.mark.parametrize(
    "change",
    [
        {"addresses": (HostAddress(AF_INET, "10.0.0.2", 24),)},
        {"addresses": (HostAddress(AF_INET, "10.0.0.1", 25),)},
        {"mac": "02:00:00:00:00:11"},
        {"mtu": 1400},
        {"gateways": (Gateway(AF_INET, "10.0.0.253"),)},
        {"gateways": ()},
    ],
    ids=str,
)
def test_each_of_it_is_told_when_it_changes(change: dict[str, object]) -> None:
    assert HOST._replace(**change).applied != HOST.applied


def test_what_was_given_of_ipv6_is_read_again():
    six = HostAddress(AF_INET6, "2001:db8::1", 128)
    everywhere = Network(AF_INET6, "::/0", "2001:db8::1", 1400)
    host = HOST._replace(addresses=(*HOST.addresses, six), networks=(everywhere,))
    given = last_known(host.public, host.loopback, host.applied)
    assert (given.addresses, given.networks) == (host.addresses, host.networks)
    assert (given.has_ipv6, HOST.has_ipv6) == (True, False)
