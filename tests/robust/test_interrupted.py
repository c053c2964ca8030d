# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps during which links come and go: the kernel says so, and they are asked for again.

Every pair of the crowd has one end near the beginning of a dump and the other at its end. A dump
in the middle of which it is deleted shows half a pair.
"""

from __future__ import annotations

import errno
import struct
import threading
from collections.abc import Iterator

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import (
    messages as rtmessages,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import netlink
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import uapi as k
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.netlink import Socket
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.requests import Request
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    KernelRefused,
)

from lab.machines import Machine
from lab.netns import inside

CROWD = 150
NOOP = 1  # NLMSG_NOOP, linux/netlink.h
LINKS = Request(k.RTM_GETLINK, 0, rtmessages.ask_link(""), "list the links")


@pytest.fixture
def crowd() -> Iterator[Machine]:
    """A machine with more links than fit in a few datagrams."""
    machine = Machine("crowd")
    try:
        machine.ip(
            *(
                f"link add a{n} index {1000 + n} type veth peer name b{n} index {5000 + n}"
                for n in range(CROWD)
            )
        )
        yield machine
    finally:
        machine.close()


class Disturbed(Socket):
    """A socket during whose first dumps, after their first datagram, a pair is deleted."""

    def __init__(self, machine: Machine, times: int) -> None:
        with inside(machine.place.netns):
            super().__init__()
        self.attempts = 0
        self._machine, self._times = machine, times
        self._heard = 0

    def _dump_once(self, request: Request) -> tuple[list[memoryview], bool]:
        self.attempts += 1
        self._heard = 0
        return super()._dump_once(request)

    def _receive(self) -> Iterator[tuple[int, int, int, memoryview]]:
        datagram = list(super()._receive())
        self._heard += 1
        if self._heard == 1 and self.attempts <= self._times:
            self._machine.ip(f"link delete a{self.attempts - 1}")
        return iter(datagram)


def names(messages: list[memoryview]) -> set[str]:
    return {rtmessages.read_link(message).name for message in messages}


def halves(found: set[str]) -> list[int]:
    """The pairs of which only one end is there."""
    return [n for n in range(CROWD) if (f"a{n}" in found) != (f"b{n}" in found)]


def test_a_dump_in_the_middle_of_which_a_link_goes_is_no_state_of_the_world(
    crowd: Machine,
) -> None:
    sock = Disturbed(crowd, 1)
    messages, interrupted = sock._dump_once(LINKS)
    sock.close()
    assert interrupted
    assert halves(names(messages)) == [0]


@pytest.mark.parametrize("times", [0, 1, 5])
def test_an_interrupted_dump_is_asked_for_again_until_it_is_whole(
    crowd: Machine, times: int
) -> None:
    sock = Disturbed(crowd, times)
    found = names(sock.dump(LINKS))
    sock.close()
    assert sock.attempts == times + 1
    assert found == {link["ifname"] for link in crowd.json("ip", "-j", "link", "show")}


def test_a_dump_that_never_stays_whole_ends_with_an_error(crowd: Machine) -> None:
    sock = Disturbed(crowd, CROWD)
    with pytest.raises(KernelRefused) as refused:
        sock.dump(LINKS)
    sock.close()
    assert sock.attempts == 20
    assert refused.value.errno == errno.EINTR
    assert str(refused.value) == (
        "cannot list the links: they changed during each of 20 attempts; run the task again when"
        " that has stopped"
    )


def test_a_kernel_that_does_not_answer_is_not_waited_for_without_end(
    crowd: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that is answered only when that is asked for; the wait is a minute."""
    monkeypatch.setattr(netlink, "_PATIENCE", struct.pack("=qq", 0, 100_000))
    said: list[KernelRefused] = []

    def ask() -> None:
        with inside(crowd.place.netns):
            sock = Socket()
        try:
            sock.send([Request(NOOP, 0, b"", "do nothing")])
        except KernelRefused as error:
            said.append(error)

    asking = threading.Thread(target=ask, daemon=True)  # without a timeout it never ends
    asking.start()
    asking.join(10)
    assert [str(error) for error in said] == ["cannot hear from the kernel: no answer"]
    assert said[0].errno == errno.ETIMEDOUT


def test_dumps_beside_a_process_that_deletes_links_show_no_half_of_a_pair(crowd: Machine) -> None:
    with inside(crowd.place.netns):
        sock = Socket()
    dumps = 0
    script = "".join(f"ip link delete a{n}; " for n in range(0, CROWD, 5))
    busy = crowd.start("sh", "-ec", script)
    while busy.poll() is None:
        dumps += 1
        assert halves(names(sock.dump(LINKS))) == []
    busy.communicate()
    sock.close()
    assert busy.returncode == 0
    assert dumps > 0
