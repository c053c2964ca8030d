# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytes that nobody meant to send: only our own errors, never a hang or a crash.

And the decoder of filters against tc(8): what the one installs, the other prints.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import messages, routes
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import uapi as k
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.netlink import (
    Socket,
    refused,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.requests import Request
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import record
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
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.look import (
    dump_filters,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
    Program,
    Table,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    PortmapError,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lab.netns import inside
from stage import Stage

ETH0 = Place("", "eth0")
NAMES = {0: "", 1: "lo", 2: "eth0"}


class Names(dict):  # type: ignore[type-arg]
    def __missing__(self, _ifindex: int) -> str:
        return ""


MATCH = (u32.NO_OPTIONS, u32.NO_FRAGMENT)
MESSAGES = [
    encode.table_message(Table(ETH0, k.ETH_P_IP, 770, 0x302, 256), 2),
    encode.program_message(Program(ETH0, k.ETH_P_ALL, 65535, programs.NOTHING), 2),
    encode.filter_message(
        Filter(ETH0, k.ETH_P_IP, 770, 0x302, 4, 5, MATCH, (Action("redirect", "lo"),)),
        2, 0, {"lo": 1},
    ),
    encode.filter_message(
        Filter(ETH0, k.ETH_P_ARP, 258, 0, 0, 1, MATCH, (Action("mirror", "lo"),) * 9),
        2, 0, {"lo": 1},
    ),
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, whole: Sequence[bytes] = MESSAGES) -> bytes:
    """A message with bytes changed, cut off or put in."""
    data = bytearray(draw(st.sampled_from(whole)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.integers(0, 2))
        if how == 0 and data:
            data[at] = draw(st.integers(0, 255))
        elif how == 1:
            del data[at : at + draw(st.integers(1, 40))]
        else:
            data[at:at] = draw(st.binary(max_size=16))
    return bytes(data)


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(damaged(), st.binary(max_size=200)))
def test_the_decoder_of_filters_takes_any_bytes(data: bytes) -> None:
    seen = decode.read_filter(data, ETH0, Names(NAMES))
    if seen is not None and seen.item is not None:
        assert str(seen.item)
    entry = decode.read_entry(data)
    assert entry is None or seen is None or entry[0] == seen.handle


def message(kind: int, flags: int, payload: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(payload), kind, flags, 1, 0) + payload


ANSWERS = [
    message(44, 2, MESSAGES[2]) + message(3, 2, bytes(4)),  # a filter, and the end of a dump
    message(44, 0x12, MESSAGES[0]) + message(3, 2, bytes(4)),  # interrupted
    message(2, 0, struct.pack("=i", -22) + bytes(16)),  # a refusal, then one in words
    message(2, 0x300, struct.pack("=i", -2) + bytes(16) + b"\x0b\0\x01\0no such\0\0"),
    message(2, 0, bytes(20)),  # an acknowledgement
]


@pytest.fixture(scope="module")
def wires() -> Iterator[tuple[Socket, socket.socket]]:
    """A socket of ours whose other end is not the kernel."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("=qq", 0, 1000))
    sock = Socket()
    sock.close()
    sock._socket = ours
    yield sock, theirs
    ours.close()
    theirs.close()


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(data=message(2, 0, b""), dump=True)
@example(data=message(2, 0, struct.pack("=i", -(2**31)) + bytes(16)), dump=True)
@example(data=message(2, 0, struct.pack("=i", 22) + bytes(16)), dump=False)
@given(data=st.one_of(damaged(ANSWERS), st.binary(min_size=1, max_size=80)), dump=st.booleans())
def test_a_socket_takes_any_datagram(
    wires: tuple[Socket, socket.socket], data: bytes, dump: bool
) -> None:
    """It understands it, says an error, or hears nothing more: it never waits for ever."""
    sock, theirs = wires
    sock._sequence = 0
    theirs.send(data)
    request = Request(k.RTM_GETTFILTER, 0, b"", "list the filters")
    try:
        if dump:
            sock.dump(request)
        else:
            refused(request, sock.send([request])[0])
    except PortmapError as error:
        assert str(error).startswith("cannot ")
    finally:
        drain(sock._socket, theirs)


def drain(*ends: socket.socket) -> None:
    """Nothing is left for the next example."""
    for end in ends:
        with contextlib.suppress(BlockingIOError):
            while True:
                end.recv(1 << 16, socket.MSG_DONTWAIT)


READERS: dict[str, Callable[[bytes], Any]] = {
    "links": messages.read_link,
    "addresses": messages.read_address,
    "routes": routes.read_default,
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=500, deadline=None)
@given(head=st.binary(min_size=16, max_size=16), rest=st.binary(max_size=120))
def test_readers_take_any_attributes(name: str, head: bytes, rest: bytes) -> None:
    """The fixed part of these messages is the kernel's; what follows may be anything."""
    READERS[name](head + rest)


GOOD = {
    "version": 1,
    "public_interface": "eth0",
    "loopback_interface": "lo",
    "ports": ["31000-32000"],
    "ephemeral_ports": "30001-30999",
    "ephemeral_ports_per_container": 16,
    "host_ephemeral_ports": None,
    "rp_filter": "relax",
    "before": {"mtu": "1500"},
    "qdiscs": ["eth0"],
    "applied": [],
}
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=2000, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.dictionaries(st.sampled_from(sorted(GOOD)), values).map(
            lambda changed: json.dumps({**GOOD, **changed})
        ),
        st.integers(0, len(json.dumps(GOOD))).map(lambda end: json.dumps(GOOD)[:end]),
        st.integers(1, 100_000).map(lambda depth: "[" * depth),
    )
)
def test_a_damaged_record_is_refused_in_words(text: str) -> None:
    try:
        read = record.decode(text)
    except PortmapError as error:
        assert "portmap_host" in str(error)
    else:
        assert record.decode(record.encode(read)) == read


