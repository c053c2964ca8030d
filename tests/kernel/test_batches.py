# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests go in batches that the send buffer of the socket holds, however small it is."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import netlink
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.netlink import (
    Request,
    Socket,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    KernelRefused,
)

from lab import steering
from lab.machines import Lab
from lab.modules import Modules
from lab.netns import inside

POOLS = {
    "ports": ["31000-32000"],
    "ephemeral_ports": "20000-30999",
    "ephemeral_ports_per_container": 16,
}
# More than two mirror filters hold; each of those that are full has 2,400 bytes.
MANY = [{"name": f"c{n}", "ports": [f"{31000 + 8 * n}-{31006 + 8 * n}"]} for n in range(72)]

# The smallest send buffer that the kernel gives: 4,608 bytes on most machines.  What comes after
# the script is the interpreter, which it is already, and the program to run.
SMALL = """
import runpy, sys
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import netlink
netlink.SEND_BUFFER = 1
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
GET_LINK = 18  # RTM_GETLINK


@pytest.fixture
def narrow(modules: Modules) -> Modules:
    """The modules, each in a process whose sockets have the smallest send buffer."""
    return modules.under(sys.executable, "-c", SMALL)


def mirrored(lab: Lab, priority: int) -> list[str]:
    """The links to which the filters of a priority of eth0 mirror, as tc tells."""
    told = lab.host.json(
        "tc", "-j", "filter", "show", "dev", "eth0", "ingress", "prio", str(priority)
    )
    options = [one["options"] for one in told if "options" in one]
    return sorted(
        action["to_dev"]
        for option in options
        for action in option.get("actions", [])
        if action["kind"] == "mirred"
    )


def test_a_small_send_buffer_places_and_repairs_as_many_as_a_large_one(
    lab: Lab, narrow: Modules
) -> None:
    narrow.host(**POOLS)
    narrow.container(containers=MANY)
    links = sorted(f"pm-{one['name']}" for one in MANY)
    expected = steering.by_way(links, [])
    for priority in (258, 514):
        assert mirrored(lab, priority) == expected
    lab.host.tc("qdisc del dev eth0 clsact")
    assert narrow.host(**POOLS)["changed"]
    for priority in (258, 514):
        assert mirrored(lab, priority) == expected
    assert narrow.info()["problems"] == []
    assert not narrow.container(containers=MANY, purge=True)["changed"]
    narrow.container(containers=[], purge=True)
    assert narrow.info()["containers"] == []


@pytest.fixture
def tight(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Socket]:
    """A socket in the host's namespace with the smallest send buffer."""
    monkeypatch.setattr(netlink, "SEND_BUFFER", 1)
    with inside(lab.host.place.netns):
        made = Socket()
    yield made
    made.close()


def largest(tight: Socket) -> int:
    """Bytes that the kernel takes at a time: netlink_sendmsg() keeps 32 of the buffer."""
    with socket.socket(fileno=os.dup(tight.fileno())) as same:
        return same.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) - 32


def padded(size: int) -> Request:
    """A question about lo, `size` bytes long with its header; the kernel ignores the rest."""
    ask = bytes(4) + (1).to_bytes(4, "little") + bytes(8)
    unknown = (size - 32).to_bytes(2, "little") + (1000).to_bytes(2, "little")
    return Request(GET_LINK, 0, (ask + unknown).ljust(size - 16, b"\0"), "ask about lo")


def test_a_request_as_large_as_the_send_buffer_is_answered(tight: Socket) -> None:
    size = largest(tight)
    assert size < 10_000
    replies = tight.send([padded(size), padded(64), padded(size)])
    assert [(reply.errno, b"lo\0" in (reply.data or b"")) for reply in replies] == [(0, True)] * 3


def test_a_larger_request_is_refused_by_its_name_and_before_any_other_is_sent(
    tight: Socket,
) -> None:
    before = len(netlink.SENT)
    with pytest.raises(KernelRefused, match=r"^cannot ask about lo: the request has ") as refused:
        tight.send([padded(64), padded(largest(tight) + 4)])
    assert refused.value.errno == errno.EMSGSIZE
    assert len(netlink.SENT) == before
