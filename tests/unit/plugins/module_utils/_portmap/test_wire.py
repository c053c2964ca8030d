# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
import sys
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import u32, wire
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.model import (
    Action,
    Drop,
    Filter,
    Place,
    Table,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.ports import Block
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(
    sys.byteorder == "big", reason="the bytes were recorded on a little-endian machine"
)

ETH0 = Place("", "eth0")
INDEXES = {"pm-web": 21, "pm-db": 22}
NAMES = defaultdict(str, {21: "pm-web", 22: "pm-db"})
ARP, IP = 0x0806, 0x0800


def recorded(file: str) -> Iterator[tuple[str, bytes]]:
    """(what stands behind "=", the bytes below it) of a file that lies next to this one."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    for part in text.split("\n= ")[1:]:
        title, _newline, digits = part.partition("\n")
        yield title, bytes.fromhex(digits)


REQUESTS = dict(recorded("tc_requests.txt"))
ANSWERS = list(recorded("kernel_dump.txt"))


def read(data: bytes) -> wire.Seen | None:
    return wire.read_filter(memoryview(data), ETH0, NAMES)


# --- what we send is what tc(8) sends -----------------------------------------------------------

NESTED = {(2,), (2, 7)} | {(2, 7, order) for order in range(1, 33)}
NESTED |= {(*path, 0x8002) for path in NESTED if len(path) == 3}


def tree(data: bytes, path: tuple[int, ...] = ()) -> dict[int, object]:
    """Attributes by type: the kernel does not ask for their order."""
    found: dict[int, object] = {}
    while data:
        length, kind = struct.unpack_from("<HH", data)
        inner = (*path, kind)
        assert kind not in found
        found[kind] = tree(data[4:length], inner) if inner in NESTED else data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def u32_filter(priority, where, match, *actions, protocol=IP, **more):
    actions = tuple(Action(verb, target) for verb, target in actions)
    return Filter(ETH0, protocol, priority, *where, match, actions, **more)


WEB = ("redirect", "pm-web")

SENT = [
    ("prio 770 handle 302: u32", Table(ETH0, IP, 770, 0x302, 256)),
    ("prio 513 handle 201: u32", Table(ETH0, IP, 513, 0x201, 1)),
    (
        "prio 770 handle 302:79:418",
        u32_filter(
            770, (0x302, 0x79, 0x418), u32.match(u32.destination_port(Block(31000, 8))), WEB
        ),
    ),
    (
        "prio 513 u32 ht 201:",
        u32_filter(
            513, (0x201, 0, 0), u32.match(u32.quoted_destination_port(Block(31000, 8))), WEB
        ),
    ),
    (
        "prio 770 handle ::6",
        u32_filter(
            770,
            (0, 0, 6),
            u32.match(
                u32.NO_OPTIONS, u32.protocol(6), u32.destination(IPv4Network("10.0.0.1"))
            ),
            goto=0x302,
            hashkey=(20, 0x0000FF00),
        ),
    ),
    ("prio 514 handle ::1", u32_filter(514, (0, 0, 1), (u32.protocol(1),))),
    (
        "protocol arp prio 258",
        u32_filter(
            258, (0, 0, 1), (u32.ARP_REPLY,), ("mirror", "pm-web"), ("mirror", "pm-db"), protocol=ARP
        ),
    ),
    (
        "prio 771 handle ::7",
        u32_filter(771, (0, 0, 7), u32.destination_mac("02:00:00:00:00:01"), WEB),
    ),
    ("prio 65535 handle 1 bpf", Drop(ETH0)),
]  # fmt: skip


@pytest.mark.parametrize(("command", "item"), SENT, ids=[command for command, item in SENT])
def test_a_request_says_what_the_command_of_tc_says(command, item):
    (theirs,) = [data for text, data in REQUESTS.items() if command in text]
    if isinstance(item, Table):
        ours = wire.table_message(item, 11)
    elif isinstance(item, Drop):
        ours = wire.drop_message(item, 11)
    else:
        ours = wire.filter_message(item, 11, 0, INDEXES)
    assert ours[:20] == theirs[:20]
    assert tree(ours[20:]) == tree(theirs[20:])


def test_every_recorded_command_is_compared():
    assert len(REQUESTS) == len(SENT)


def test_a_filter_that_has_a_handle_is_named_by_it():
    (item,) = [item for command, item in SENT if command == "prio 513 u32 ht 201:"]
    message = wire.filter_message(item, 11, 0x20100805, INDEXES)
    assert struct.unpack_from("<I", message, 8) == (0x20100805,)
    assert tree(message[20:])[2][2] == struct.pack("<I", 0x20100000)


def test_an_attribute_is_padded_and_its_length_is_not():
    assert wire.attribute(1, b"abc").hex(" ") == "07 00 01 00 61 62 63 00"
    assert wire.attribute(0x8002, b"").hex(" ") == "04 00 02 80"


# --- what the kernel answers --------------------------------------------------------------------


@pytest.mark.parametrize(("meaning", "data"), ANSWERS)
def test_an_answer_is_read_as_what_it_is(meaning, data):
    seen = read(data)
    if seen is None:
        assert meaning == "nothing"
        return
    assert meaning == (
        f"{seen.kind} protocol {seen.protocol:04x} prio {seen.priority} handle {seen.handle:x}:"
        f" {seen.item or 'not ours'}"
    )


def with_first_action(change: bytes, to: bytes) -> bytes:
    """The answer about 302:79:418 with other parameters of its action."""
    (data,) = [data for meaning, data in ANSWERS if "handle 30279418" in meaning]
    assert data.count(change) == 1
    return data.replace(change, to)


@pytest.mark.parametrize(
    ("change", "to", "words"),
    [
        # mirred's parameters end with: action, references, bindings, direction, index.
        ("04000000010000000100000001000000", "03000000010000000100000001000000", "redirect control 3 dev pm-web"),
        ("04000000010000000100000001000000", "04000000010000000100000003000000", "mirred control 4 dev pm-web"),
        ("010000000100000001000000" + "15000000", "010000000100000001000000" + "00000000", "redirect dev (gone)"),
        (b"mirred\0".hex(), b"police\0".hex(), "police control 0 dev (gone)"),
    ],
)  # fmt: skip
def test_an_action_that_is_not_ours_reads_differently(change, to, words):
    seen = read(with_first_action(bytes.fromhex(change), bytes.fromhex(to)))
    assert seen is not None
    assert str(seen.item).endswith(f"match ip dport 31000-31007 {words}")


def test_a_filter_of_another_chain_is_not_ours():
    (data,) = [data for meaning, data in ANSWERS if "handle 30279418" in meaning]
    chain = struct.pack("<HHI", 8, 11, 0)
    assert data.count(chain) == 1
    seen = read(data.replace(chain, struct.pack("<HHI", 8, 11, 1)))
    assert seen is not None
    assert seen.item is None


# --- there and back -----------------------------------------------------------------------------

words = st.integers(0, 0xFFFFFFFF)
matches = st.lists(
    st.builds(u32.Key, st.integers(-4, 20).map(lambda number: number * 4), words, words),
    max_size=9,
).map(lambda keys: u32.match(*keys))
targets = st.sampled_from(["pm-web", "pm-db"])
mirrors = st.lists(targets, min_size=1, max_size=32).map(
    lambda names: tuple(Action("mirror", name) for name in sorted(names))
)
endings = st.one_of(
    st.builds(lambda name: {"actions": (Action("redirect", name),)}, targets),
    st.builds(lambda actions: {"actions": actions}, mirrors),
    st.builds(
        lambda goto, offset, mask: {"goto": goto, "hashkey": (offset * 4, mask)},
        st.integers(1, 0x7FF),
        st.integers(0, 20),
        st.integers(1, 0xFFFFFFFF),
    ),
    st.just({}),
)
priorities = st.integers(1, 65535)
protocols = st.sampled_from([IP, ARP, 0x86DD])
filters = st.builds(
    lambda protocol, priority, table, bucket, node, match, ending: Filter(
        ETH0, protocol, priority, table, bucket, node, match, **ending
    ),
    protocols,
    priorities,
    st.integers(0, 0x7FF),
    st.integers(0, 255),
    st.integers(1, 0xFFF),
    matches,
    endings,
)


@given(filters)
def test_a_filter_is_read_as_it_was_written(item):
    seen = read(wire.filter_message(item, 11, 0, INDEXES))
    assert seen is not None
    assert seen.item == item
    assert (seen.kind, seen.protocol, seen.priority) == ("u32", item.protocol, item.priority)
    assert seen.handle == item.table << 20 | item.bucket << 12 | item.node


@given(protocols, priorities, st.integers(1, 0x7FF), st.integers(1, 256))
def test_a_table_is_read_as_it_was_written(protocol, priority, number, divisor):
    table = Table(ETH0, protocol, priority, number, divisor)
    seen = read(wire.table_message(table, 11))
    assert seen == ("u32", protocol, priority, number << 20, table)


def test_the_drop_is_read_as_it_was_written():
    assert read(wire.drop_message(Drop(ETH0), 11)) == ("bpf", 0x0003, 65535, 1, Drop(ETH0))


# --- bytes that nobody promised -----------------------------------------------------------------


def test_a_changed_byte_is_read_as_something_or_as_nothing():
    for _meaning, message in ANSWERS:
        data = bytearray(message)
        for at, byte in enumerate(message):
            for value in (0, 1, 0xFF):
                data[at] = value
                seen = read(bytes(data))
                assert seen is None or str(seen.item)
            data[at] = byte


def test_a_message_that_was_cut_is_read_as_something_or_as_nothing():
    for _meaning, message in ANSWERS:
        for length in range(len(message)):
            seen = read(message[:length])
            assert seen is None or str(seen.item)


@given(st.binary(max_size=200))
def test_attributes_end_where_the_bytes_end(data):
    assert sum(4 + len(value) for _kind, value in wire.attributes(memoryview(data))) <= len(data)
