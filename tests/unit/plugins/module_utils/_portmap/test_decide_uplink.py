# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which address of the public interface containers share."""

from __future__ import annotations

from socket import AF_INET

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.uplink import (
    Unfit,
    check_interfaces,
    shared_address,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.messages import (
    AddressSeen,
    LinkSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.marks import (
    BRIDGE_GROUP,
    LINK_GROUP,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    HostAddress,
)

ETH0 = LinkSeen(2, "eth0", "", "02:00:00:00:00:10", 1500, True, False, "", 0, 0, ())
LO = LinkSeen(1, "lo", "", "00:00:00:00:00:00", 65536, True, True, "", 0, 0, ())


@pytest.mark.parametrize(
    ("public", "loopback", "said"),
    [
        (ETH0, None, "cannot use loopback_interface lo: no such loopback interface"),
        (ETH0, ETH0, "cannot use loopback_interface lo: no such loopback interface"),
        (LO, LO, "cannot use public_interface lo: it is a loopback interface"),
        (
            ETH0._replace(group=LINK_GROUP),
            LO,
            "cannot use public_interface eth0: it is a link of ours",
        ),
        (
            ETH0._replace(group=BRIDGE_GROUP),
            LO,
            "cannot use public_interface eth0: it is a link of ours",
        ),
        (ETH0._replace(mac=""), LO, "cannot use public_interface eth0: it has no MAC address"),
    ],
)
def test_interfaces_that_containers_cannot_share(public, loopback, said):
    check_interfaces(ETH0, LO, "lo")
    with pytest.raises(InvalidRequest, match=said):
        check_interfaces(public, loopback, "lo")


def only(address: str, prefix: int) -> list[AddressSeen]:
    return [AddressSeen(2, AF_INET, address, prefix, False)]


def test_an_address_without_a_network_does_not_follow_one_that_had_one():
    """It may be a VIP, which nobody gave to this host in place of the other."""
    kept = HostAddress(AF_INET, "10.0.0.1", 24)
    with pytest.raises(Unfit, match=r"10\.0\.0\.9/32 may go to another host"):
        shared_address("eth0", only("10.0.0.9", 32), "", kept, "10.0.0.9")


@pytest.mark.parametrize(("before", "now"), [(32, 32), (32, 24), (24, 24)])
def test_any_other_change_is_followed(before, now):
    kept = HostAddress(AF_INET, "10.0.0.1", before)
    found, told = shared_address("eth0", only("10.0.0.9", now), "", kept, "10.0.0.9")
    assert (found, told) == (HostAddress(AF_INET, "10.0.0.9", now), [])
