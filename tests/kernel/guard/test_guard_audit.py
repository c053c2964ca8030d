# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it costs to look at all sockets of a host: 10,000 of them, of a hundred groups."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import (
    cgroups,
    listeners,
)

from guarding import lab as lab
from lab.cgroups import Group
from lab.cgroups import group as group_made
from lab.machines import Lab
from lab.netns import inside

GROUPS, TCP, UDP = 100, 80, 20  # sockets of each group
FIRST = 2000


def opened(group: Group) -> Iterator[socket.socket]:
    """One process makes sockets in one group after the other: each keeps the group in which it was made."""
    for number in range(GROUPS):
        group.child(str(number)).join()
        for kind, count in ((socket.SOCK_STREAM, TCP), (socket.SOCK_DGRAM, UDP)):
            for at in range(count):
                one = socket.socket(type=kind)
                one.bind(("", FIRST + number * count + at))
                if kind == socket.SOCK_STREAM:
                    one.listen()
                yield one


@contextmanager
def holder(lab: Lab, group: Group) -> Iterator[None]:
    """A process that has them."""
    ours, its = os.pipe()
    child = os.fork()
    if not child:
        try:
            count = GROUPS * (TCP + UDP) + 100
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
            with inside(lab.host.place.netns):
                kept = list(opened(group))
            os.write(its, str(len(kept)).encode())
            time.sleep(600)
        finally:
            os._exit(1)
    os.close(its)
    try:
        with open(ours, "rb", 0) as file:
            assert file.read(16) == b"10000"
        yield
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.fixture(scope="module")
def crowd(lab: Lab) -> Iterator[Group]:
    with group_made() as made, holder(lab, made):
        yield made


def seen(lab: Lab, crowd: Group) -> Counter[str]:
    """How many sockets each group has, as the audit of guards asks the kernel."""
    with inside(lab.host.place.netns):
        groups = cgroups.below(f"/{crowd.path.name}")
        return Counter(groups[one.group] for one in listeners.listeners() if one.group in groups)


def cheapest(act: Callable[[], object], who: int) -> float:
    """Seconds of a CPU, the fewest of seven turns: what others do beside it only adds."""

    def once() -> float:
        before = resource.getrusage(who)
        act()
        after = resource.getrusage(who)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(7))


def test_each_socket_is_told_with_its_group(lab, crowd):
    wanted = {f"/{crowd.path.name}/{number}": TCP + UDP for number in range(GROUPS)}
    assert seen(lab, crowd) == wanted


def test_it_costs_what_a_list_of_sockets_costs(lab, crowd):
    """ss(8), which is in C and knows no groups here, is the measure; open files of processes cost far more."""
    words = [*lab.host.enter(), "ss", "--no-header", "-tuln"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert len(listed.splitlines()) == GROUPS * (TCP + UDP)

    def ss() -> None:
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)

    ours = cheapest(lambda: seen(lab, crowd), resource.RUSAGE_THREAD)
    its = cheapest(ss, resource.RUSAGE_CHILDREN)
    assert ours < 6 * its, f"{ours * 1000:.0f} ms, and ss {its * 1000:.0f} ms"
