# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers use: the host's links and qdiscs of all at once, the rest inside of each namespace.

Works on the calling thread, which goes into each namespace once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ..linux import netns
from ..linux import uapi as k
from ..linux.messages import Queue
from ..linux.netlink import Socket
from ..linux.round_trips import round_trips
from ..linux.snmp import group
from ..linux.view import View, all_classes, all_queues
from ..objects.traffic_class import TOP
from ..values.marks import SHAPING_HANDLE
from ..wanted.shaping import PAIRS

COUNTERS, SOCKETS, SNMP = "counters", "sockets", "snmp"
LEVELS = (COUNTERS, SOCKETS, SNMP)
_NET = "/proc/thread-self/net"


class Inside(NamedTuple):
    """Files of procfs as they are, and microseconds; empty where nobody asked."""

    sockstat: str = ""
    round_trips: tuple[int, ...] = ()
    snmp: str = ""
    netstat: str = ""


def queues(view: View) -> dict[int, list[Queue]]:
    """The qdiscs of the host's links, by the index of the link."""
    found: dict[int, list[Queue]] = {}
    for one in all_queues(view.socket):
        found.setdefault(one.ifindex, []).append(one)
    return found


def sent(view: View, queues: Mapping[int, Sequence[Queue]]) -> dict[int, list[Queue]]:
    """The classes in which waits what containers send, by the number of the container.

    `queues` are those of all links: what is lost in a class, the qdisc in it has counted.
    """
    found: dict[int, list[Queue]] = {}
    for first, _second in PAIRS:
        ifindex = view.ifindex(first)
        lost = {one.parent: one.drops for one in queues.get(ifindex, ())}
        for one in all_classes(view.socket, first, ifindex) if ifindex else ():
            number = one.handle - SHAPING_HANDLE
            if number != TOP:
                counted = one._replace(drops=lost.get(one.handle, one.drops))
                found.setdefault(number, []).append(counted)
    return found


def inside(handle: str, levels: Collection[str]) -> Inside | None:
    """What is in the namespace of a handle; None when it has gone."""
    with netns.at(handle) as descriptor:
        if descriptor is None:
            return None
        with netns.entered(descriptor):
            return _looked(SOCKETS in levels, SNMP in levels)


def _looked(sockets: bool, snmp: bool) -> Inside:
    """Connections are looked at where the kernel has counted some: to look takes longer than the rest."""
    counted = _read("snmp")
    return Inside(
        _read("sockstat") + _read("sockstat6") if sockets else "",
        _round_trips() if sockets and group(counted, "Tcp")["CurrEstab"] else (),
        counted if snmp else "",
        _read("netstat") if snmp else "",
    )


def _round_trips() -> tuple[int, ...]:
    diag = Socket(k.NETLINK_SOCK_DIAG)
    try:
        return tuple(round_trips(diag))
    finally:
        diag.close()


def _read(name: str) -> str:
    """A kernel without IPv6 has no sockstat6."""
    try:
        with open(f"{_NET}/{name}", encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return ""
