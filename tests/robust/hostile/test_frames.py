# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thousands of frames that are nearly right, from a container and from outside: each is heard by those
of whom `promises` says so, and by nobody else."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice

import pytest

import mutations
import promises_bpf
import stage as stages
from lab import frames, steering
from lab.frames import IPV4, UDP, Ear, ethernet, ip, udp
from lab.machines import HOST, HOST_MAC, PEER, Place
from lab.netns import inside
from lab.steering import BPF
from promises import LO, OUTSIDE, hearing_from_inside, hearing_from_outside
from stage import Stage

OWNED = {"web": [*range(31000, 31008)], "db": [*range(31008, 31016), 31100]}
EPHEMERAL = {"web": range(30016, 30032), "db": range(30032, 30048)}
PORTS = {name: {*OWNED[name], *EPHEMERAL[name]} for name in OWNED}
SEED = "neither more nor less"
FEW, MANY, AT_ONCE = 10_000, 200_000, 250
SECONDS = 30  # in which the few are to be done
WHY = "each of 200,000 frames is heard by five ears: minutes"


@pytest.fixture(scope="module", params=stages.HOSTS)
def stage(steering: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    with stages.bare() as made:
        stages.become(made, request.param)
        stages.prepare(made)
        for name in PORTS:  # what it hears it shall not answer: that is counted as sent, too
            made.modules.machine.shell(
                f"nsenter --net=/run/netns/{name} tc filter add dev eth0 ingress protocol all pref 1"
                " bpf da bytecode '1,6 0 0 2'"
            )
        yield made


def in_parts(sent: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = iter(sent)
    while part := list(islice(rest, AT_ONCE)):
        yield part


def heard_by(ears: Mapping[str, Ear], last: Mapping[str, bytes]) -> dict[str, list[bytes]]:
    """All that ears have heard, up to the last frame of each, and a little after it."""
    give_up = time.monotonic() + 5
    heard: dict[str, list[bytes]] = {name: [] for name in ears}
    while time.monotonic() < give_up:
        for name, ear in ears.items():
            heard[name] += ear.frames(0)
        same = steering.by_way(0, promises_bpf.SAME)
        if all(
            any(frame[same:] == one[same:] for one in heard[name]) for name, frame in last.items()
        ):
            break
        time.sleep(0.01)
    time.sleep(0.02)
    return {name: [*heard[name], *ear.frames(0)] for name, ear in ears.items()}


def wrong(
    sender: Place,
    interface: str,
    sent: list[bytes],
    ears: Mapping[str, Ear],
    last: Mapping[str, bytes],
    promised: Callable[[bytes], set[str]],
) -> list[str]:
    """Send frames; say which of them were heard by others than promised."""
    frames.send(sender, *sent, *dict.fromkeys(last.values()), interface=interface)
    same = steering.by_way(0, promises_bpf.SAME)
    caught = {name: {one[same:] for one in there} for name, there in heard_by(ears, last).items()}
    faults = []
    for frame in sent:
        if steering.used == BPF and promises_bpf.depends(frame):
            continue
        hearing = {name for name, there in caught.items() if frame[same:] in there}
        if hearing != promised(frame):
            faults.append(f"{frame.hex()}: heard by {hearing}, promised {promised(frame)}")
    return faults


def wide(stack: ExitStack, place: Place, interface: str = "eth0") -> Ear:
    """An ear that holds what comes at once."""
    ear = stack.enter_context(frames.ear(place, interface))
    ear.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
    return ear


def said(source_port: int, port: int, to: str) -> bytes:
    return ethernet(IPV4, ip(HOST, to, UDP, udp(source_port, port, frames.token())), to=HOST_MAC)


def from_container(stage: Stage, count: int) -> None:
    lab = stage.lab
    made = mutations.frames(SEED, count, sorted(PORTS["web"]), outside=False)
    with ExitStack() as stack:
        ears = {
            OUTSIDE: wide(stack, lab.wire.place, "host"),
            LO: wide(stack, lab.host.place, LO),
            **{name: wide(stack, lab.container(name)) for name in PORTS},
        }
        for part in in_parts(made):
            last = {OUTSIDE: said(31001, 9, PEER), "db": said(31001, 31009, HOST)}
            last[LO] = steering.by_way(last["db"], said(31001, 9, HOST))
            before = counted(stage)
            faults = wrong(
                lab.container("web"), "eth0", part, ears, last,
                lambda frame: steering.by_way(
                    hearing_from_inside, promises_bpf.hearing_from_inside
                )(frame, "web", PORTS),
            )  # fmt: skip
            assert faults == []
            if steering.used == BPF:
                continue  # it tells what it drops itself
            # What neither left nor was dropped has gone to the host's stack.
            dropped = sum(
                not hearing_from_inside(frame, "web", PORTS) and not has_half_a_tag(frame)
                for frame in part
            )
            changed = tuple(now - then for now, then in zip(counted(stage), before))
            assert changed == (len(part) + 2, dropped)


def has_half_a_tag(frame: bytes) -> bool:
    """Such a frame the kernel gives up before any filter."""
    return frame[12:14] in (b"\x81\x00", b"\x88\xa8") and len(frame) < 14 + 6


def counted(stage: Stage) -> tuple[int, int]:
    """How many packets have come from web, and how many of them the host has dropped."""
    with inside(stage.lab.host.place.netns):
        (link,) = stage.lab.host.json("ip", "-s", "-j", "link", "show", "dev", "pm-web")
        qdiscs = stage.lab.host.json("tc", "-s", "-j", "qdisc", "show", "dev", "pm-web", "ingress")
    return link["stats64"]["rx"]["packets"], qdiscs[0]["drops"]


def from_outside(stage: Stage, count: int) -> None:
    lab = stage.lab
    made = mutations.frames(SEED, count, sorted(PORTS["web"] | PORTS["db"]), outside=True)
    with ExitStack() as stack:
        ears = {name: wide(stack, lab.container(name)) for name in PORTS}
        for part in in_parts(made):
            last = {
                name: ethernet(
                    IPV4, ip(PEER, HOST, UDP, udp(9, OWNED[name][1], frames.token())), to=HOST_MAC
                )
                for name in PORTS
            }
            faults = wrong(
                lab.wire.place, "host", part, ears, last,
                lambda frame: steering.by_way(
                    hearing_from_outside, promises_bpf.hearing_from_outside
                )(frame, PORTS),
            )  # fmt: skip
            assert faults == []


@pytest.mark.parametrize("side", [from_container, from_outside])
@pytest.mark.thorough(WHY)
def test_every_frame_is_heard_by_those_whom_it_is_for(
    stage: Stage, thorough: bool, side: Callable[[Stage, int], None]
) -> None:
    began = time.monotonic()
    side(stage, MANY if thorough else FEW)
    assert thorough or time.monotonic() - began < SECONDS


@pytest.mark.parametrize("outside", [False, True])
def test_the_frames_are_of_every_kind(outside: bool) -> None:
    """Or the test above would say nothing: much is heard, and more is not."""
    sent = list(mutations.frames(SEED, FEW, sorted(PORTS["web"]), outside=outside))
    hearing = [
        hearing_from_outside(frame, PORTS) if outside else hearing_from_inside(frame, "web", PORTS)
        for frame in sent
    ]
    everybody = {frozenset(names) for names in hearing}
    inside_ = [{OUTSIDE}, {LO}, {LO, "db"}, {LO, "web"}, set()]
    for names in [{"web"}, {"web", "db"}, set()] if outside else inside_:
        assert frozenset(names) in everybody
    assert 0.1 < sum(map(bool, hearing)) / FEW < 0.6
    assert sum(len(frame) < 42 for frame in sent) > FEW / 100
    assert len({frame[12:14] for frame in sent}) > 100
