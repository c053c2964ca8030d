# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that was looked at, as values: what deciding starts from."""

from __future__ import annotations

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.messages import (
    LinkSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight.seen import (
    Placed,
    Survey,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.plane import (
    Seen,
    Steered,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Block,
    Range,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Container,
    Gateway,
    Host,
    HostAddress,
    alias,
)

AF_INET = 2
HOST = Host(
    "eth0",
    "lo",
    (HostAddress(AF_INET, "10.0.0.1", 24),),
    "02:00:00:00:00:01",
    1500,
    (Gateway(AF_INET, "10.0.0.254"),),
)
WEB = Container("web", "web", "created", 0, (Range(31000, 31007),), Range(30016, 30031))
DB = Container("db", "db", "created", 0, (Range(31008, 31015),), Range(30032, 30047))


def veth(container: Container, name: str = "") -> LinkSeen:
    """The host's end of a pair; `name`: what somebody else has called it."""
    link = name or f"pm-{container.name}"
    mark = alias(container)
    return LinkSeen(21, link, "veth", HOST.mac, 1500, True, False, mark, 28781, 31, ())


def survey(
    *containers: Container,
    blocks: dict[str, list[Block]] | None = None,
    copies: dict[str, dict[int, tuple[str, ...]]] | None = None,
    complete: bool = True,
) -> Survey:
    """A host with these containers, whose ports lead to them unless `blocks` says otherwise."""
    led = {f"pm-{one.name}": list(one.blocks) for one in containers} if blocks is None else blocks
    everybody = {1: tuple(f"pm-{one.name}" for one in containers)}
    shared = {"arp": everybody, "icmp": everybody} if copies is None else copies
    return Survey(
        HOST,
        Steered(Seen(), Seen(), led, shared, complete),
        {one.name: Placed(one, veth(one)) for one in containers},
        {one.name: [] for one in containers},
        Seen(),
    )
