# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source NAT, and what guards the host, among what iptables-save(8) prints, of both of its kinds.  Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from ..values.netfilter import Limits, Translation
from ..values.ports import Range

_PRIORITY = 100  # NF_IP_PRI_NAT_SRC, linux/netfilter_ipv4.h
_DEPTH = 16
# Chains for packets that come back to a container of the same host, which the mark tells.
_HAIRPINS = ("NETAVARK-HOSTPORT-MASQ", "CNI-HOSTPORT-MASQ")

_Rules = dict[str, list[str]]  # as they are printed, by chain


def translations(text: str, tool: str) -> Iterator[Translation]:
    """`tool` is what the rules are called after."""
    table, rules = "", _Rules()
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A ") and table == "nat":
            rules.setdefault(line.split()[1], []).append(line)
    yield from _of_chain(rules, "POSTROUTING", Limits(), tool, 0)


def closes(text: str) -> bool:
    """Whether what no rule lets in is kept from the host."""
    tables = text.split("*")
    return any(one.startswith("filter\n") and "\n:INPUT DROP" in one for one in tables)


def dropping(text: str) -> bool:
    """Whether a rule may drop what has just arrived."""
    for table in text.split("\n*"):
        rules = _Rules()
        for line in table.splitlines():
            if line.startswith("-A "):
                rules.setdefault(line.split()[1], []).append(line)
        if "\n:PREROUTING DROP" in table or _drops(rules, "PREROUTING", 0):
            return True
    return False


def _drops(rules: _Rules, chain: str, depth: int) -> bool:
    for line in rules.get(chain, ()) if depth <= _DEPTH else ():
        words = shlex.split(line)
        target = _after(words, "-j") or _after(words, "-g")
        if target == "DROP" or _drops(rules, target, depth + 1):
            return True
    return False


def _of_chain(
    rules: _Rules, chain: str, outer: Limits, tool: str, depth: int
) -> Iterator[Translation]:
    if depth > _DEPTH or chain in _HAIRPINS:
        return
    for line in rules.get(chain, ()):
        words = shlex.split(line)
        limits = _limits(words).within(outer)
        target = _after(words, "-j") or _after(words, "-g")
        told = f"{tool} -t nat {line}"
        if target == "MASQUERADE":
            yield Translation(told, _PRIORITY, limits, "", _ports(_after(words, "--to-ports")))
        elif target == "SNAT":
            address, _colon, ports = _after(words, "--to-source").partition(":")
            yield Translation(told, _PRIORITY, limits, address, _ports(ports))
        elif target in rules:
            yield from _of_chain(rules, target, limits, tool, depth + 1)


def _limits(words: Sequence[str]) -> Limits:
    found = Limits()
    for at, word in enumerate(words[:-1]):
        value, negated = words[at + 1], at > 0 and words[at - 1] == "!"
        if word == "-o":
            found = found.narrowed("not_out" if negated else "out", value)
        elif word == "-m" and value not in ("comment", "tcp", "udp"):
            found = found._replace(asked=True)
        elif not negated and word in _FIELDS:
            found = found.narrowed(_FIELDS[word], value)
    return found


_FIELDS = {"-s": "sources", "-d": "targets", "-p": "protocols"}


def _after(words: Sequence[str], option: str) -> str:
    return words[words.index(option) + 1] if option in words[:-1] else ""


def _ports(text: str) -> Range | None:
    """As in 57344-60999, or one of them."""
    first, _dash, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        return None
    return Range(int(first), int(last or first))
