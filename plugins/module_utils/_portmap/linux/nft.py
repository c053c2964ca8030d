# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source NAT, and what guards the host, among what `nft -j list ruleset` prints: libnftables-json(5).  Pure.

What iptables has put there is told by its own tool: here its rules cannot be read to the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..values.netfilter import Limits, Translation
from ..values.ports import Range

_DEPTH = 16
_FAMILIES = ("ip", "inet")

_Object = Mapping[str, Any]
_Rules = dict[tuple[str, str, str], list[_Object]]


def translations(text: str) -> Iterator[Translation]:
    """Raises ValueError for what is no JSON of nft."""
    chains, rules = _read(text)
    for chain in chains:
        if _is_of_sources(chain):
            yield from _of_chain(rules, _chain(chain, "name"), Limits(), int(chain["prio"]), 0)


def closed(text: str) -> Iterator[str]:
    """The chains that keep from the host whatever no rule lets in.  Raises ValueError for no JSON of nft."""
    chains, rules = _read(text)
    for chain in chains:
        if chain.get("type") == "filter" and chain.get("hook") == "input":
            own = rules.get(_chain(chain, "name"), [])
            if chain.get("policy") == "drop" or (own and _refuses_all(own[-1])):
                yield f"chain {' '.join(_chain(chain, 'name'))}"


def dropping(text: str) -> Iterator[str]:
    """The chains that may drop what has just arrived.  Raises ValueError for no JSON of nft."""
    chains, rules = _read(text)
    for chain in chains:
        if chain.get("hook") == "prerouting":
            name = _chain(chain, "name")
            if chain.get("policy") == "drop" or _drops(rules, name, 0):
                yield f"chain {' '.join(name)}"


def _read(text: str) -> tuple[list[_Object], _Rules]:
    """The chains, and the rules by chain."""
    found = json.loads(text)["nftables"]
    rules: _Rules = {}
    for item in found:
        rule = item.get("rule")
        if rule and rule["family"] in _FAMILIES:
            rules.setdefault(_chain(rule, "chain"), []).append(rule)
    chains = (item.get("chain") for item in found)
    return [chain for chain in chains if chain and chain["family"] in _FAMILIES], rules


def _drops(rules: _Rules, chain: tuple[str, str, str], depth: int) -> bool:
    """Whether a rule of the chain drops, or one of those to which it leads."""
    for rule in rules.get(chain, ()) if depth <= _DEPTH else ():
        for expression in rule["expr"]:
            leads = expression.get("jump") or expression.get("goto")
            inner = (chain[0], chain[1], leads["target"]) if leads else None
            if "drop" in expression or (inner and _drops(rules, inner, depth + 1)):
                return True
    return False


def _refuses_all(rule: _Object) -> bool:
    verbs = {verb for expression in rule["expr"] for verb in expression}
    return bool(verbs & {"drop", "reject"}) and verbs <= {"drop", "reject", "counter", "log"}


def _chain(item: _Object, name: str) -> tuple[str, str, str]:
    return item["family"], item["table"], item[name]


def _is_of_sources(chain: _Object) -> bool:
    return chain.get("type") == "nat" and chain.get("hook") == "postrouting"


def _of_chain(
    rules: _Rules, chain: tuple[str, str, str], outer: Limits, priority: int, depth: int
) -> Iterator[Translation]:
    for rule in rules.get(chain, ()) if depth <= _DEPTH else ():
        limits = Limits()
        for expression in rule["expr"]:
            limits = _narrowed(limits, expression.get("match"))
        limits = limits.within(outer)
        told = f"nft rule {' '.join(chain)} handle {rule['handle']}"
        for expression in rule["expr"]:
            for verb in ("masquerade", "snat"):
                if verb in expression:
                    to = expression[verb] or {}
                    address = to.get("addr", "")
                    text = address if isinstance(address, str) else ""
                    yield Translation(told, priority, limits, text, _ports(to.get("port")))
            leads = expression.get("jump") or expression.get("goto")
            if leads:
                inner = (chain[0], chain[1], leads["target"])
                yield from _of_chain(rules, inner, limits, priority, depth + 1)


def _narrowed(limits: Limits, match: _Object | None) -> Limits:
    if not match:
        return limits
    left, values, negated = match["left"], _values(match["right"]), match["op"] == "!="
    subject = _subject(left)
    if subject == "out" and values:
        return limits.narrowed("not_out" if negated else "out", *values)
    if subject in ("sources", "targets", "protocols") and values and not negated:
        return limits.narrowed(subject, *values)
    if subject == "forwarded" and negated and values == ("local",):
        return limits
    return limits._replace(asked=True)


def _subject(left: _Object) -> str:
    """What a match is about, by the name that it has among the limits."""
    meta, payload = left.get("meta"), left.get("payload")
    if meta:
        names = {"oifname": "out", "oif": "out", "l4proto": "protocols"}
        return names.get(meta["key"], "")
    if payload:
        key = (payload.get("protocol"), payload.get("field"))
        known = {
            ("ip", "saddr"): "sources",
            ("ip", "daddr"): "targets",
            ("ip", "protocol"): "protocols",
        }
        return known.get(key, "")
    fib = left.get("fib") or {}
    return (
        "forwarded"
        if fib.get("result") == "type" and fib.get("flags") in ("saddr", ["saddr"])
        else ""
    )


def _values(right: Any) -> tuple[str, ...]:
    """As words; () when they cannot be told, as those of a set that has a name."""
    if isinstance(right, dict) and "set" in right:
        words = [_word(one) for one in right["set"]]
        return tuple(words) if all(words) else ()
    word = _word(right)
    return (word,) if word else ()


def _word(item: Any) -> str:
    if isinstance(item, str):
        return "" if item.startswith("@") else item
    prefix = item.get("prefix") if isinstance(item, dict) else None
    if prefix and isinstance(prefix.get("addr"), str):
        return f"{prefix['addr']}/{prefix['len']}"
    return ""


def _ports(port: Any) -> Range | None:
    if isinstance(port, int):
        return Range(port, port)
    if isinstance(port, dict) and "range" in port:
        first, last = port["range"]
        return Range(int(first), int(last))
    return None