# --- against tc(8) ------------------------------------------------------------------------------

_FILTER = re.compile(r"fh (\w+):(\w*):(\w+) ")
_KEY = re.compile(r"match (\w{8})/(\w{8}) at (-?\d+)")
_ACTION = re.compile(r"\(Egress (Redirect|Mirror) to device (\S+)\)")


def random_filter(dice: random.Random, node: int) -> tuple[str, tuple[Any, ...]]:
    """A line for tc, and what must be read back: (node, match, actions)."""
    offsets = dice.sample(range(-16, 64, 4), dice.randrange(1, 6))
    keys = []
    for offset in sorted(offsets):
        mask = dice.choice([0xFFFFFFFF, 0xFF, 0xFFFF0000, dice.getrandbits(32) or 1])
        keys.append(u32.Key(offset, dice.getrandbits(32) & mask, mask))
    words = " ".join(f"match u32 {key.value:#x} {key.mask:#x} at {key.offset}" for key in keys)
    verb = dice.choice(["redirect", "mirror", ""])
    action = f"action mirred egress {verb} dev lo" if verb else "flowid ffff:"
    line = (
        f"filter add dev eth0 ingress protocol ip pref 900 handle ::{node:x} u32 {words} {action}"
    )
    return line, (node, tuple(keys), verb)


@pytest.mark.thorough("20 times as many filters: 10,000")
def test_the_decoder_reads_what_tc_installs_and_prints(bare: Stage, thorough: bool) -> None:
    dice = random.Random(7)
    modules = bare.modules
    modules.machine.shell("tc qdisc add dev eth0 ingress")
    with inside(bare.lab.host.place.netns):
        sock = Socket()
        index = socket.if_nametoindex("eth0")
        names = Names({socket.if_nametoindex("lo"): "lo", index: "eth0"})
    for _ in range(10_000 // 500 if thorough else 1):
        made = [random_filter(dice, node) for node in range(1, 501)]
        bare.lab.host.tc(*(line for line, _wanted in made))
        wanted = {want[0]: want[1:] for _line, want in made}
        read = {}
        for seen in dump_filters(sock, ETH0, index, names):
            if isinstance(seen.item, Filter):
                verbs = [action.verb.split(" ")[0] for action in seen.item.actions]
                read[seen.item.node] = (seen.item.match, "".join(verbs))
        assert read == wanted
        assert printed(modules.machine.shell("tc filter show dev eth0 ingress")) == wanted
        modules.machine.shell("tc filter delete dev eth0 ingress pref 900")
    sock.close()


def printed(text: str) -> dict[int, tuple[Any, ...]]:
    """Node -> (match, verb) as tc(8) prints filters."""
    found: dict[int, tuple[Any, ...]] = {}
    for block in text.split("filter protocol")[1:]:
        handle = _FILTER.search(block)
        if handle and "match" in block:
            keys = [
                u32.Key(int(at), int(value, 16), int(mask, 16))
                for value, mask, at in _KEY.findall(block)
            ]
            verb = _ACTION.search(block)
            found[int(handle[3], 16)] = (tuple(sorted(keys)), verb[1].lower() if verb else "")
    return found
