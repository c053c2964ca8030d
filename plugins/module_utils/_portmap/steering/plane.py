# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The narrow door of steering: how a packet finds its container, whatever does it.

Everybody else asks for a `Plane`, and does not know which one it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ..linux.netlink import LinkNames, Socket
from ..linux.view import View
from ..objects.kind import Change, Identity, Object, Slot, State
from ..values.places import Place
from ..values.ports import Block
from ..values.tenants import Container, Host


class Foreign(NamedTuple):
    """A stranger's filter on a link where ours are.

    `between`: it runs among ours.  `earlier`: it runs before them, and can end the search.  `last`: the
    priority of the last ones of ours that it could be before.  `leaving`: it is on the hook of what leaves.
    """

    place: Place
    kind: str
    protocol: int
    priority: int
    handle: int
    between: bool
    earlier: bool = False
    last: int = 0
    leaving: bool = False

    @property
    def slot(self) -> Slot:
        return self.place, self.protocol, self.priority, *(["leaving"] if self.leaving else [])

    @property
    def hook(self) -> str:
        return "egress" if self.leaving else "ingress"

    def __str__(self) -> str:
        return (
            f"filter dev {self.place} {self.hook} prio {self.priority} {self.kind}"
            f" handle {self.handle:x}"
        )


@dataclass
class Seen:
    """What was found somewhere: objects of ours, and the handles that the kernel gave them."""

    objects: list[Object] = field(default_factory=list)
    handles: dict[Identity, int] = field(default_factory=dict)
    foreign: list[Foreign] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        self.objects += other.objects
        self.handles.update(other.handles)
        self.foreign += other.foreign


class Steered(NamedTuple):
    """What was found on the host's interfaces.

    `shared` belongs to no single container, `entries` to one each; they are here only where all was
    looked at (`complete`).  `blocks` maps veths to the ports that lead to them, "" to those that lead
    nowhere.  `copies` tells who gets what has no port: chain -> node -> veths.
    """

    shared: Seen
    entries: Seen
    blocks: Mapping[str, list[Block]]
    copies: Mapping[str, Mapping[int, tuple[str, ...]]]
    complete: bool


class Counted(NamedTuple):
    """What a way of steering counts itself: what reached a container past the counters of its veth.

    `drops`: packets that the container could not send, by reason; `refused`: that could not reach it.
    """

    packets: int
    bytes: int
    drops: Mapping[str, int]
    refused: Mapping[str, int]


class Plane(Protocol):
    """One way of steering.  ARCHITECTURE.md says what each verb does with u32 and with eBPF."""

    # --- what shall be; pure ---

    def on_host(self, host: Host, observed: State) -> Iterable[Object]:
        """What a prepared host has, whatever its containers.  `observed`: what is kept if it fits."""

    def sysctls(self, host: Host) -> Mapping[str, str]:
        """The kernel parameters of the host that it needs besides."""

    def of_container(self, host: Host, container: Container, observed: State) -> Iterable[Object]:
        """What one container has, on the host and inside, but its share of `copies`."""

    def copies(
        self, host: Host, steered: Steered, present: Set[str], absent: Set[str]
    ) -> tuple[list[Object], list[Object]]:
        """What gives every container what has no port, as it is, and as it shall be.

        `present` and `absent` are veths; all others stay as they are.
        """

    def of_shaper(self, host: Host, pair: tuple[Place, Place]) -> Iterable[Object]:
        """What leads to classes on the first end of a pair of links, and on from its second end."""

    def orphans(self, steered: Steered) -> list[Object]:
        """Single containers' objects on the host's interfaces that lead to a link that is gone."""

    def shorten(
        self, changes: list[Change], settled: Set[Slot], foreign: Set[Slot], complete: bool
    ) -> list[Change]:
        """The same with fewer changes; `settled` and `foreign` tell what must not go along."""

    def fault(self, host: Host, steered: Steered) -> str:
        """Why no container can be placed on this host as it is; "" when one can."""

    def unnoted(self, host: Host, steered: Steered) -> list[Place] | None:
        """Where it cannot note what the host itself sends from ports of containers, for the answers.

        Of the interfaces that were looked at; None when it never notes.
        """

    # --- what is; asks the kernel ---

    def is_used(self, view: View, host: Host) -> bool:
        """Whether the host's interfaces have anything of this way of steering."""

    def unseen(self) -> str:
        """Why this kernel cannot judge what a container leaves to a network card; "" when it can."""

    def see_host(self, view: View, host: Host, complete: bool) -> Steered:
        """What is on the host's interfaces; unless `complete`, only whose ports are whose."""

    def see_entries(
        self, view: View, host: Host, steered: Steered, blocks: Iterable[Block], veths: Set[str],
        others: Set[str],
    ) -> Seen:  # fmt: skip
        """Single containers' objects on the host's interfaces.

        Those of these blocks, of these veths, and of veths that are gone: none of `others`.
        """

    def see_earlier(self, view: View, host: Host) -> list[Foreign]:
        """What of others a packet meets on the host's interfaces before it is steered."""

    def see_link(self, sock: Socket, place: Place, ifindex: int, names: LinkNames) -> Seen:
        """What is on a container's veth, or on a link inside."""

    def see_shaper(self, view: View, pair: tuple[Place, Place]) -> Seen:
        """The same, as it is, with what leads to the class of each container."""

    def counted(self, veths: Iterable[str]) -> Mapping[str, Counted]:
        """By veth, of those whose host was seen; what is not in it has nothing to add."""

    def ports_of(self, objects: Iterable[Object]) -> list[Block]:
        """The ports that a veth lets out.  What it lists is always a superset of the entries."""
