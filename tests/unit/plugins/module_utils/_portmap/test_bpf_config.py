# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in the maps of eBPF steering about addresses of both families."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.bpf import (
    config,
    prefixes,
)

MAC = "02:00:00:00:00:10"


@pytest.mark.parametrize("text", ["10.0.0.1", "0.0.0.0", "2001:db8::1", "fd00::", "ffff::"])
def test_an_address_comes_back_as_it_was(text):
    key = prefixes.packed(text)
    assert len(key) == prefixes.ADDRESS
    assert prefixes.address(key) == text


def test_an_address_of_ipv4_stands_where_ipv6_has_its_own():
    assert IPv6Address(prefixes.packed("10.0.0.1")) == IPv6Address("::ffff:10.0.0.1")


@pytest.mark.parametrize("six", ["", "2001:db8::1"])
@pytest.mark.parametrize("broadcast", ["", "10.0.0.255"])
def test_what_is_written_is_read(six, broadcast):
    others = ["10.9.0.1", "2001:db8:9::1"]
    known = config.Config("10.0.0.1", broadcast, 2, MAC, six, frozenset(others))
    assert config.read(config.written(known), map(prefixes.packed, others)) == known


def test_before_it_was_written_nothing_is_known():
    assert config.read(bytes(64), []) is None
