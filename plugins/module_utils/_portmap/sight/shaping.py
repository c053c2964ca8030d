# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What shapes the packets that leave a link of ours, and which qdiscs this kernel has for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ..linux import netns, procsys, queueing
from ..linux import uapi as k
from ..linux.netlink import opened, refused
from ..linux.queueing import FQ_CODEL, HTB, TBF
from ..linux.requests import Request
from ..linux.view import GONE, View
from ..objects.bridge import ipv6_switch
from ..objects.kind import Object
from ..objects.shaper import End, Shaper
from ..objects.shaping import Shaping
from ..objects.traffic_class import TOP, TrafficClass, class_name
from ..steering.plane import Plane, Seen
from ..values.marks import SHAPER_GROUP, SHAPING_HANDLE
from ..values.places import SHARED, Place

_NONE = ("noqueue", "")  # what the kernel has at the root of a veth by itself


def on_veth(view: View, place: Place, kind: str, limited: bool) -> list[Object]:
    """The root qdisc of a container's veth, and its classes; `kind` is what the link says of it.

    A stranger's is seen only where ours shall be.
    """
    if kind in _NONE or (kind != HTB and not limited):
        return []
    root = _root(view, place)
    if root is None or (root.handle != SHAPING_HANDLE and not limited):
        return []
    found: list[Object] = [Shaping(place, root.default, root.kind, root.handle)]
    if root.handle == SHAPING_HANDLE:
        found += classes(view, place)
    return found


def _root(view: View, place: Place) -> queueing.RootSeen | None:
    payload = queueing.ask_root(view.ifindex(place))
    asked = Request(k.RTM_GETQDISC, k.NLM_F_ECHO | k.NLM_F_ACK, payload, f"read qdisc of {place}")
    reply = view.socket.send([asked])[0]
    refused(asked, reply, GONE)
    return queueing.read_root(reply.data) if reply.data else None


def classes(view: View, place: Place, concerned: Callable[[str], bool] = bool) -> list[Object]:
    """The classes of a link below our root; those that are `concerned`, by name, with the qdisc in it."""
    ifindex = view.ifindex(place)
    asked = Request(k.RTM_GETTCLASS, 0, queueing.ask_classes(ifindex), f"list classes of {place}")
    seen = [one for one in map(queueing.read_class, view.socket.dump(asked)) if one]
    ours = [one for one in seen if one.handle >> 16 == SHAPING_HANDLE >> 16]
    minors = [one.handle & 0xFFFF for one in ours]
    # What is in the top one of a shared link counts only while nothing is below it.
    asked_in = [
        minor
        for minor in minors
        if concerned(class_name(minor)) and (minor != TOP or place.role != SHARED)
    ]
    leaves = _leaves(view, place, asked_in)
    return [
        TrafficClass(place, minor, one.shape, leaves.get(minor))
        for minor, one in zip(minors, ours)
    ]


def _leaves(view: View, place: Place, minors: Sequence[int]) -> dict[int, queueing.Leaf]:
    ifindex, flags = view.ifindex(place), k.NLM_F_ECHO | k.NLM_F_ACK
    what = f"read the qdisc in a class of {place}"
    questions = [
        Request(k.RTM_GETQDISC, flags, queueing.ask_leaf(ifindex, SHAPING_HANDLE | minor), what)
        for minor in minors
    ]
    found = {}
    for minor, question, reply in zip(minors, questions, view.socket.send(questions)):
        refused(question, reply, GONE)
        if reply.data:
            found[minor] = queueing.read_leaf(reply.data)
    return found


@lru_cache(maxsize=1)
def best_leaf() -> str:
    """What this kernel has to queue in a class: tried in a namespace that ends with it."""
    with netns.made() as namespace, opened(namespace) as sock:
        payload = queueing.leaf(1, k.TC_H_ROOT, queueing.Leaf(FQ_CODEL))
        tried = Request(k.RTM_NEWQDISC, k.ADD, payload, f"try {FQ_CODEL}")
        return TBF if sock.send([tried])[0].errno else FQ_CODEL


# --- the links that limited containers share ----------------------------------------------------


def on_pair(
    view: View, plane: Plane, pair: tuple[Place, Place], concerned: Callable[[str], bool]
) -> Seen:
    """The pair, what shapes on its first end, and what leads there and from there.

    Of classes that are not `concerned` it is only seen that they are there.
    """
    found = Seen(list(pairs(view, pair)))
    if all(isinstance(one, Shaper) and one.ours for one in found.objects):
        root = _root(view, pair[0])
        if root is not None and root.kind not in _NONE:
            found.objects.append(Shaping(pair[0], root.default, root.kind, root.handle))
            if root.handle == SHAPING_HANDLE:
                found.objects += classes(view, pair[0], concerned)
        found.add(plane.see_shaper(view, pair))
    return found


def pairs(view: View, *asked: tuple[Place, Place]) -> Iterator[Object]:
    """The pairs, a stranger's links of such names too."""
    for first, second in asked:
        links = view.links([first.link, second.link])
        there = [link for link in links if link]
        if not there:
            continue
        ends = [
            End(link.mac, link.mtu, link.up, procsys.read(ipv6_switch(link.name)) == "0")
            for link in there
        ]
        ours = len(there) == 2 and all(
            link.group == SHAPER_GROUP and link.kind == "veth" for link in there
        )
        yield Shaper(first, second.link, (ends[0], ends[-1]), ours)
