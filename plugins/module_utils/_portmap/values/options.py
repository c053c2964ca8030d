# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as its operator wants it.  Pure."""

from __future__ import annotations

from socket import AF_INET, AF_INET6
from typing import NamedTuple

from .errors import InvalidRequest
from .ports import Range, Ranges

# Of a host that is prepared for the first time.
PER_CONTAINER, RP_FILTER, STEERING = 1024, "relax", "u32"


class Pools(NamedTuple):
    """What the host may hand out; every container gets `per_container` ephemeral ports."""

    service: Ranges
    ephemeral: Range
    per_container: int

    @property
    def span(self) -> Range:
        """From the first port of all to the last one."""
        both = (*self.service, self.ephemeral)
        return Range(min(one.first for one in both), max(one.last for one in both))


class HostOptions(NamedTuple):
    """The options of portmap_host; "" and None stand for what was left out.

    `host_ephemeral`: the host's own ip_local_port_range; None: left alone.  `address`: the one of the
    public interface that containers share; "": the one that the host itself would send from.
    `link_speed` is a rate as tc(8) writes it, or what the card says ("auto"); `limit_scope` is what limits
    of what containers send are about.  `steering` is a name that `steering.choose` knows.  `interfaces` are
    patterns of the names of other interfaces by which packets for containers come; None: all of them.
    `ipv6`: whether containers have it where the host does; None: they do.
    `fair_shares`: who is not limited in what it sends gets a class, too, among which the link is shared; of a
    host as it is, it is never False.
    """

    public: str
    loopback: str
    service: Ranges | None
    ephemeral: Range | None
    per_container: int | None
    host_ephemeral: Range | None
    rp_filter: str
    address: str = ""
    link_speed: str = ""
    limit_scope: str = ""
    steering: str = ""
    interfaces: tuple[str, ...] | None = None
    ipv6: bool | None = None
    fair_shares: bool | None = None

    @property
    def families(self) -> tuple[int, ...]:
        """Of the addresses that containers have."""
        return (AF_INET,) if self.ipv6 is False else (AF_INET, AF_INET6)

    @property
    def pools(self) -> Pools:
        """Raises InvalidRequest when nothing ever said what the ephemeral pool is."""
        if self.ephemeral is None:
            raise InvalidRequest("cannot prepare the host: ephemeral_ports is missing")
        size = PER_CONTAINER if self.per_container is None else self.per_container
        return Pools(self.service or (), self.ephemeral, size)

    def completed(self, before: HostOptions | None) -> HostOptions:
        """With what was before, where nothing is given; at first with what the options have for that."""
        if before is None:
            before = HostOptions(
                "", "", (), None, PER_CONTAINER, None, RP_FILTER, steering=STEERING
            )
        moves = bool(self.public) and self.public != before.public
        return self._replace(
            public=self.public or before.public,
            loopback=self.loopback or before.loopback,
            address=self.address or ("" if moves else before.address),
            service=before.service if self.service is None else self.service,
            ephemeral=self.ephemeral or before.ephemeral,
            per_container=before.per_container
            if self.per_container is None
            else self.per_container,
            host_ephemeral=self.host_ephemeral or before.host_ephemeral,
            rp_filter=self.rp_filter or before.rp_filter,
            link_speed=self.link_speed or before.link_speed,
            limit_scope=self.limit_scope or before.limit_scope,
            steering=self.steering or before.steering,
            interfaces=before.interfaces if self.interfaces is None else self.interfaces,
            ipv6=before.ipv6 if self.ipv6 is None else self.ipv6,
            fair_shares=(before.fair_shares if self.fair_shares is None else self.fair_shares)
            or None,
        )

    def on(self, public: str, loopback: str) -> HostOptions:
        """The same with the interfaces that the host has."""
        return self._replace(public=public, loopback=loopback)
