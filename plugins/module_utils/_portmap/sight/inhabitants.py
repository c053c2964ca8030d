# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in which network namespace: processes in those of containers, and in those that were."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..linux import netns, nsids, processes
from ..linux.netlink import opened
from ..linux.view import View, dump_links
from ..values import tenants
from ..values.process import Process
from ..values.tenants import Container
from .seen import Placed


def inodes(containers: Iterable[Container]) -> dict[str, int]:
    """By the names of containers, those of their namespaces; without those whose handles are gone."""
    found = {}
    for one in containers:
        with netns.at(netns.handle_path(one.handle)) as descriptor:
            if descriptor is not None:
                found[one.name] = netns.inode(descriptor)
    return found


def led_elsewhere(paths: Mapping[str, str], inodes: Mapping[str, int]) -> dict[str, str]:
    """Those of the paths that lead to another namespace than the container's."""
    found = {}
    for name, path in paths.items():
        with contextlib.suppress(OSError), netns.at(path) as descriptor:
            if path and descriptor is not None and name in inodes:
                found.update({name: path} if netns.inode(descriptor) != inodes[name] else {})
    return found


def is_elsewhere(view: View, placed: Placed) -> bool:
    """Whether the other end of the veth is in another namespace than that of the handle."""
    with netns.at(netns.handle_path(placed.container.handle)) as descriptor:
        if descriptor is None:
            return False
        return nsids.known_number(view.socket, descriptor) != placed.veth.peer_nsid


def left_behind(
    view: View, pids: Mapping[int, Sequence[str]], known: Collection[int]
) -> dict[str, list[Process]]:
    """By the name of a container: who sits in a namespace that was made for it and has no link any more.

    `pids` are processes by the inode of their namespace, `known` the inodes of those that are in use.
    Of the others only those are entered that a link of this host has once led to.
    """
    found: dict[str, list[Process]] = {}
    for inode, inhabitants in pids.items():
        if inode in known or inode == netns.inode(view.home):
            continue
        name = _was_made_for(view, f"/proc/{inhabitants[0]}/ns/net", inode)
        if name:
            told = found.setdefault(name, [])
            told += map(processes.process, inhabitants)
    return found


def _was_made_for(view: View, path: str, inode: int) -> str:
    """The container, by the mark on the loopback interface; "" for any other namespace, or one in use."""
    with contextlib.suppress(OSError), netns.at(path) as descriptor:
        if descriptor is None or netns.inode(descriptor) != inode:
            return ""  # the process has ended
        if nsids.known_number(view.socket, descriptor) is None:
            return ""
        with opened(descriptor) as sock:
            links = list(dump_links(sock))
        if any(link.kind == "veth" for link in links):
            return ""
        marks = (tenants.read_alias(link.alias) for link in links if link.loopback)
        return next((mark[0] for mark in marks if mark), "")
    return ""
