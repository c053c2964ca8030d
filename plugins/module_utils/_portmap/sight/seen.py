# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen of a host and its containers: the values that deciding starts from.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..linux.messages import LinkSeen
from ..objects.kind import Object
from ..steering.plane import Seen, Steered
from ..values import ports
from ..values.tenants import Container, Host


class Placed(NamedTuple):
    """What a veth's alias, group and filters say about its container.

    The namespace's inode is not among it: `container.inode` is 0.
    """

    container: Container
    veth: LinkSeen


class Survey(NamedTuple):
    """The host's side: its interfaces, and the veths of some containers, or of all.

    `veths` has the objects on each of them, by container; `handles` and strangers' filters of all
    that was looked at are in `found`.
    """

    host: Host
    steered: Steered
    placed: Mapping[str, Placed]
    veths: Mapping[str, list[Object]]
    found: Seen

    @property
    def containers(self) -> dict[str, Container]:
        return {name: placed.container for name, placed in self.placed.items()}

    def owners(self) -> dict[str, ports.Ranges]:
        """Which ports lead to which veth, "" for those that lead nowhere."""
        return {veth: ports.cover(blocks) for veth, blocks in self.steered.blocks.items()}


class NamespaceSeen(NamedTuple):
    """A namespace from inside; `settable` are the sysctls that it has of its own."""

    found: Seen
    settable: tuple[str, ...]
    eth0: LinkSeen | None


class ContainerSeen(NamedTuple):
    """All objects of one container but its entries on the host's interfaces.

    `settable` are the sysctls that its namespace has of its own; `stranger` describes what
    stands inside where ours should be.
    """

    found: Seen
    settable: tuple[str, ...]
    stranger: str = ""
