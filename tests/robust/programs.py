# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of eBPF steering that a host should not have: of another version, or with maps of their own."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import (
    maps,
    programs,
    shipped,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.code import Known
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.netlink import Socket
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.requests import Request
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.bpf import (
    kit,
    objects,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place

from lab.machines import Machine
from lab.netns import inside

SHOW = "tc filter show dev {} ingress protocol all pref 128"
REPLACE = 0x505  # NLM_F_REQUEST, ACK, CREATE, REPLACE of linux/netlink.h
Where = tuple[str, str]  # container or "", link
EVERYWHERE = [
    *(("", link) for link in ("eth0", "lo", "pm-web", "pm-db")),
    *((name, link) for name in ("web", "db") for link in ("eth0", "lo")),
]


def put(host: Machine, places: Iterable[Where], *, same_maps: bool) -> None:
    """Replace the program of filters: with these maps one that says nothing of offloads, or ours with others."""
    (program,) = shipped.STEER.programs
    numbers = kit.shipped_bytes().known
    used = int(re.findall(r" id (\d+) name pm_steer", host.shell(SHOW.format("eth0")))[0])
    if same_maps:
        numbers = {**numbers, "judging": 1 - numbers["judging"]}
        descriptors = _maps_of(used)
    else:
        descriptors = {one.name: maps.create(one) for one in shipped.STEER.maps}
    loaded = programs.load(program, Known(maps=descriptors, numbers=numbers))
    for name, link in places:
        shown = host.run("sh", "-c", SHOW.format(link), container=name or None).stdout
        found = re.findall(r" flowid :([0-9a-f]+) ", shown)
        netns = f"{host.path('')}/run/netns/{name}" if name else host.place.netns
        with inside(netns):
            sock = Socket()
            index = socket.if_nametoindex(link)
            item = objects.Steer(Place(name, link), int(found[0], 16) if found else 0, "")
            payload = objects._message(item, index, loaded)
            (reply,) = sock.send([Request(24 + 20, REPLACE, payload, "replace a program")])
            sock.close()
        assert reply.errno == 0, (name, link, reply.said)
    for descriptor in (loaded, *descriptors.values()):
        os.close(descriptor)


def _maps_of(program: int) -> dict[str, int]:
    descriptor = programs.by_id(program)
    opened = [maps.by_id(one) for one in programs.info(descriptor).maps]
    os.close(descriptor)
    return {maps.info(one).made.name: one for one in opened}
