# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as its operator wants it.  Pure."""

from __future__ import annotations

from typing import NamedTuple

from .errors import InvalidRequest
from .ports import Range, Ranges


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
    """

    public: str
    loopback: str
    service: Ranges | None
    ephemeral: Range | None
    per_container: int
    host_ephemeral: Range | None
    rp_filter: str
    address: str = ""

    @property
    def pools(self) -> Pools:
        """Raises InvalidRequest when nothing ever said what the ephemeral pool is."""
        if self.ephemeral is None:
            raise InvalidRequest("cannot prepare the host: ephemeral_ports is missing")
        return Pools(self.service or (), self.ephemeral, self.per_container)

    def completed(self, before: HostOptions | None) -> HostOptions:
        """With the interfaces, the address and the pools of before, where none were given."""
        if before is None:
            return self._replace(service=self.service or ())
        moves = bool(self.public) and self.public != before.public
        return self._replace(
            public=self.public or before.public,
            loopback=self.loopback or before.loopback,
            address=self.address or ("" if moves else before.address),
            service=before.service if self.service is None else self.service,
            ephemeral=self.ephemeral or before.ephemeral,
        )

    def on(self, public: str, loopback: str) -> HostOptions:
        """The same with the interfaces that the host has."""
        return self._replace(public=public, loopback=loopback)
