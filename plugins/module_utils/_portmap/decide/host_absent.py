# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What taking the preparation of a host back does, decided from what was seen.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from ..memory.record import Record
from ..objects.bridge import Bridge
from ..objects.handle import HandleDirectory
from ..objects.kind import Object, State, state
from ..objects.link import Link
from ..objects.qdisc import Qdisc
from ..objects.shaper import Shaper
from ..objects.sysctl import Sysctl
from ..objects.unmanaged import Unmanaged
from ..sight.seen import Survey
from ..values.marks import LOOPBACK_MAC_LEFT
from ..values.places import HOST, Place
from ..values.tenants import Host


def taken_back(
    survey: Survey, base: Sequence[Object], sysctls_now: Iterable[Object], old: Record,
    can_unshare: bool,
) -> tuple[State, State]:  # fmt: skip
    """A prepared host as it is, and what stays of that: strangers' things and the values of before.

    `base` are the directory of handles, the loopback interface, bridges and files of other programs;
    `sysctls_now` the parameters that were changed.
    """
    before = ours_on_interfaces(survey)
    after: State = {}
    made = (item for item in survey.steered.shared.objects if isinstance(item, Qdisc))
    before.update(state(item for item in made if item.place.link in old.qdiscs))
    for item in base:
        if isinstance(item, Link):
            before[item.identity] = item
            left = without_host_mac(item, survey.host)
            after[item.identity] = left._replace(mtu=int(old.before.get("mtu", item.mtu)))
        elif isinstance(item, HandleDirectory) and can_unshare:
            before[item.identity] = item
    before.update(ours_on_host(base))
    for item in sysctls_now:
        if isinstance(item, Sysctl):
            before[item.identity] = item
            after[item.identity] = Sysctl(HOST, item.name, old.before[item.name])
    return before, after


def sparing(old: Record, hooked: Set[Place]) -> Record:
    """The record without the qdiscs on which others have hung filters of leaving packets."""
    taken = {place.link for place in hooked}
    return old._replace(qdiscs=tuple(link for link in old.qdiscs if link not in taken))


def left_behind(survey: Survey, old: Record) -> State:
    """What the public interface of before has of ours, with the qdisc that we made there."""
    place = survey.host.public_place
    here = state(item for item in survey.steered.shared.objects if isinstance(item, Qdisc))
    ours = {**ours_on_interfaces(survey), **(here if place.link in old.qdiscs else {})}
    return {name: item for name, item in ours.items() if item.place == place}


def taken_back_unknown(survey: Survey, base: Sequence[Object]) -> tuple[State, State]:
    """The same without a record: no values of before are known."""
    loopback = [item for item in base if isinstance(item, Link)]
    before = {**ours_on_interfaces(survey), **ours_on_host(base), **state(loopback)}
    return before, state(without_host_mac(item, survey.host) for item in loopback)


def ours_on_interfaces(survey: Survey) -> State:
    """Everything of ours on the host's interfaces but the qdiscs, which may be others' too."""
    found = (*survey.steered.shared.objects, *survey.steered.entries.objects)
    return state(item for item in found if not isinstance(item, Qdisc))


def ours_on_host(found: Iterable[Object]) -> State:
    """Our bridges and pairs, and our files of other programs."""
    return state(
        item
        for item in found
        if isinstance(item, Unmanaged) or (isinstance(item, (Bridge, Shaper)) and item.ours)
    )


def without_host_mac(loopback: Link, host: Host) -> Link:
    """The loopback interface, when it is no longer to look like the public one."""
    return loopback._replace(mac=LOOPBACK_MAC_LEFT) if loopback.mac == host.mac else loopback


def changed_sysctls(old: Record) -> list[str]:
    return [name for name in old.before if "/" in name]
