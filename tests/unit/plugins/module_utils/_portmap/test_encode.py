# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from ipaddress import IPv4Network

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import (
    attributes as attr,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
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
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Block
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.recordings import (
    ARP,
    ETH0,
    INDEXES,
    IP,
    readable,
    recorded,
)
from hypothesis import given
from hypothesis import strategies as st

pytestmark = readable


REQUESTS = dict(recorded("tc_requests.txt"))


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
    ("prio 65535 handle 1 bpf", Program(ETH0, 0x0003, 65535, programs.NOTHING)),
]  # fmt: skip


@pytest.mark.parametrize(("command", "item"), SENT, ids=[command for command, item in SENT])
def test_a_request_says_what_the_command_of_tc_says(command, item):
    (theirs,) = [data for text, data in REQUESTS.items() if command in text]
    if isinstance(item, Table):
        ours = encode.table_message(item, 11)
    elif isinstance(item, Program):
        ours = encode.program_message(item, 11)
    else:
        ours = encode.filter_message(item, 11, 0, INDEXES)
    assert ours[:20] == theirs[:20]
    assert tree(ours[20:]) == tree(theirs[20:])


def test_every_recorded_command_is_compared():
    assert len(REQUESTS) == len(SENT)


def test_a_program_of_ebpf_is_named_by_its_descriptor_and_asked_for_a_verdict():
    message = encode.offload_message(Offload(ETH0, 0x0003, 256, "0123456789abcdef"), 11, 7)
    assert struct.unpack_from("<I", message, 8) == (0x200,)
    options = (attr.attribute(6, b"\7\0\0\0"), attr.attribute(7, b"pm_offload\0"),
               attr.attribute(8, b"\1\0\0\0"))  # fmt: skip
    assert message[20:] == attr.attribute(1, b"bpf\0") + attr.attribute(2, b"".join(options))


def test_a_filter_that_has_a_handle_is_named_by_it():
    (item,) = [item for command, item in SENT if command == "prio 513 u32 ht 201:"]
    message = encode.filter_message(item, 11, 0x20100805, INDEXES)
    assert struct.unpack_from("<I", message, 8) == (0x20100805,)
    assert tree(message[20:])[2][2] == struct.pack("<I", 0x20100000)


def test_an_attribute_is_padded_and_its_length_is_not():
    assert attr.attribute(1, b"abc").hex(" ") == "07 00 01 00 61 62 63 00"
    assert attr.attribute(0x8002, b"").hex(" ") == "04 00 02 80"


@given(st.binary(max_size=200))
def test_attributes_end_where_the_bytes_end(data):
    assert sum(4 + len(value) for _kind, value in attr.attributes(data)) <= len(data)
