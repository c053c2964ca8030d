# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of others: what translates the addresses of what the host forwards, and its firewall.  Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from .ports import Range


class Limits(NamedTuple):
    """Which packets a rule is for, as far as it was understood; () stands for all.

    `sources` and `targets` are networks; `out` has the interfaces by which packets leave, and `not_out`
    those by which they do not.  `asked`: the rule asks for more than is known here.
    """

    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    not_out: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    asked: bool = False

    def narrowed(self, name: str, *words: str) -> Limits:
        """Also asking for one of these."""
        change: dict[str, Any] = {name: (*getattr(self, name), *words)}
        return self._replace(**change)

    def within(self, outer: Limits) -> Limits:
        """Those of a rule in a chain to which a rule with the outer ones leads."""
        return Limits(
            self.sources or outer.sources,
            self.targets or outer.targets,
            self.out or outer.out,
            (*outer.not_out, *self.not_out),
            self.protocols or outer.protocols,
            self.asked or outer.asked,
        )


class Firewall(NamedTuple):
    """Chains of the host, by name.

    `bypassed` keep from the host whatever no rule lets in, and do not see what is for containers; `before`
    have rules that drop, and see packets before they are steered.
    """

    bypassed: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


class Translation(NamedTuple):
    """A rule that gives packets another source.

    `rule` is how its tool tells it.  `address` is the one that they get, "" that of the interface; `ports`
    are those from which theirs is taken; None: it is kept where it can be.  Of two rules that are for a
    packet, the one of the lower `priority` has it, and in one chain the first.
    """

    rule: str
    priority: int
    limits: Limits
    address: str = ""
    ports: Range | None = None
