# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers received, sent and lost, as the kernel counts it."""

from __future__ import annotations

from collections.abc import Sequence

from ..linux import messages, netns
from ..linux.messages import LinkSeen
from ..linux.snmp import group
from ..linux.view import View, ask_qdisc
from ..steering.plane import Counted
from ..values.places import Place

# struct rtnl_link_stats64: packets, bytes, errors, dropped; the veth receives what is sent inside
_COUNTERS = ("packets", "bytes", "errors", "dropped")
_SNMP = "/proc/thread-self/net/snmp"


def counted(link: LinkSeen, counts: Counted | None) -> LinkSeen:
    """A veth with what its container received past it."""
    if counts is None or len(link.statistics) < 4:
        return link
    received, sent, received_bytes, sent_bytes, *rest = link.statistics
    sent, sent_bytes = sent + counts.packets, sent_bytes + counts.bytes
    return link._replace(statistics=(received, sent, received_bytes, sent_bytes, *rest))


def of_link(counters: Sequence[int]) -> dict[str, int]:
    """Swap rx and tx: the host's end receives what the container sends."""
    if len(counters) < 8:
        return {}
    received, sent = counters[0:8:2], counters[1:8:2]
    result = {f"rx_{name}": value for name, value in zip(_COUNTERS, sent)}
    result.update((f"tx_{name}", value) for name, value in zip(_COUNTERS, received))
    return result


def filtered(view: View, veth: Place) -> int:
    """Packets from a container that no filter let pass: the last one drops them."""
    data = ask_qdisc(view.socket, veth, view.ifindex(veth))
    return messages.read_queue(data).drops if data else 0


def unassembled() -> int:
    """Datagrams of which not all fragments came, in the namespace that we are in."""
    with open(_SNMP, encoding="ascii") as file:
        return group(file.read(), "Ip")["ReasmFails"]


def unassembled_in(handle: str) -> int:
    """The same in the namespace of a handle; 0 when it has gone."""
    with netns.at(handle) as descriptor:
        if descriptor is None:
            return 0
        with netns.entered(descriptor):
            return unassembled()
