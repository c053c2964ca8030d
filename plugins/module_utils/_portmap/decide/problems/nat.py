# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT of the host keeps source ports that containers own: the answers go to containers.  Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from ...values import ports
from ...values.netfilter import Limits, Translation
from ...values.options import Pools
from ...values.places import Place
from ...values.tenants import Host
from .problem import Problem, few

KIND = "nat"
_PROTOCOLS = ("tcp", "udp")
_KEPT = ports.Range(1024, 65535)  # where the kernel looks for a port that is free: nf_nat_core.c
_TABLE = "ip portmap-nat"
_PRIORITY = 90  # before srcnat, which is 100: the first rule that translates a connection has it


def warnings(
    host: Host, pools: Pools, own: ports.Range, rules: Sequence[Translation],
    unnoted: Collection[Place] | None = None,
) -> list[str]:  # fmt: skip
    found = problems(host, pools, own, rules, unnoted)
    return [f"{one.description}: {one.repair}" for one in found]


def problems(
    host: Host, pools: Pools, own: ports.Range, rules: Sequence[Translation],
    unnoted: Collection[Place] | None = None,
) -> list[Problem]:  # fmt: skip
    """At most one.  `own` is the range from which the host takes its own ports.

    `unnoted`: where the steering does not note for whom the answers are, None for everywhere.
    """
    if unnoted is not None and host.public_place not in unnoted:
        return []
    wrong = list(colliding(host, pools, rules))
    if not wrong:
        return []
    sources = sources_of(wrong)
    taken = ports.text(ports.join((*pools.service, pools.ephemeral)))
    said = (
        f"the host translates (NAT) connections of {few(sources) or 'what it forwards'} to ports that containers own"
        f" ({taken}), so that answers go to containers; a rule that comes first takes other ports"
    )
    lines = tuple(one.rule for one in wrong)
    return [Problem(KIND, said, (), repair(host, own, sources), lines)]


def repair(host: Host, own: ports.Range, sources: Sequence[str]) -> str:
    """A table of its own, which nobody else flushes, with a rule that wins."""
    these = f"ip saddr {{ {', '.join(sources)} }}" if sources else "fib saddr type != local"
    chain = f"{_TABLE} postrouting"
    rule = f'oifname "{host.public}" {these} meta l4proto {{ tcp, udp }} masquerade to :{own}'
    hook = f"{{ type nat hook postrouting priority {_PRIORITY}; }}"
    return f"nft 'add table {_TABLE}; add chain {chain} {hook}; flush chain {chain}; add rule {chain} {rule}'"


def sources_of(rules: Iterable[Translation]) -> list[str]:
    """The networks whose packets are translated; [] when some rule names none."""
    listed = [one.limits.sources for one in rules]
    return sorted({source for sources in listed for source in sources}) if all(listed) else []


def colliding(host: Host, pools: Pools, rules: Iterable[Translation]) -> Iterator[Translation]:
    """The rules that take ports of containers, for packets that no earlier rule has taken."""
    earlier: list[Translation] = []
    for one in rules:
        if not _leaves(host, one):
            continue
        if not ports.intersect([one.ports or _KEPT], (*pools.service, pools.ephemeral)):
            earlier.append(one)
            continue
        for protocol in one.limits.protocols or _PROTOCOLS:
            mine = one.limits._replace(protocols=(protocol,))
            if protocol in _PROTOCOLS and not any(
                _covers(other.limits, mine) for other in earlier
            ):
                yield one
                break


def _leaves(host: Host, one: Translation) -> bool:
    """Whether it is for what leaves through the public interface, with the address of containers.

    A rule for a network that talks to itself is for what comes back to a container of the same bridge.
    """
    limits = one.limits
    out = not limits.out or any(_is_named(host.public, name) for name in limits.out)
    out = out and not any(_is_named(host.public, name) for name in limits.not_out)
    inner = bool(limits.targets) and all(
        any(_is_part(target, source) for source in limits.sources) for target in limits.targets
    )
    return out and not inner and one.address in ("", host.ipv4.address)


def _is_named(link: str, pattern: str) -> bool:
    return fnmatchcase(link, pattern[:-1] + "*" if pattern.endswith("+") else pattern)


def _covers(first: Limits, later: Limits) -> bool:
    """Whether every packet of a rule is one of an earlier rule."""
    if first.asked or first.targets:
        return False
    protocols = not first.protocols or set(later.protocols) <= {*first.protocols}
    sources = not first.sources or (bool(later.sources) and all(
        any(_is_part(one, other) for other in first.sources) for one in later.sources
    ))  # fmt: skip
    return protocols and sources


def _is_part(inner: str, outer: str) -> bool:
    try:
        one, other = (ipaddress.IPv4Network(text, strict=False) for text in (inner, outer))
    except ValueError:
        return inner == outer
    return one.subnet_of(other)
