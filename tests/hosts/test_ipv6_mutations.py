# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames of IPv6 that are nearly right: each is heard by those of whom `promises_ipv6` says so, and by nobody else."""

from __future__ import annotations

import ipaddress
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack

import pytest

import promises_ipv6 as promises
import shape
from dual import ADDRESSES, BEYOND, HOST, PEER, Six, host_with_ipv6
from lab import frames, probes
from lab.frames import Ear
from lab.machines import Place
from test_ipv6_frames import ARRIVING, LEAVING, comes, goes

SEED = "nearly right"
COUNT, AT_ONCE, TOKEN = 6_000, 200, 12
PORTS = {
    "web": {*range(31000, 31008), *range(30016, 30032)},
    "db": {*range(31008, 31016), *range(30032, 30048)},
}
OWN = {ipaddress.IPv6Address(one) for one in ADDRESSES}
REACHED = {ipaddress.IPv6Address(one) for one in (PEER, BEYOND)}


def mutated(bases: Sequence[bytes]) -> list[bytes]:
    """The same with some bytes changed, each with a sign of its own at the end."""
    dice = random.Random(SEED)
    made = []
    for number in range(COUNT):
        frame = bytearray(dice.choice(bases))
        for _change in range(dice.choice((0, 1, 1, 1, 2, 3))):
            at = dice.randrange(len(frame) - TOKEN - 1)
            what = dice.choice(("bit", "byte", "kind", "word"))
            if what == "bit":
                frame[at] ^= 1 << dice.randrange(8)
            elif what == "byte":
                frame[at] = dice.randrange(256)
            elif what == "kind":
                frame[at] = dice.choice((0, 6, 17, 43, 44, 51, 58, 60, 128, 129, 132))
            else:
                port = dice.choice((31001, 31009, 30017, 4000, 32502, 0))
                frame[at : at + 2] = port.to_bytes(2, "big")
        made.append(bytes(frame[:-TOKEN]) + number.to_bytes(TOKEN, "big"))
    return made


@pytest.fixture(scope="module")
def six(steering: str) -> Iterator[Six]:
    with host_with_ipv6() as made:
        shape.place(made.modules)
        for name in PORTS:  # what it hears it shall not answer: an answer quotes what was sent
            made.lab.host.shell(
                f"nsenter --net=/run/netns/{name} tc filter add dev eth0 ingress protocol all pref 1"
                " bpf da bytecode '1,6 0 0 2'"
            )
        for address in (PEER, BEYOND):
            probes.ping(made.host, address)
        yield made


def wrong(
    sender: Place,
    sent: list[bytes],
    last: Mapping[str, bytes],
    ears: Mapping[str, Ear],
    promised: Callable[[bytes], set[str]],
) -> list[str]:
    """Of which frames others have heard than promised; `last`: one for each ear, that it is known to hear."""
    faults = []
    for start in range(0, len(sent), AT_ONCE):
        part = sent[start : start + AT_ONCE]
        frames.send(sender, *part, *last.values())
        caught = {name: heard(ear, last[name][-TOKEN:]) for name, ear in ears.items()}
        for frame in part:
            hearing = {name for name, there in caught.items() if frame[-TOKEN:] in there}
            if hearing != promised(frame):
                faults.append(f"{frame.hex()}: heard by {hearing}, promised {promised(frame)}")
    return faults


def wide(stack: ExitStack, place: Place, interface: str = "eth0") -> Ear:
    """An ear that holds what comes at once."""
    ear = stack.enter_context(frames.ear(place, interface))
    ear.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
    return ear


def heard(ear: Ear, last: bytes) -> set[bytes]:
    """The signs of all that it hears, up to the last one and a little after it."""
    until, found = time.monotonic() + probes.patience(), set()
    while last not in found and time.monotonic() < until:
        found |= {one[-TOKEN:] for one in ear.frames(0.02)}
    return found | {one[-TOKEN:] for one in ear.frames(0.02)}


def test_what_comes_is_heard_by_those_whom_it_is_for(six: Six) -> None:
    sent = [
        one
        for one in mutated([frame for frame, _who in ARRIVING.values()])
        if not promises.depends(one)
    ]

    def promised(frame: bytes) -> set[str]:
        return promises.hearing_from_outside(frame, PORTS, OWN)

    with ExitStack() as stack:
        ears = {name: wide(stack, six.lab.container(name)) for name in PORTS}
        last = {"web": comes(31001), "db": comes(31009)}
        faults = wrong(six.outside[PEER].place, sent, last, ears, promised)
    assert faults == []
    heard = [promised(one) for one in sent]
    assert {frozenset(one) for one in heard} == {
        frozenset(),
        frozenset({"web"}),
        frozenset({"db"}),
    }
    assert 0.1 < sum(map(bool, heard)) / len(sent) < 0.7


def test_what_a_container_sends_is_heard_by_those_whom_it_may_reach(six: Six) -> None:
    def promised(frame: bytes) -> set[str]:
        return promises.hearing_from_inside(frame, "web", PORTS, OWN, "peer", "lo") - {"web"}

    def is_told(frame: bytes) -> bool:
        """Not where nobody is; nor what the kernel itself does not send to one, in a frame for a group."""
        found = promises.read(frame[14:])
        reached = bool(found and found.target in REACHED) and not frame[0] & 1
        return promised(frame) != {"peer"} or reached

    sent = [
        one
        for one in mutated([frame for frame, _who in LEAVING.values()])
        if not promises.depends(one) and is_told(one)
    ]
    with ExitStack() as stack:
        ears = {
            "peer": wide(stack, six.outside[PEER].place),
            "db": wide(stack, six.lab.container("db")),
            "lo": wide(stack, six.host, "lo"),
        }
        last = {
            "peer": goes(31001),
            "db": goes(31001, target=HOST, to=31009),
            "lo": goes(31001, target=HOST, to=32502),
        }
        faults = wrong(six.web, sent, last, ears, promised)
    assert faults == []
    heard = [promised(one) for one in sent]
    assert {frozenset(one) for one in heard} == {
        frozenset(one) for one in ((), ("peer",), ("db",), ("lo",))
    }
    assert 0.1 < sum(map(bool, heard)) / len(sent) < 0.7
