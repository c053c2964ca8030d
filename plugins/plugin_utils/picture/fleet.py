# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The index: all hosts in one table, and what needs attention anywhere.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.answers import scaled

from . import pages
from .host import share
from .markup import Markup, meter, number, table, tag
from .seen import Seen

_CAPTION = (
    "Ports are those of the pool of service ports; there are ephemeral ports, and so room, for more"
    " containers; bytes since each container was placed"
)
_HEAD = (
    "host",
    number("problems", heading=True),
    number("containers", heading=True),
    number("largest free run", heading=True),
    number("free runs", heading=True),
    number("service ports owned", heading=True),
    tag("td", class_="narrow"),
    number("room for", heading=True),
    number("received", heading=True),
    number("sent", heading=True),
    "address",
)


def page(hosts: Iterable[Seen], time: str = "") -> str:
    found = sorted(hosts, key=_natural)
    asked = [one for one in found if not one.why]
    count = sum(len(one.containers) for one in asked)
    said = f"{_several(len(found), 'host')}, {_several(count, 'container')}."
    head = tag("header", tag("h1", "Who owns which ports"), tag("p", said, class_="sub"))
    body = table(_CAPTION, _HEAD, [_row(one) for one in found])
    fleet = tag("section", tag("h2", "Hosts"), body, id="hosts")
    main = tag("main", _attention(found), fleet)
    return pages.page("Who owns which ports", head, main, time=time)


def _natural(host: Seen) -> list[tuple[int, str]]:
    """node2 before node10."""
    return [(int(part or 0), text) for text, part in re.findall(r"(\D*)(\d{0,9})", host.name)]


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _link(host: Seen, text: str = "", where: str = "") -> Markup:
    return tag("a", text or host.name, href=pages.link_to(host.name) + where)


def _row(host: Seen) -> Markup:
    name = tag("th", _link(host), scope="row")
    if host.why:
        said, left = f"could not be asked: {host.why}", len(_HEAD) - 1
        return tag("tr", name, tag("td", said, class_="bad", colspan=left))
    problems = _problems(host)
    if host.prepared is None:
        return tag("tr", name, problems, tag("td", "not prepared", colspan=len(_HEAD) - 2))
    owned, whole = share(host)
    free = host.free
    return tag(
        "tr",
        name,
        problems,
        number(len(host.containers)),
        number(f"{free[0].size} ({free[0]})" if free else "none"),
        number(len(free)),
        number(f"{owned} of {whole}"),
        tag("td", meter(owned / whole if whole else 0)),
        number(host.room),
        number(f"{scaled(sum(one.received for one in host.containers))}B"),
        number(f"{scaled(sum(one.sent for one in host.containers))}B"),
        tag("td", host.prepared.address.partition("/")[0]),
    )


def _problems(host: Seen) -> Markup:
    if not host.problems:
        return number(0)
    text = str(len(host.problems))
    return tag("td", _link(host, text, "#attention"), class_="num bad")


def _attention(hosts: Sequence[Seen]) -> Markup:
    """By kind, and of each kind the hosts."""
    kinds: dict[str, list[Seen]] = {}
    for host in hosts:
        if host.why:
            kinds.setdefault("could not be asked", []).append(host)
        for kind in sorted({one.kind for one in host.problems}):
            kinds.setdefault(kind, []).append(host)
    items = [_kind(kind, of_kind) for kind, of_kind in sorted(kinds.items())]
    none = tag("p", "Nothing: no problem was found on any host.", class_="none")
    said = tag("ul", *items, class_="problems") if items else none
    return tag("section", tag("h2", "Needs attention"), said, id="attention")


def _kind(kind: str, hosts: Sequence[Seen]) -> Markup:
    links: list[object] = []
    for host in hosts:
        links += [", " if links else "", _link(host, where="" if host.why else "#attention")]
    return tag(
        "li", tag("p", tag("strong", kind), " on ", _several(len(hosts), "host"), ": ", *links)
    )
