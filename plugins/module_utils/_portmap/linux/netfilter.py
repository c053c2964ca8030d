# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT of the host, and its firewall, as the distribution's tools tell it that are there."""

from __future__ import annotations

from ..values.errors import KernelRefused
from ..values.netfilter import Firewall, Translation
from . import iptables, nft, procsys, programs

# Rules of both kinds can be at work at the same time.  Where these names are not there, there is one kind.
_KINDS, _ONLY = ("iptables-nft", "iptables-legacy"), "iptables"
_NFT = ("nft", "-j", "list", "ruleset")


class Rules:
    """The rules of a host as its tools tell them: each tool is asked once, and only if something needs it.

    A tool that is missing, or fails, tells nothing.
    """

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def translations(self) -> list[Translation]:
        """In the order in which a packet meets them.  None where the host forwards nothing."""
        if procsys.read("net/ipv4/ip_forward") != "1":
            return []
        found: list[Translation] = []
        for tool in [name for name in _KINDS if programs.is_there(f"{name}-save")] or [_ONLY]:
            found += iptables.translations(self._said(f"{tool}-save"), tool)
        said = self._said(*_NFT)
        if said:
            found += nft.translations(said)
        return sorted(found, key=lambda one: one.priority)

    def firewall(self, bridged: bool) -> Firewall:
        """`bridged`: packets meet the prerouting hooks of the host before they are steered."""
        said = self._said(*_NFT)
        bypassed = list(nft.closed(said)) if said else []
        before = list(nft.dropping(said)) if said and bridged else []
        for tool in ("iptables-legacy",) if said else ("iptables-legacy", _ONLY):
            rules = self._said(f"{tool}-save")
            bypassed += [f"{tool} INPUT"] * iptables.closes(rules)
            before += [f"{tool} PREROUTING"] * (bridged and iptables.dropping(rules))
        return Firewall(tuple(dict.fromkeys(bypassed)), tuple(dict.fromkeys(before)))

    def _said(self, name: str, *words: str) -> str:
        if name not in self._told:
            self._told[name] = _said(name, *words)
        return self._told[name]


def _said(name: str, *words: str) -> str:
    """What a tool prints; "" when it is not there, or fails."""
    if not programs.is_there(name):
        return ""
    try:
        return programs.run(name, *words)
    except KernelRefused:
        return ""
