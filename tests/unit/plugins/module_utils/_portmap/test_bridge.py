# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a veth's place on its bridge takes: as few requests as tell what differs."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.ids import Ids
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.bridge import (
    Bridge,
    BridgePort,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import Change
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place

RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK = 16, 19, 17
LO = Place("", "lo")  # a link that every machine has, with the index 1
PORT = BridgePort(LO, "lo")
BRIDGE = Bridge(Place("", "portmap-sink0", "shared"))


def master(ifindex: int) -> bytes:
    """IFLA_MASTER as it is sent."""
    return struct.pack("=HHI", 8, 10, ifindex)


def sent(before: BridgePort | None, after: BridgePort | None) -> list[tuple[int, bytes]]:
    change = Change(before, after)
    return [
        (request.kind, request.payload) for request in change.subject.operations(change, Ids({}))
    ]


@pytest.mark.parametrize("before", [None, PORT._replace(bridge="another")])
def test_a_port_is_put_on_its_bridge_and_then_told_what_to_keep(before):
    (put, told) = sent(before, PORT)
    assert put[0] == RTM_SETLINK
    assert master(1) in put[1]
    assert told[0] == RTM_NEWLINK
    assert struct.pack("=HHHxx", 6, 31, 0xFFFD) in told[1]


def test_a_port_that_is_on_its_bridge_is_only_told_what_to_keep():
    ((kind, _payload),) = sent(PORT._replace(groups=0), PORT)
    assert kind == RTM_NEWLINK


def test_a_port_is_taken_off_when_a_run_is_undone():
    ((kind, payload),) = sent(PORT, None)
    assert kind == RTM_SETLINK
    assert master(0) in payload


@pytest.mark.parametrize(
    ("bridge", "line"),
    [
        (BRIDGE, 'type bridge down group 28783 alias "drops what containers must not send"'),
        (BRIDGE._replace(up=True, group=0, alias=""), 'type bridge up group 0 alias ""'),
        (
            BRIDGE._replace(ipv6=True),
            'type bridge down with IPv6 group 28783 alias "drops what containers must not send"',
        ),
        (BRIDGE._replace(ours=False), "of somebody else"),
    ],
)
def test_a_bridge_says_what_is_wrong_with_it(bridge, line):
    assert str(bridge) == f"link portmap-sink0 {line}"


def test_what_is_on_a_bridge_goes_with_it():
    assert BRIDGE.carries(replaced=False) == (BRIDGE.place,)
    assert BRIDGE.carries(replaced=True) == ()
    ((kind, _payload),) = [
        (request.kind, request.payload)
        for request in BRIDGE.operations(Change(BRIDGE, None), Ids({}))
    ]
    assert kind == RTM_DELLINK
