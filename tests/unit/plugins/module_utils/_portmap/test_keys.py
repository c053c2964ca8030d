# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv4Network

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    keys as u32,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Block
from hypothesis import given
from hypothesis import strategies as st

HOST = IPv4Network("10.0.0.1")
MAC = "12:34:56:78:9a:bc"

keys = st.builds(
    u32.Key,
    st.sampled_from([-16, -12, 0, 4, 8, 12, 16, 20, 48]),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFFFFFFF),
)


# --- where the fields of a packet are -----------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "offset", "value", "mask"),
    [
        (u32.NO_OPTIONS, 0, 0x05000000, 0x0F000000),
        (u32.NO_FRAGMENT, 4, 0x00000000, 0x00001FFF),
        (u32.protocol(1), 8, 0x00010000, 0x00FF0000),
        (u32.protocol(132), 8, 0x00840000, 0x00FF0000),
        (u32.source(HOST), 12, 0x0A000001, 0xFFFFFFFF),
        (u32.source(IPv4Network("127.0.0.0/8")), 12, 0x7F000000, 0xFF000000),
        (u32.destination(HOST), 16, 0x0A000001, 0xFFFFFFFF),
        (u32.destination(IPv4Network("127.0.0.0/8")), 16, 0x7F000000, 0xFF000000),
        (u32.source_port(Block(31008, 32)), 20, 0x79200000, 0xFFE00000),
        (u32.destination_port(Block(31008, 32)), 20, 0x00007920, 0x0000FFE0),
        (u32.destination_port(Block(65535, 1)), 20, 0x0000FFFF, 0x0000FFFF),
        (u32.source_port(Block(31744, 1024)), 20, 0x7C000000, 0xFC000000),
        (u32.icmp_type(8), 20, 0x08000000, 0xFF000000),
        (u32.QUOTED_NO_OPTIONS, 28, 0x05000000, 0x0F000000),
        (u32.QUOTED_NO_FRAGMENT, 32, 0x00000000, 0x00001FFF),
        (u32.quoted_protocol(17), 36, 0x00110000, 0x00FF0000),
        (u32.quoted_source_port(Block(31008, 32)), 48, 0x79200000, 0xFFE00000),
        (u32.quoted_destination_port(Block(31008, 32)), 48, 0x00007920, 0x0000FFE0),
        (u32.ARP_REPLY, 4, 0x00000002, 0x0000FFFF),
    ],
)
def test_a_field_lies_in_the_word_of_its_header(key, offset, value, mask):
    assert key == (offset, value, mask)


def test_the_destination_mac_lies_before_the_network_header():
    assert u32.destination_mac(MAC) == (
        (-16, 0x00001234, 0x0000FFFF),
        (-12, 0x56789ABC, 0xFFFFFFFF),
    )


def test_an_arp_sender_is_a_mac_and_an_address_over_three_words():
    assert u32.arp_sender(MAC, IPv4Address("10.0.0.1")) == (
        (8, 0x12345678, 0xFFFFFFFF),
        (12, 0x9ABC0A00, 0xFFFFFFFF),
        (16, 0x00010000, 0xFFFF0000),
    )


def matches(packet: bytes, match: u32.Match) -> bool:
    """What the classifier does; `packet` starts with the network header."""
    words = (struct.unpack_from(">I", packet, key.offset)[0] for key in match)
    return all(word & key.mask == key.value for word, key in zip(words, match))


def icmp_packet(kind: int, quoted: bytes = bytes(28)) -> bytes:
    return ip_packet(1, bytes([kind]) + bytes(7) + quoted)


def ip_packet(protocol: int, payload: bytes, options: bytes = b"", fragment: int = 0) -> bytes:
    first = 0x45 + len(options) // 4
    head = struct.pack(">BBHHHBBH", first, 0, 0, 0, fragment, 64, protocol, 0)
    return head + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + options + payload


@pytest.mark.parametrize(
    ("kind", "is_error"),
    [(0, False), (3, True), (4, False), (5, False), (8, False), (11, True), (12, True)],
)
def test_the_error_types_are_three_eleven_and_twelve(kind, is_error):
    assert any(matches(icmp_packet(kind), (error,)) for error in u32.ERRORS) == is_error


def test_no_type_is_matched_as_an_error_twice():
    for kind in range(256):
        assert sum(matches(icmp_packet(kind), (error,)) for error in u32.ERRORS) <= 1


@pytest.mark.parametrize(("port", "inside"), [(31007, 0), (31008, 1), (31039, 1), (31040, 0)])
def test_a_block_matches_its_ports_and_no_other(port, inside):
    block = Block(31008, 32)
    to, from_ = struct.pack(">HH", 9, port), struct.pack(">HH", port, 9)
    assert matches(ip_packet(6, to), (u32.destination_port(block),)) == bool(inside)
    assert matches(ip_packet(6, from_), (u32.source_port(block),)) == bool(inside)
    quoted_to = icmp_packet(3, ip_packet(17, to + bytes(4)))
    quoted_from = icmp_packet(3, ip_packet(17, from_ + bytes(4)))
    assert matches(quoted_to, (u32.quoted_destination_port(block),)) == bool(inside)
    assert matches(quoted_from, (u32.quoted_source_port(block),)) == bool(inside)


