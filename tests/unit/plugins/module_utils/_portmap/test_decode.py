# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from collections import defaultdict
from ipaddress import IPv4Interface

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.attributes import (
    attribute,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering import strangers
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    decode,
    encode,
    programs,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    keys as u32,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.fields import (
    Action,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
    Offload,
    Program,
    Table,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.recordings import (
    ARP,
    ETH0,
    INDEXES,
    IP,
    changed,
    readable,
    recorded,
)
from hypothesis import given
from hypothesis import strategies as st

pytestmark = readable

NAMES = defaultdict(str, {index: name for name, index in INDEXES.items()})
ANSWERS = list(recorded("kernel_dump.txt"))


def read(data: bytes) -> decode.Seen | None:
    return decode.read_filter(data, ETH0, NAMES)


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
    seen = read(encode.filter_message(item, 11, 0, INDEXES))
    assert seen is not None
    assert seen.item == item
    assert (seen.kind, seen.protocol, seen.priority) == ("u32", item.protocol, item.priority)
    assert seen.handle == item.table << 20 | item.bucket << 12 | item.node


@given(protocols, priorities, st.integers(1, 0x7FF), st.integers(1, 256))
def test_a_table_is_read_as_it_was_written(protocol, priority, number, divisor):
    table = Table(ETH0, protocol, priority, number, divisor)
    seen = read(encode.table_message(table, 11))
    assert seen is not None
    assert seen[:5] == ("u32", protocol, priority, number << 20, table)


@pytest.mark.parametrize(
    ("protocol", "priority", "handle", "code"),
    [
        (0x0003, 65535, 1, programs.NOTHING),
        (0x0003, 256, 0x100, programs.LEAVING),
        (0x0800, 256, 0x100, programs.arriving(IPv4Interface("10.0.0.1/24"))),
    ],
)
def test_a_program_is_read_as_it_was_written(protocol, priority, handle, code):
    program = Program(ETH0, protocol, priority, code)
    seen = read(encode.program_message(program, 11))
    assert seen is not None
    assert seen[:5] == ("bpf", protocol, priority, handle, program)


TAG = "0123456789abcdef"


@pytest.mark.parametrize(("flags", "tag"), [(1, TAG), (0, "")])
def test_a_program_of_ebpf_is_known_by_its_tag_when_it_gives_the_verdict(flags, tag):
    """As the kernel answers: no descriptor, but the tag."""
    options = struct.pack("=HHIHH8s", 8, 8, flags, 12, 10, bytes.fromhex(TAG))
    head = encode.offload_message(Offload(ETH0, 3, 256, ""), 11, 7)[:20]
    seen = read(head + attribute(1, b"bpf\0") + attribute(2, options))
    assert seen is not None
    assert seen[:5] == ("bpf", 3, 256, 0x200, Offload(ETH0, 3, 256, tag))


# --- bytes that nobody promised -----------------------------------------------------------------


def test_a_changed_byte_is_read_as_something_or_as_nothing():
    for _meaning, message in ANSWERS:
        for data in changed(message):
            seen = read(data)
            assert seen is None or str(seen.item)


def test_a_message_that_was_cut_is_read_as_something_or_as_nothing():
    for _meaning, message in ANSWERS:
        for length in range(len(message)):
            seen = read(message[:length])
            assert seen is None or str(seen.item)


# --- in short -----------------------------------------------------------------------------------


def test_what_is_read_in_short_is_what_is_read_in_full():
    short = {}
    for meaning, data in ANSWERS:
        found = decode.read_entry(data)
        if found is not None:
            short[meaning] = found
            seen = read(data)
            assert seen.handle == found[0]
            assert [action.target for action in seen.item.actions] == [NAMES[found[1]]]
    meanings = [meaning for meaning, _data in ANSWERS]
    in_tables = [meaning for meaning in meanings if "302:" in meaning and "redirect" in meaning]
    assert set(in_tables) <= set(short)
    assert in_tables


def test_a_changed_byte_is_never_read_in_short_as_another_link():
    for _meaning, message in ANSWERS:
        for data in changed(message):
            found, seen = decode.read_entry(data), read(data)
            if found and seen and isinstance(seen.item, Filter):
                assert [action.target for action in seen.item.actions] == [NAMES[found[1]]]


def test_what_was_cut_is_nothing_in_short():
    for _meaning, message in ANSWERS:
        for length in range(len(message)):
            assert decode.read_entry(message[:length]) is None


def nested(kind: int, *inside: bytes) -> bytes:
    return attribute(kind, b"".join(inside))


def acting(option: int, verdict: int) -> bytes:
    """A filter's only action, of the kind gact: struct tc_gact with this verdict."""
    parameters = struct.pack("=IIiii", 1, 0, verdict, 1, 1)
    return nested(option, nested(1, attribute(1, b"gact\0"), nested(2, attribute(2, parameters))))


TERMINAL, ROOT = (attribute(5, bytes([flags]) + bytes(15)) for flags in (1, 0))


@pytest.mark.parametrize(
    ("kind", "options", "ends"),
    [
        ("u32", TERMINAL, True),
        ("u32", TERMINAL + acting(7, 0), True),
        ("u32", TERMINAL + acting(7, 3), True),  # pipe, with nothing after it, is a verdict
        ("u32", TERMINAL + acting(7, -1), False),
        ("u32", ROOT, False),
        ("flower", acting(3, 2), True),
        ("flower", acting(3, -1), False),
        ("matchall", acting(2, 0), True),
        ("matchall", acting(2, -1), False),
        ("basic", acting(3, -1), False),
        ("fw", acting(4, -1), False),
        ("bpf", attribute(8, b"\1\0\0\0"), True),
        ("bpf", acting(1, -1), False),
        ("route", b"\4\0\1\0", True),  # what we do not know may end it
        ("u32", b"", False),  # of another chain, where no packet starts
    ],
)
def test_only_what_goes_on_for_certain_does_not_end_the_search(kind, options, ends):
    assert strangers.can_end_search(kind, options) == ends
