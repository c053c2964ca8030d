# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thousands of frames that the kernel shall finish, in all ways in which it can be asked to.

Whatever comes out of that is what a container may send, and fits the MTU.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from itertools import islice

import pytest

import mutations
import promises_bpf
import stage as stages
from lab import frames, steering
from lab.netns import inside
from lab.steering import BPF
from promises import OUTSIDE, hearing_from_inside
from stage import Stage
from test_frames import FEW, MANY, PORTS, WHY
from unfinished import PACKET_VNET_HDR, SOL_PACKET

SEED = "what is to be finished"
AT_ONCE = 100
LONGEST = 14 + 1500


@pytest.fixture(scope="module", params=stages.HOSTS[1:])
def stage(steering: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A host that finishes packets itself: the wire shows what becomes of them."""
    with stages.bare() as made:
        made.lab.host.place.set_sysctl(
            "ipv6/conf/eth0/disable_ipv6", "1"
        )  # says nothing of its own
        stages.become(made, request.param)
        stages.prepare(made)
        yield made


def leaving(stage: Stage, sent: list[tuple[bytes, bytes]]) -> tuple[int, list[bytes]]:
    """How many the kernel has taken, and what came out on the wire."""
    lab, taken = stage.lab, 0
    web = lab.container("web")
    with frames.ear(lab.wire.place, "host") as ear:
        ear.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        with inside(web.netns), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            wire.bind(("eth0", 0))
            for header, frame in sent:
                try:
                    wire.send(header + frame)
                    taken += 1
                except OSError:
                    continue  # refused, as it should be
        return taken, ear.frames(0.05)


def asks_or_depends(frame: bytes) -> bool:
    """With bpf the host itself asks for the neighbours of containers; what depends on others is not judged."""
    return steering.used == BPF and (frame[12:14] == b"\x08\x06" or promises_bpf.depends(frame))


@pytest.mark.thorough(WHY)
def test_whatever_is_finished_is_what_a_container_may_send(stage: Stage, thorough: bool) -> None:
    made = mutations.unfinished(SEED, MANY if thorough else FEW, sorted(PORTS["web"]))
    hears = steering.by_way(hearing_from_inside, promises_bpf.hearing_from_inside)
    taken = left = segments = 0
    began = time.monotonic()
    while part := list(islice(made, AT_ONCE)):
        accepted, heard = leaving(stage, part)
        strange = [
            frame.hex()
            for frame in heard
            if not asks_or_depends(frame)
            if OUTSIDE not in hears(frame, "web", PORTS) or len(frame) > LONGEST
        ]
        assert strange == []
        taken, left = taken + accepted, left + len(heard)
        segments += sum(len(frame) > 1000 for frame in heard)
    assert taken > FEW / 3
    assert left > FEW / 20
    assert segments > 100
    assert thorough or time.monotonic() - began < 60
