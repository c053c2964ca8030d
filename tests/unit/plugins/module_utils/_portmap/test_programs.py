# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ipaddress import IPv4Interface

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import programs
from hypothesis import given
from hypothesis import strategies as st

CONNECTED = IPv4Interface("10.0.0.1/24")
ALL = [programs.NOTHING, programs.LEAVING, programs.arriving(CONNECTED)]
interfaces = st.builds(
    lambda address, prefix: IPv4Interface((address, prefix)),
    st.integers(0x01000000, 0xDFFFFFFF),
    st.integers(1, 32),
)


@pytest.mark.parametrize("code", ALL)
def test_a_program_ends_wherever_it_goes(code):
    """As the kernel demands: jumps lead forward and stay inside, and the last line returns."""
    for at, (what, yes, no, _value) in enumerate(code):
        jumps = what & 7 == 5
        assert jumps or (yes, no) == (0, 0)
        assert 0 <= yes <= 255
        assert 0 <= no <= 255
        assert at + 1 + max(yes, no) < len(code) or what == 6
    assert code[-1][0] == 6


@pytest.mark.parametrize("code", ALL)
def test_a_jump_does_not_lead_to_where_it_stands(code):
    assert not [line for line in code if line[0] & 7 == 5 and line[1] == line[2]]


def test_the_program_of_the_host_s_address_is_this():
    """What lies in the kernels of hosts in use: another one is another filter."""
    assert programs.arriving(CONNECTED) == (
        (0x30, 0, 0, 14), (0x15, 0, 10, 0x45),
        (0x20, 0, 0, 26), (0x15, 8, 0, 0x0A000001), (0x15, 7, 0, 0xFFFFFFFF), (0x15, 6, 0, 0x0A0000FF),
        (0x54, 0, 0, 0xFF000000), (0x15, 4, 0, 0x7F000000), (0x15, 3, 0, 0),
        (0x35, 1, 0, 0xF0000000), (0x35, 1, 0, 0xE0000000),
        (0x06, 0, 0, 0xFFFFFFFF), (0x06, 0, 0, 0),
    )  # fmt: skip


def test_a_network_of_two_has_no_address_for_everybody():
    small = programs.arriving(IPv4Interface("10.0.0.1/31"))
    assert len(programs.arriving(CONNECTED)) == len(small) + 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (programs.NOTHING, "drop"),
        (programs.LEAVING, "drop what no host sends"),
        (((6, 0, 0, 0),), "bytecode 6 0 0 0"),
        (programs.arriving(CONNECTED)[1:], "bytecode 21 0 10 69 32"),
        ((), "bytecode "),
    ],
)
def test_a_program_is_put_into_words(code, words):
    assert programs.explain(code).startswith(words)


@given(interfaces)
def test_the_words_say_whose_address_is_refused(interface):
    words = programs.explain(programs.arriving(interface))
    assert words.startswith("leave to the host what has options, or comes from ")
    assert f" {interface.ip} " in words
    assert (
        f" {interface.network.broadcast_address} " in words
    ) or interface.network.prefixlen > 30