@pytest.mark.parametrize(
    ("packet", "plain"),
    [
        (ip_packet(6, bytes(4)), True),
        (ip_packet(6, bytes(4), options=bytes(4)), False),
        (ip_packet(6, bytes(4), fragment=0x2000), True),  # the first of several
        (ip_packet(6, bytes(4), fragment=0x4000), True),  # must not be fragmented
        (ip_packet(6, bytes(4), fragment=0x2001), False),
        (ip_packet(6, bytes(4), fragment=0x1000), False),
    ],
)
def test_only_packets_with_ports_behind_a_plain_header_are_plain(packet, plain):
    assert matches(packet, u32.match(u32.NO_OPTIONS, u32.NO_FRAGMENT)) == plain


# --- one form for equal matches -----------------------------------------------------------------


def test_keys_of_one_word_become_one_key():
    assert u32.match(
        u32.destination_port(Block(80, 1)), u32.NO_OPTIONS, u32.source_port(Block(1024, 1024))
    ) == ((0, 0x05000000, 0x0F000000), (20, 0x04000050, 0xFC00FFFF))


def test_no_keys_match_everything():
    assert u32.match() == ()


@given(st.lists(keys, max_size=6), st.randoms())
def test_the_order_of_keys_does_not_matter(these, random):
    shuffled = list(these)
    random.shuffle(shuffled)
    assert u32.match(*these) == u32.match(*shuffled)


@given(st.lists(keys, max_size=6))
def test_a_canonical_match_stays_as_it_is(these):
    once = u32.match(*these)
    assert u32.match(*once) == once
    offsets = [key.offset for key in once]
    assert offsets == sorted(set(offsets))


# --- in words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ((), ""),
        ((u32.NO_OPTIONS, u32.NO_FRAGMENT), "match ip ihl 5 match ip offset 0"),
        ((u32.protocol(6), u32.source(HOST)), "match ip protocol 6 match ip src 10.0.0.1/32"),
        ((u32.destination(u32.LOOPBACK_NET),), "match ip dst 127.0.0.0/8"),
        ((u32.destination_port(Block(31008, 32)),), "match ip dport 31008-31039"),
        ((u32.source_port(Block(31000, 8)),), "match ip sport 31000-31007"),
        ((u32.source_port(Block(80, 1)),), "match ip sport 80"),
        ((u32.quoted_source_port(Block(31000, 8)),), "match quoted sport 31000-31007"),
        ((u32.quoted_destination_port(Block(80, 1)),), "match quoted dport 80"),
        ((u32.QUOTED_NO_OPTIONS, u32.quoted_protocol(17)), "match quoted ihl 5 match quoted protocol 17"),
        ((u32.protocol(1), u32.icmp_type(8)), "match ip protocol 1 match icmp type 8"),
        ((u32.protocol(1), u32.ERRORS[0]), "match ip protocol 1 match icmp type 3,11"),
        ((u32.protocol(1), u32.ERRORS[1]), "match ip protocol 1 match icmp type 12"),
        (
            u32.destination_mac(MAC),
            "match 00001234/0000ffff at -16 match 56789abc/ffffffff at -12",
        ),
        ((u32.Key(40, 0xAB, 0xFF),), "match 000000ab/000000ff at 40"),
        # Masks that are no range, and part of a field: nothing that we would install.
        ((u32.Key(20, 0x50, 0xF0),), "match 00000050/000000f0 at 20"),
        ((u32.Key(20, 0x500000, 0xF00000),), "match 00500000/00f00000 at 20"),
        ((u32.Key(16, 0x0A000001, 0xFF0000FF),), "match 0a000001/ff0000ff at 16"),
        ((u32.protocol(1), u32.Key(20, 0x0301 << 16, 0xFFFF0000)), "match ip protocol 1 match 03010000/ffff0000 at 20"),
        ((u32.Key(20, 0x10002, 0xFFFFFFFF),), "match 00010002/ffffffff at 20"),
    ],
)  # fmt: skip
def test_a_match_is_put_into_the_words_of_tc(match, words):
    assert u32.explain(match) == words


def test_an_arp_match_is_not_read_as_ip():
    sender = u32.arp_sender(MAC, IPv4Address("10.0.0.1"))
    assert u32.explain((u32.ARP_REPLY,), arp=True) == "match arp reply"
    assert u32.explain(sender, arp=True) == (
        "match 12345678/ffffffff at 8 match 9abc0a00/ffffffff at 12 match 00010000/ffff0000 at 16"
    )


@given(st.lists(keys, max_size=6), st.booleans())
def test_any_match_can_be_put_into_words(these, arp):
    match = u32.match(*these)
    assert u32.explain(match, arp).count("match ") == len(match)
