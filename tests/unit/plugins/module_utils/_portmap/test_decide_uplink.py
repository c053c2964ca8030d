# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which address of the public interface containers share."""

from __future__ import annotations

from socket import AF_INET

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.uplink import (
    Unfit,
    shared_address,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.messages import (
    AddressSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    HostAddress,
)


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
